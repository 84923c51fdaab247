"""Tables, migrations and queries. Everything takes a Connection; nothing here begins or commits a transaction."""
