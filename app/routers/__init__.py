"""The paths: declare, ask a question, return the answer."""
