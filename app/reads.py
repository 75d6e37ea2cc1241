"""Reads are answered without the framework's detours, and what is answered is kept."""

from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.answers import Answer
from app.errors import DatelineError, NotModifiedError
from app.kept import Given, KeptAnswer, KeptAnswers
from app.middleware import ALWAYS
from app.observing import TELEMETRY
from app.plain import KnownRequests
from app.problems import answer_to, known_names
from app.routers.asking import Asking, asking

ID: Final = "{id}"


@dataclass(frozen=True)
class Read:
    """A route whose handler asks the database: how to call it."""

    route: APIRoute
    parameters: type[BaseModel]
    parameters_name: str
    asking_name: str
    repeatable: dict[str, bool]

    @classmethod
    def of(cls, route: BaseRoute) -> "Read | None":
        """Return the read that a route is, None if it is something else."""
        if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()):
            return None
        names = [part.name for part in route.dependant.dependencies if part.call is asking]
        (field, *_) = [*route.dependant.query_params, None]
        if not names or names[0] is None or field is None:
            return None
        model: Any = field.field_info.annotation
        return cls(route, model, field.name, names[0], known_names(model))

    def given(self, query: bytes) -> BaseModel | None:
        """Return the parameters of a query string; None if anything is wrong with them."""
        values: dict[str, Any] = {}
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if self.repeatable.get(name):
                values.setdefault(name, []).append(value)
            elif name in values:
                return None
            else:
                values[name] = value
        try:
            return self.parameters.model_validate(values)
        except ValidationError:
            return None

    async def answer(self, scope: Scope, parameters: BaseModel, path_parameters: dict[str, str]) -> Answer:
        """Return the handler's answer.

        Raises:
            DatelineError: the handler's.
        """
        given = {self.parameters_name: parameters, self.asking_name: Asking(scope), **path_parameters}
        answer: Answer = await self.route.endpoint(**given)
        return answer


class Reads:
    """Calls the handlers of reads directly: one look at the path, and their parameters by their own model.

    The framework takes several times as long to find a route and its parameters as the database takes to answer. It
    still has its say about everything else: about parameters that are wrong, in the words of its errors, and about
    requests that are traced.
    """

    def __init__(self, app: FastAPI, routes: Iterable[BaseRoute], kept: KeptAnswers) -> None:
        self.app = app
        self.kept = kept
        self.known = KnownRequests()
        self.reads = {read.route.path: read for route in routes if (read := Read.of(route)) is not None}
        self.is_untraced = False
        """Whether the framework has let through a request that it does not trace."""

    async def answer(self, scope: Scope) -> Response | None:
        """Answer a plain read, and keep the answer; None for what the framework has to answer."""
        read, path_parameters = self._find(scope["path"])
        parameters = None if read is None else read.given(scope["query_string"])
        if read is None or parameters is None:
            return None
        scope["route"] = read.route
        try:
            answer = await read.answer(scope, parameters, path_parameters)
        except NotModifiedError as error:
            told = answer_to(error, scope["path"])
            self._keep(scope, read, error, told)
            return told
        except DatelineError as error:
            return answer_to(error, scope["path"])
        self._keep(scope, read, answer, answer)
        return answer

    def find(self, url: bytes, headers: Mapping[bytes, bytes]) -> Given | None:
        """Return the answer that is kept to a request of this URL, as far as its headers let it be given."""
        held = headers.get(b"if-none-match")
        kept = self.kept.find(url, headers.get(b"accept-encoding"))
        if not self.is_untraced or kept is None or held not in (None, kept.etag):
            return None
        return kept.whole if held is None else kept.not_modified

    def answer_at_once(self, scope: Scope) -> Given | None:
        """Answer a plain read before anything else happens; None for what the application has to answer."""
        if not self.is_untraced:
            return None
        scope["app"] = self.app
        answer = _at_once(self.answer(scope))
        if answer is None:
            return None
        headers, route = [*answer.raw_headers, *ALWAYS], scope["route"].path
        return Given.of(answer.status_code, headers, bytes(answer.body), route, scope["path"], scope["query_string"])

    def _find(self, path: str) -> tuple[Read | None, dict[str, str]]:
        """Return what reads the path, and what of the path goes into its parameters."""
        read = self.reads.get(path)
        if read is not None:
            return read, {}
        head, _, rest = path[1:].partition("/")
        own_id, _, tail = rest.partition("/")
        template = f"/{head}/{ID}/{tail}" if tail else f"/{head}/{ID}"
        return (self.reads.get(template), {"id": own_id}) if own_id and not rest.endswith("/") else (None, {})

    def _keep(self, scope: Scope, read: Read, marks: Answer | NotModifiedError, answer: Response) -> None:
        query = scope["query_string"]
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), None)
        kept = KeptAnswer(
            token=marks.token,
            etag=marks.etag.encode(),
            headers=[*answer.raw_headers, *ALWAYS],
            body=None if answer.status_code == NotModifiedError.status else bytes(answer.body),
            path=scope["path"],
            query=query,
            route=read.route.path,
        )
        self.kept.keep(scope["raw_path"] + (b"?" + query if query else b""), accepted, kept)


def _at_once(answering: Coroutine[Any, Any, Response | None]) -> Response | None:
    """Run a coroutine that has nothing to wait for; return None if it has, or if it fails.

    Either way the application will come upon it again, and say so.
    """
    try:
        answering.send(None)
    except StopIteration as end:
        answer: Response | None = end.value
        return answer
    except Exception:
        return None
    answering.close()
    return None


class Directly:
    """Answers plain reads before the framework's detours."""

    def __init__(self, app: ASGIApp, reads: Reads) -> None:
        self.app = app
        self.reads = reads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain read; pass on everything else."""
        answer = None
        if scope["type"] == "http":
            self.reads.is_untraced = TELEMETRY not in scope
            if self.reads.is_untraced and scope["method"] == "GET":
                answer = await self.reads.answer(scope)
        if answer is None:
            await self.app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
        await send({"type": "http.response.body", "body": answer.body})
