"""Commands of the command line, by theme; `app.cli` puts them together."""
