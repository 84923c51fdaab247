"""``python -m server.cli`` is ``bieuso``."""

from server.cli.main import main

if __name__ == "__main__":
    main()
