"""The OpenAPI document is valid and complete, and says of the API what is true of it."""

import asyncio
import importlib
import json
import re
from typing import Any

import httpx
import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.openapi import DOCUMENT, EXAMPLES, TAGS
from tests.examples import Api, example_of, make_api, parameters_of, record, required_query

Node = dict[str, Any]
WRITES = {("put", "/articles/{id}"), ("delete", "/articles/{id}"), ("post", "/check")}
NEEDS = {"at": {"article": "koome-meets-haitian-police"}}
"""What a parameter cannot do without."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    return make_api(tmp_path_factory.mktemp("openapi"))


@pytest.fixture(scope="module")
def document(api: Api) -> Node:
    return api.document


@pytest.fixture(scope="module")
def operations(document: Node) -> dict[str, Node]:
    """The operations that read, by their paths."""
    return {path: methods["get"] for path, methods in document["paths"].items() if "get" in methods}


@pytest.fixture(scope="module")
def every(document: Node) -> dict[tuple[str, str], Node]:
    """All operations, by method and path."""
    found = {(method, path): node for path, methods in document["paths"].items() for method, node in methods.items()}
    assert {key for key in found if key[0] != "get"} == WRITES
    return found


@pytest.fixture(scope="module")
def written(document: Node) -> set[str]:
    """The schemas of what clients write."""
    found: set[str] = set()
    waiting = ["SubmittedArticle"]
    while waiting:
        found.add(name := waiting.pop())
        named = re.findall(r"#/components/schemas/(\w+)", json.dumps(document["components"]["schemas"][name]))
        waiting += set(named) - found
    return found


def resolved(document: Node, node: Node) -> Node:
    """Return what a reference leads to; anything else as it is."""
    if "$ref" in node:
        for step in node["$ref"].removeprefix("#/").split("/"):
            document = document[step]
        return document
    return node


def address(path: str, operation: Node, **query: object) -> tuple[str, dict[str, Any]]:
    """Return a path and query that the operation answers: the examples of what it requires."""
    required = required_query(operation)
    return path.replace("{id}", required.pop("id", "")), {**required, **query}


def test_it_is_valid(document: Node) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_it_is_of_a_size_to_load(document: Node) -> None:
    assert len(json.dumps(document)) < 500_000


def test_its_examples_are_what_the_api_answers() -> None:
    recorded = json.loads(EXAMPLES.read_text("utf-8"))
    assert recorded == record(), "the answers have changed: run `python -m tests.examples` and look at the difference"


def test_its_examples_fit_its_schemas(document: Node, every: dict[tuple[str, str], Node]) -> None:
    examples: list[tuple[Node, Any]] = [
        (details, example)
        for schema in document["components"]["schemas"].values()
        for details in schema.get("properties", {}).values()
        for example in details.get("examples", ())
    ]
    for operation in every.values():
        for status in [*operation["responses"].values(), operation.get("requestBody", {})]:
            for content in resolved(document, status).get("content", {}).values():
                values = [content["example"]] if "example" in content else []
                values += [example["value"] for example in content.get("examples", {}).values()]
                assert values
                examples += [(content["schema"], value) for value in values]
    for schema, example in examples:
        OAS31Validator({**schema, "components": document["components"]}).validate(example)


def test_every_operation_says_what_it_does(document: Node, every: dict[tuple[str, str], Node]) -> None:
    for operation in every.values():
        assert operation["summary"]
        assert operation["description"].endswith(".")
        assert re.fullmatch("[a-z]+(_[a-z]+)*", operation["operationId"])
    assert len({operation["operationId"] for operation in every.values()}) == len(every)
    assert {tag for operation in every.values() for tag in operation["tags"]} == set(TAGS)
    assert [tag["name"] for tag in document["tags"]] == list(TAGS)


def test_every_parameter_says_what_it_does(document: Node, every: dict[tuple[str, str], Node]) -> None:
    for path, operation in every.items():
        for parameter in operation.get("parameters", []):
            parameter = resolved(document, parameter)
            assert parameter["description"], (path, parameter)
            assert example_of(parameter) is not None, (path, parameter)
            assert parameter["schema"].get("default", ...) not in (None, []), (path, parameter)


def test_every_header_says_what_it_is(document: Node) -> None:
    for header in document["components"]["headers"].values():
        assert header["description"]
        assert header["example"]


def test_every_field_says_what_it_is(document: Node, written: set[str]) -> None:
    schemas = document["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    for name, schema in schemas.items():
        assert re.fullmatch("([A-Z][a-z]+)+", name)
        assert schema["description"], name
        for field, details in schema.get("properties", {}).items():
            assert details.get("description") or "$ref" in details or "const" in details, (name, field)
            if name in written:  # the example of the whole shows them, and much may be left out
                continue
            assert len(details["examples"]) == 1, (name, field)
            assert field in schema["required"], (name, field)


def test_every_error_is_a_problem_document(document: Node, every: dict[tuple[str, str], Node]) -> None:
    for path, operation in every.items():
        for status, response in operation["responses"].items():
            content = resolved(document, response).get("content", {})
            if status >= "400":
                assert list(content) == ["application/problem+json"], (path, status)
                assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
            else:
                assert len(content) == (status in ("200", "201")), (path, status)
        assert {"400", "408", "413", "414", "422", "429", "431", "500", "503"} <= operation["responses"].keys()
        for status in ("429", "503"):
            assert "Retry-After" in resolved(document, operation["responses"][status])["headers"]


def test_each_operation_answers_as_documented(document: Node, operations: dict[str, Node], api: Api) -> None:
    for path, operation in operations.items():
        known, query = address(path, operation)
        names = parameters_of(operation)
        documented = operation["responses"]
        response = api.get(known, query | ({"limit": 1} if "limit" in names else {}))
        assert response.status_code == 200
        assert response.headers["content-type"].partition(";")[0] in documented["200"]["content"]
        assert ("etag" in response.headers) == ("ETag" in documented["200"].get("headers", {})), path
        if "link" in response.headers:
            assert "Link" in documented["200"]["headers"], path

        responses = {
            "304": api.get(known, query, headers={"If-None-Match": "*"}),
            "404": api.get(
                path.replace("{id}", "nothing"), query | ({"article": "nothing"} if "article" in names else {})
            ),
            "412": api.get(known, query, headers={"If-Match": '"other"'}),
            "422": api.get(known, query | {"nothing": "1"}),
        }
        for status, response in responses.items():
            assert (str(response.status_code) == status) == (status in documented), (path, status)
            if status in documented:
                content = resolved(document, documented[status]).get("content", {"": None})
                assert response.headers.get("content-type", "") in content


def test_writes_answer_as_documented_and_say_who_may(every: dict[tuple[str, str], Node], api: Api) -> None:
    path = f"/articles/{DOCUMENT['id']}"
    answers = {
        ("put", "/articles/{id}"): [
            api.write("PUT", path, DOCUMENT),
            api.write("PUT", path, DOCUMENT),
            api.write("PUT", path, DOCUMENT, **{"If-Match": '"other"'}),
            api.write("PUT", path, {}),
            api.request("PUT", path, json=DOCUMENT),
        ],
        ("delete", "/articles/{id}"): [
            api.request("DELETE", path),
            api.write("DELETE", path, **{"If-Match": '"other"'}),
            api.write("DELETE", path),
            api.write("DELETE", path),
        ],
        ("post", "/check"): [
            api.request("POST", "/check", json=DOCUMENT),
            api.request("POST", "/check", json=[]),
            api.request("POST", "/check"),
        ],
    }
    assert [[answer.status_code for answer in found] for found in answers.values()] == [
        [201, 200, 412, 422, 401],
        [401, 412, 204, 404],
        [200, 422, 415],
    ]
    for operation, found in answers.items():
        documented = every[operation]["responses"]
        for answer in found:
            response = documented[str(answer.status_code)]
            if answer.status_code < 300:
                assert {name.lower() for name in response.get("headers", {})} <= set(answer.headers)
        assert every[operation].get("security", []) == ([{"token": []}] if operation[0] != "post" else [])


def test_the_example_of_each_parameter_finds_something(operations: dict[str, Node], api: Api) -> None:
    nothing = []
    for path, operation in operations.items():
        for name, parameter in parameters_of(operation).items():
            known, query = address(path, operation)
            if parameter["in"] == "query":
                query |= {name: example_of(parameter), **NEEDS.get(name, {})}
            response = api.get(known, query)
            assert response.status_code == 200, (path, name, response.text)
            found = response.json() if "json" in response.headers["content-type"] else {}
            if name != "cursor" and found.get("total", 1) + found.get("undated", {"total": 0})["total"] == 0:
                nothing.append((path, name, example_of(parameter)))
    assert nothing == []


def test_a_python_client_made_from_it_works(
    document: Node,
    operations: dict[str, Node],
    api: Api,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path_factory.mktemp("client")
    source = folder / "openapi.json"
    source.write_text(json.dumps(document), "utf-8")
    config = Config.from_sources(
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        source,
        "utf-8",
        overwrite=False,
        output_path=folder / "dateline_client",
    )
    assert list(generate(config=config)) == []
    monkeypatch.syspath_prepend(folder)
    client_package = importlib.import_module("dateline_client")
    models = importlib.import_module("dateline_client.models")

    async def call_all() -> None:
        client = client_package.Client("http://dateline")
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=api.app), base_url="http://dateline"
        ) as transport:
            client.set_async_httpx_client(transport)
            for operation in operations.values():
                name = operation["operationId"]
                call = importlib.import_module(f"dateline_client.api.{operation['tags'][0]}.{name}")
                required = required_query(operation)
                response = await call.asyncio_detailed(client=client, **required)
                if response.headers["content-type"] == "application/json":
                    assert response.parsed.to_dict() == json.loads(response.content.replace(b'Z"', b'+00:00"')), name
            lost = await importlib.import_module("dateline_client.api.people.get_person").asyncio("x", client=client)
            assert isinstance(lost, models.Problem)

    asyncio.run(call_all())
    assert models.ListPeopleSort.NAME_DESCENDING == "-name"
