"""How long the main job takes: `bieuso demo --once` for 124 communes and four forms, in a new folder each time.

Usage: .venv/bin/python benchmarks/demonstration.py [RUNS]
Prints the median of each step in seconds, workbooks per second while reporting, and the greatest memory of a process.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET_SECONDS = 90


def one_run() -> dict[str, float]:
    """Seconds by step of one run."""
    with tempfile.TemporaryDirectory(prefix="bieuso-demo-") as folder:
        command = [sys.executable, "-m", "server.cli", "demo", "--once", "--dir", folder, "--port", "8790"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        summary = json.loads((Path(folder) / "summary.json").read_text(encoding="utf-8"))
    return {**summary["seconds"], "in all": summary["seconds_in_all"], "sent": summary["sent"]}


def main(runs: int) -> None:
    """Runs the job `runs` times and prints medians."""
    results = [one_run() for _ in range(runs)]
    print(f"bieuso demo --once, 124 communes x 4 forms, median of {runs} runs")
    for name in results[0]:
        if name != "sent":
            print(f"  {name:<16} {statistics.median(result[name] for result in results):7.2f} s")
    speed = statistics.median(result["sent"] / result["reporting"] for result in results)
    print(f"  reporting: {speed:.1f} workbooks/s fetched, filled, checked, signed, sent, verified, stored")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    total = statistics.median(result["in all"] for result in results)
    held = "held" if total <= TARGET_SECONDS else "MISSED"
    print(f"  largest process: {largest:.0f} MiB; target {TARGET_SECONDS} s: {held}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
