"""Losing nothing: verifying a database, backing it up and restoring it, while it is served and written to."""
