"""The database: where it is, sessions that survive its absence, migrations, and being woken."""
