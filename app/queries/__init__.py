"""Questions to the database: statement builders, and the functions that run them and shape the answers."""
