"""Records the examples of the OpenAPI document: `python -m tests.examples` asks the API and writes app/examples.json.

Nothing in them is made up: an operation's example is an answer about the seed article, a field's example is the first
value that any answer has for it, and an error's example is an error.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import Mock, patch
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from fastapi import FastAPI
from uvicorn import Config
from uvicorn.server import ServerState

from app.database import create_writer
from app.database.sqlite import PRAGMAS
from app.deriving.everything import bring_up_to_date
from app.main import create_app
from app.metrics import Metrics
from app.openapi import DOCUMENT, EXAMPLES
from app.protocol import BoundedProtocol
from app.queries.paging import encode, question_of
from app.schemas.parameters import ArticleFilters, DocumentFilters
from app.settings import Settings
from app.text.folding import fold
from app.tokens import hash_of
from tests.folders import SEED, load

TOKEN = "dateline_example"
TIME, HISTORY = "2024-06-19T12:00:00Z", "9f2c41d07be35a68"


def lasting(answer: Any) -> Any:
    """Return the answer without what each database has of its own."""
    if isinstance(answer, dict) and "history" in answer:
        return answer | {"history": HISTORY, "items": [item | {"at": TIME} for item in answer["items"]]}
    return answer


class Api:
    """The application over an article, asked without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.document: dict[str, Any] = app.openapi()

    def get(
        self, path: str, query: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return self.request("GET", path, params=query, headers=headers)

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Ask from within the lifespan, as writes need its desk."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with (
                self.app.router.lifespan_context(self.app),
                httpx.AsyncClient(transport=transport, base_url="http://dateline") as client,
            ):
                return await client.request(method, path, **arguments)

        return asyncio.run(ask())

    def write(self, method: str, path: str, document: Any = None, **headers: str) -> httpx.Response:
        authorisation = {"Authorization": f"Bearer {TOKEN}", **headers}
        return self.request(method, path, json=document, headers=authorisation)

    def answer(self, path: str) -> Any:
        response = self.get(path)
        assert response.status_code == 200, f"{path}: {response.text}"
        if path == "/metrics":  # Of the numbers, only those of the article are the same every time.
            lines = response.text.splitlines(keepends=True)
            return "".join(line for line in lines if re.search(r"dateline_(ready|articles|entities|facts) ", line))
        answer = response.json() if response.headers["content-type"] == "application/json" else response.text
        return lasting(answer)

    def everything(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """Return all pages of a list as one, or a whole graph, with the evidence."""
        answer = self.answer(f"{path}?{urlencode({**(query or {}), 'limit': '100', 'include': 'evidence'})}")
        following = answer.get("next")
        while following is not None:
            page = self.answer(following)
            answer["items"] += page["items"]
            following = page["next"]
        return answer


def make_api(folder: Path, *, ready: bool = True, rate_limit: int = 0) -> Api:
    """Return the application over the seed article; one that is not ready has a database without a schema."""
    url = f"sqlite:///{folder / 'dateline.db'}"
    writer = create_writer(url)
    if ready:
        bring_up_to_date(writer)
        load(writer, SEED)
    else:
        writer.connect().close()
    writer.dispose()
    tokens = {"desk": hash_of(TOKEN)} if ready else {}
    return Api(create_app(Settings(database_url=url, tokens=tokens, rate_limit=rate_limit)))


def example_of(parameter: dict[str, Any]) -> Any:
    """Return the example of a parameter as it goes into a query: the first value, where it may be repeated."""
    example = parameter["example"] if "example" in parameter else parameter["schema"]["examples"][0]
    return example[0] if isinstance(example, list) else example


def parameters_of(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {parameter["name"]: parameter for parameter in operation.get("parameters", []) if "name" in parameter}


def required_query(operation: dict[str, Any]) -> dict[str, Any]:
    return {
        name: example_of(parameter) for name, parameter in parameters_of(operation).items() if parameter["required"]
    }


def schema_of(operation: dict[str, Any]) -> dict[str, Any]:
    (content,) = operation["responses"]["200"]["content"].values()
    schema: dict[str, Any] = content["schema"]
    return schema


def cut(answer: Any, keep: int = 2) -> Any:
    """Return the answer with its outer lists cut to two elements, and the lists inside of those to one."""
    if isinstance(answer, list):
        return [cut(element, keep=1) for element in answer[:keep]]
    if isinstance(answer, dict):
        return {name: cut(value, keep) for name, value in answer.items()}
    return answer


def requests_of(api: Api, path: str, operation: dict[str, Any]) -> dict[str, str]:
    """Return what to ask for an operation's examples: one request, or one a type of item."""
    parameters = parameters_of(operation)
    if "id" in parameters:
        richest: dict[str, dict[str, Any]] = {}
        for item in api.everything(path.partition("/{")[0])["items"]:
            kind = item.get("type", "answer")
            richest[kind] = max(richest.get(kind, {}), item, key=lambda item: len(json.dumps(item)))
        return {kind: path.format_map(item) for kind, item in richest.items()}
    if "limit" not in parameters:
        return {"answer": path}
    query = required_query(operation)
    if "focus" in parameters:
        query |= {"focus": example_of(parameters["focus"])}
    query |= {"limit": "1" if "cursor" in parameters else "2"}
    query |= {"include": "evidence"} if "include" in parameters else {}
    return {"answer": f"{path}?{urlencode(query)}"}


def cursor_of(path: str, page: Any) -> Any:
    """Return the cursor that `next` leads on with, or would, in lists that have but one item."""
    if page["next"] is not None:
        return parse_qs(urlsplit(page["next"]).query)["cursor"][0]
    (item,) = page["items"]
    filters, keys = {
        "/articles": (ArticleFilters(), [item["id"]]),
        "/documents": (DocumentFilters(), [fold(item.get("name", "")), item["id"]]),
    }[path]
    return encode(question_of(filters), keys)


def record_operation(api: Api, path: str, operation: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    parameters = parameters_of(operation)
    requests = requests_of(api, path, operation)
    answers = {key: (request, api.answer(request)) for key, request in requests.items()}
    first_request, first = next(iter(answers.values()))
    if "id" in parameters:
        yield "id", first_request.split("/")[2]
    if "cursor" in parameters:
        yield "cursor", cursor_of(path, first)
    if "q" in parameters and not parameters["q"]["required"]:
        (item,) = first["items"]
        words = re.findall(r"\w+", item.get("name") or item.get("statement") or item["dateline"])
        yield "q", max(words, key=len)
    if path.endswith("/document"):  # cut, it would be none
        return
    yield (
        "answers",
        {key: {"summary": f"GET {request}", "value": cut(answer)} for key, (request, answer) in answers.items()},
    )


def record_problems(api: Api, broken: Api) -> dict[str, Any]:
    responses = {
        404: api.get("/people/japhet-kome"),
        422: api.get("/people?organization=national-police-service"),
        500: broken.get("/people"),
        503: broken.get("/ready"),
        401: api.request("DELETE", "/articles/rome-mayor"),
        403: broken.request("DELETE", "/articles/rome-mayor"),
        409: api.write("PUT", "/articles/rome-mayor", renamed(DOCUMENT)),
        412: api.write("PUT", "/articles/koome-meets-haitian-police", seed_document(api), **{"If-None-Match": "*"}),
        415: api.request("POST", "/check", content="ROME, Jun 1", headers={"Content-Type": "text/plain"}),
        429: broken.get("/people"),
    }
    with patch.dict(PRAGMAS, max_page_count=1):
        long = {**DOCUMENT, "text": f"{DOCUMENT['text']}{'It is a long bridge. ' * 5000}"}
        responses[507] = api.write("PUT", f"/articles/{DOCUMENT['id']}", long)
    for status, response in responses.items():
        assert response.status_code == status, response.text
    return {
        "400": refusal(b"GET /people HTTP/one\r\n\r\n"),
        "408": refusal(b"GET /people HTTP/1.1\r\n"),
        "413": refusal(b"POST /people HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % 10**9),
        "414": refusal(b"GET /people?q=" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n"),
        "431": refusal(b"GET /people HTTP/1.1\r\nCookie: " + b"a" * 70_000 + b"\r\n\r\n"),
        **{str(status): response.json() for status, response in responses.items()},
    }


def renamed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document about somebody whom the seed article calls otherwise."""
    text = json.dumps(document).replace("anna-rossi", "japhet-koome")
    other: dict[str, Any] = json.loads(text)
    return other


def seed_document(api: Api) -> Any:
    return api.answer("/articles/koome-meets-haitian-police/document")


def record_writes(api: Api) -> dict[str, Any]:
    """Return the examples of what writes: an article comes and goes."""
    path = f"/articles/{DOCUMENT['id']}"
    checked, put = api.request("POST", "/check", json=DOCUMENT), api.write("PUT", path, DOCUMENT)
    assert (checked.status_code, put.status_code) == (200, 201), (checked.text, put.text)
    assert api.write("DELETE", path).status_code == 204
    return {
        "check_article": {"answers": {"answer": {"summary": "POST /check", "value": checked.json()}}},
        "put_article": {
            "id": DOCUMENT["id"],
            "answers": {"answer": {"summary": f"PUT {path}", "value": put.json()}},
        },
        "delete_article": {"id": DOCUMENT["id"]},
    }


def refusal(request: bytes) -> Any:
    """Return the problem document by which the server refuses a request that does not get as far as the application.

    It is the request's beginning, at least; nothing comes after it.
    """
    loop, transport = Mock(), Mock()
    loop.time.return_value = 0
    transport.get_extra_info.return_value = None
    transport.get_write_buffer_size.return_value = 0
    config, state = Config(FastAPI(), log_config=None), {"metrics": Metrics()}
    protocol = BoundedProtocol(Settings(), config, ServerState(), state, loop)
    protocol.connection_made(transport)
    protocol.data_received(request)
    loop.time.return_value = 100
    loop.call_later.call_args_list[0].args[1]()
    return json.loads(transport.write.call_args.args[0].partition(b"\r\n\r\n")[2])


class Fields:
    """The first value that answers have for each field of each schema; one that says something, if any does."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.schemas = document["components"]["schemas"]
        self.found: dict[str, dict[str, Any]] = {name: {} for name in self.schemas}

    def harvest(self, schema: dict[str, Any], answer: Any) -> None:
        """Walk through a schema and an answer together."""
        if "discriminator" in schema:
            self.harvest({"$ref": schema["discriminator"]["mapping"][answer["type"]]}, answer)
        elif "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if isinstance(answer, dict) and "discriminator" not in self.schemas[name]:
                self.harvest_fields(name, answer)
            else:
                self.harvest(self.schemas[name], answer)
        elif "anyOf" in schema and answer is not None:
            self.harvest(schema["anyOf"][0], answer)
        elif isinstance(answer, list):
            for element in answer:
                self.harvest(schema["items"], element)

    def harvest_fields(self, name: str, answer: dict[str, Any]) -> None:
        for field, value in answer.items():
            if self.found[name].get(field) in (None, []):
                self.found[name][field] = cut(value, keep=1)
            self.harvest(self.schemas[name]["properties"][field], value)


def record() -> dict[str, Any]:
    """Return all examples, from an application of their own."""
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        api, broken = make_api(Path(first)), make_api(Path(second), ready=False, rate_limit=3)
        operations = {path: methods["get"] for path, methods in api.document["paths"].items() if "get" in methods}
        recorded = {
            operation["operationId"]: dict(record_operation(api, path, operation))
            for path, operation in operations.items()
        }
        headers = {"Link": {"example": api.get("/people?limit=1").headers["Link"]}}
        problems = record_problems(api, broken)
        fields = Fields(api.document)
        for problem in (problems["422"], problems["404"]):
            fields.harvest({"$ref": "#/components/schemas/Problem"}, problem)
        for path, operation in operations.items():
            if path.endswith("/document"):  # the schema of what is written, not of an answer
                continue
            for request in requests_of(api, path, operation).values():
                fields.harvest(schema_of(operation), api.answer(request))
        for path, operation in operations.items():
            if "include" in parameters_of(operation):
                fields.harvest(schema_of(operation), api.everything(path, required_query(operation)))
        writes = record_writes(api)
        fields.harvest({"$ref": "#/components/schemas/Checked"}, writes["check_article"]["answers"]["answer"]["value"])
    return {"operations": recorded | writes, "headers": headers, "problems": problems, "fields": fields.found}


if __name__ == "__main__":
    EXAMPLES.write_text(json.dumps(record(), indent=1, ensure_ascii=False) + "\n", "utf-8")
