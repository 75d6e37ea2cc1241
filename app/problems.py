"""Errors to problem documents (RFC 9457): ours, Starlette's and validation's."""

import logging
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from app.errors import DatelineError, InputError, InvalidInputError, NotModifiedError
from app.schemas.base import Fault, Problem
from app.schemas.parameters import REASONS
from app.text.folding import expected_terms, nearest

MEDIA_TYPE = "application/problem+json"
READS = "GET, HEAD, OPTIONS"
"""The methods of paths that are only read."""
METHODS = ("GET", "POST", "PUT", "DELETE")

TITLES = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
"""The names of RFC 9110, which Python knows from 3.13 on."""

log = logging.getLogger("dateline")


def problem_response(
    path: str, status: int, detail: str, errors: Sequence[InputError] = (), headers: dict[str, str] | None = None
) -> Response:
    """Return the problem document. Its type is `about:blank`: the status and `errors` say what kind it is."""
    problem = Problem(
        type="about:blank",
        title=TITLES.get(status, HTTPStatus(status).phrase),
        status=status,
        detail=detail,
        instance=path,
        errors=[
            Fault(location=error.location, name=error.name, detail=error.detail, suggestion=error.suggestion)
            for error in errors
        ],
    )
    return Response(problem.model_dump_json(), status, headers, MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Let the application answer every error that it expects with a problem document."""

    @app.exception_handler(DatelineError)
    async def domain(request: Request, error: DatelineError) -> Response:
        return answer_to(error, request.url.path)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        detail = error.detail
        if error.status_code == HTTPStatus.NOT_FOUND:
            detail = f"there is nothing at {request.url.path!r}; /docs shows every path"
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = allowed = allowed_methods(request)
            detail = f"{request.method} is not allowed here; this path answers {allowed}"
        return problem_response(request.url.path, error.status_code, detail, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, error: RequestValidationError) -> Response:
        faults = list(_faults(request, error.errors()))
        return answer_to(InvalidInputError(faults), request.url.path)


def answer_to(error: DatelineError, path: str) -> Response:
    """Return what the client of the path is told: a problem document, or that nothing has changed."""
    if isinstance(error, NotModifiedError):
        headers = {"ETag": error.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        return Response(status_code=error.status, headers=headers)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s%s", error, f": {error.__cause__}" if error.__cause__ else "")
    return problem_response(path, error.status, error.detail, error.errors, dict(error.headers))


def allowed_methods(request: Request) -> str:
    """Return the methods of the request's path as an `Allow` header has them."""
    matches = {
        method
        for method in METHODS
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    }
    if not matches:  # files, which no route lists
        return READS
    found = [method for method in METHODS if method in matches]
    return ", ".join([*(["GET", "HEAD"] if "GET" in found else []), *(m for m in found if m != "GET"), "OPTIONS"])


def parameters_of(request: Request) -> type[BaseModel] | None:
    """Return the model of the route's query parameters, or None where it has none."""
    fields = request.scope["route"].dependant.query_params
    return fields[0].field_info.annotation if fields else None


def known_names(model: type[BaseModel] | None) -> dict[str, bool]:
    """Return the parameters of a route by the names that clients use, and whether each may be repeated."""
    if model is None:
        return {}
    return {field.alias or name: str(field.annotation).startswith("list") for name, field in model.model_fields.items()}


def refuse_repeated(request: Request) -> None:
    """Return if no parameter is repeated that may not be; the framework would silently take the last value.

    Raises:
        InvalidInputError: naming each one that is.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    if len(names) == len(set(names)):
        return
    repeatable = known_names(parameters_of(request))
    faults = [
        InputError("query", name, f"`{name}` is given {names.count(name)} times, but takes one value")
        for name in dict.fromkeys(names)
        if names.count(name) > 1 and not repeatable.get(name, True)
    ]
    if faults:
        raise InvalidInputError(faults)


def _faults(request: Request, errors: Iterable[Any]) -> Iterable[InputError]:
    """Yield what is wrong in the client's terms: one fault a parameter and reason."""
    known = known_names(parameters_of(request))
    for error in errors:
        if error["type"] == "none_required":  # the other half of `... | None`
            continue
        location, *path = [str(step) for step in error["loc"]]
        name = path[0] if path else error.get("ctx", {}).get("parameter", "")
        if error["type"] == "extra_forbidden":
            yield _unknown(location, name, known)
        else:
            yield _invalid(location, name, error)


def _unknown(location: str, name: str, known: dict[str, bool]) -> InputError:
    near = nearest(name, known)
    shown = name if name.isprintable() else ascii(name)
    if not known:
        return InputError(location, name, f"there is no parameter `{shown}` here: this path takes none")
    way_out = f"did you mean `{near}`?" if near else f"known are {', '.join(sorted(known))}"
    return InputError(location, name, f"there is no parameter `{shown}` here; {way_out}", near)


def _invalid(location: str, name: str, error: Any) -> InputError:
    value = error.get("input")
    reason = error["msg"][:1].lower() + error["msg"][1:]
    if error["type"] == "missing":
        return InputError(location, name, f"`{name}` is required")
    if error["type"] == "string_pattern_mismatch":
        reason = REASONS[error["ctx"]["pattern"]]
    if error["type"] == "too_long":
        most, given = error["ctx"]["max_length"], error["ctx"]["actual_length"]
        return InputError(location, name, f"`{name}` is given {given} times; it may be given {most} times at most")
    if error["type"] in ("period", "range", "offset"):
        return InputError(location, name, reason)
    suggestion = None
    if error["type"] in ("literal_error", "enum"):
        suggestion = nearest(str(value), expected_terms(error["ctx"]["expected"]))
    return InputError(location, name, f"`{name}` is {_quoted(value)}; it {_predicate(reason)}", suggestion)


def _quoted(value: Any) -> str:
    text = str(value)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return f"‘{text}’" if text.isprintable() else ascii(text)


def _predicate(reason: str) -> str:
    """Turn pydantic's `input should be ..., unable to ...` into what follows `it`."""
    return reason.split(", unable")[0].removeprefix("input ").removeprefix("string ")
