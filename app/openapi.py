"""The OpenAPI document."""

from fastapi import FastAPI


def describe(app: FastAPI) -> None:
    """Let the application describe itself."""
