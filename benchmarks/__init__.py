"""Measuring Dateline beside its peers; see README.md here. Nothing of it is installed or served."""
