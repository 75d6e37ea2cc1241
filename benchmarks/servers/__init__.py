"""Servers that are references: the limit, and the usual way."""
