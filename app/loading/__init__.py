"""The write side: the `facts.yaml` format, checking it, loading it, exporting it back."""
