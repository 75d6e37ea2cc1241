"""The OpenAPI document: what FastAPI derives from routes and models, made true to what the API answers.

`examples.json` holds recorded answers; `python -m tests.examples` records them anew.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.responses import JSONResponse

from app.answers import REVISION
from app.problems import MEDIA_TYPE
from app.schemas.base import FACT_PATHS, Problem
from app.schemas.parameters import FACT
from app.vocabulary import SLUG

EXAMPLES = Path(__file__).with_name("examples.json")
SUMMARY = "The facts of news articles, each with the words that support it."
DESCRIPTION = """\
Dateline answers questions about news articles with facts, and every fact leads to the exact characters of the article
that support it: **no fact without its words**.

- **Facts** are `stated` by the article, or `inferred` by somebody, with the `reasoning`. `attributed_to` names whom the
  article has it from.
- **Evidence** is words of an article: `text[start:end] == exact`, in Unicode code points of `/articles/{id}/text`.
- **Lists** answer `items`, `total` and `next`, the path of the next page (also in a `Link` header): follow it until it
  is null. Where filters seldom meet, a page may have few items or none, as it looks at 10,000 at most.
  `total_relation` says whether `total` is `exact`, or that there are `at-least` as many. A filter that is repeated
  means OR, different filters mean AND. `include=evidence` adds the words.
- **Fields** are always present: `null` or `[]` when there is nothing.
- **Errors** are problem documents (RFC 9457) that say what is wrong and how to mend it. A parameter that a path does
  not have is refused, never ignored.
- **Limits**: 429 and 503 say in `Retry-After` when to ask again, where time is all it takes.
- **ETags**: send one back as `If-None-Match`, and what has not changed is answered 304 without a body.
- **Replicas**: a read that sends back the `X-Dateline-Revision` of a write, or its `ETag` as `If-Match`, sees what was
  written, or is told 503 and to ask again: the replica is behind.
- **Writes** take a token; what is wrong with a document is told place by place, in `errors`. `/changes` lists what
  loads did.
- **Request ids**: every answer has an `X-Request-ID`, the one that you sent or a new one; it is in the server's log.
- A path that answers GET answers HEAD; all answer OPTIONS with what they allow, and 405 to other methods.

The examples are answers about the article that Dateline comes with, their inner lists cut short.
"""
TAGS = {
    "articles": "The articles: what their texts give about them, the texts, and which words no fact uses.",
    "people": "Named human beings: roles, events, quotes.",
    "organisations": "Bodies, groups and missions of people: their people, parents and parts.",
    "units": "Forces and squads inside organisations.",
    "places": "Countries, cities, buildings and areas; states act as places too.",
    "documents": "Resolutions, laws, reports and other texts that the articles speak of.",
    "events": "What happened, happens or is planned: dates, participants, places, order.",
    "roles": "Who holds which post, rank or capacity, and where.",
    "dates": "How words of the articles became dates, in EDTF and as bounds.",
    "quotes": "Who said what to whom, directly or as reported.",
    "figures": "Numbers and quantities.",
    "notes": "Remarks on the texts: slips, second readings, and what is not stated.",
    "facts": "Facts of all types.",
    "search": "Full text over names, statements and quoted words.",
    "timeline": "Events in the order of their days.",
    "graph": "Entities and what connects them.",
    "changes": "What was added, replaced and deleted.",
    "service": "Whether the service lives and can answer, and its numbers.",
}
RESPONSES = {
    "304": ("NotModified", "The client has this answer already: nothing has changed since its ETag."),
    "400": ("BadRequest", "What came is no HTTP request."),
    "401": ("Unauthorised", "The request has no token, or nobody's."),
    "403": ("Forbidden", "Nobody may write here: the server knows no tokens."),
    "404": ("NotFound", "Nothing answers to an id, of the path or of a filter; the nearest one is suggested."),
    "408": ("RequestTimeout", "The request took too long to arrive."),
    "409": ("Conflict", "Another article calls an entity otherwise; `errors` names it."),
    "412": ("PreconditionFailed", "What is there is not what the client believes to be there, by its ETag."),
    "413": ("ContentTooLarge", "The body is too long, or takes too long to check."),
    "414": ("UriTooLong", "The URL is too long."),
    "415": ("UnsupportedMediaType", "The body is not JSON, or is compressed."),
    "422": (
        "UnprocessableContent",
        "A parameter is unknown, repeated or not valid, or the document has faults; `errors` has them all at once.",
    ),
    "429": ("TooManyRequests", "The client has asked as often in this minute as it may."),
    "431": ("HeadersTooLarge", "The headers are too long."),
    "500": ("InternalServerError", "Something went wrong in the service."),
    "503": (
        "ServiceUnavailable",
        "There is too much to do, the question takes the database too long, or the database cannot be read, is behind, "
        "or has nobody to write to.",
    ),
    "507": ("InsufficientStorage", "There is no room left for what is to be stored."),
}
EVERYWHERE = ("400", "408", "413", "414", "422", "429", "431", "500", "503")
"""What any path may answer."""
NAMING = {"id", "article"}
"""Parameters of paths that name what may not be there; all lists take `article`."""
HEADERS = {
    "ETag": {
        "description": "The version of this answer, for `If-None-Match` and `If-Match`.",
        "schema": {"type": "string"},
        "example": '"9f2c41d07be35a68-1110c0c1b919b2b2"',
    },
    "Link": {
        "description": "The next page; absent on the last one.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The path of what is new.",
        "schema": {"type": "string"},
        "example": "/articles/koome-meets-haitian-police",
    },
    "Revision": {
        "description": "The revision that the write has made, for reads to send back: see the parameter of this name.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 12,
    },
    "RetryAfter": {
        "description": "Seconds after which to ask again; absent where time alone mends nothing.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    },
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` of an answer that the client has: 304 if it is the same still. Commas join several.",
    "schema": {"type": "string", "examples": ['"9f2c41d07be35a68-1110c0c1b919b2b2"']},
}
WANTED = {
    "name": "If-Match",
    "in": "header",
    "description": "The `ETag` of the version that is wanted, as a write or a read has answered it: 412 if there is "
    "another. Where reads go to replicas, it is 503 with `Retry-After`, as one may be behind, unless "
    f"`{REVISION}` tells it what it should know.",
    "schema": {"type": "string", "examples": ['"ec2532e13b4eda3d23074a9da701cf33"']},
}
KNOWING = {
    "name": REVISION,
    "in": "header",
    "description": "What a write has answered in this header. Where reads go to replicas, one that has not heard of it "
    "yet says so with 503 and `Retry-After`, instead of answering as if nothing had been written.",
    "schema": {"type": "string", "examples": ["12"]},  # a number; but only who may be behind looks at it
}
WRITING = {
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The `ETag` that the article had when it was read: 412 if it has another by now.",
        "schema": {"type": "string", "examples": ['"ec2532e13b4eda3d23074a9da701cf33"']},
    },
    "OnlyCreate": {
        "name": "If-None-Match",
        "in": "header",
        "description": "`*`: 412 if there is such an article already.",
        "schema": {"type": "string", "examples": ["*"]},
    },
}
SUCCESSES = ("200", "201", "204")
DOCUMENT = {
    "id": "rome-mayor",
    "text": "ROME, Jun 1 – The mayor Anna Rossi opened the new bridge.\n",
    "article": {"dateline": "ROME, Jun 1"},
    "entities": {"anna-rossi": {"type": "person", "name": "Anna Rossi"}},
    "facts": [{"type": "role", "person": "anna-rossi", "title": "mayor", "evidence": "The mayor Anna Rossi"}],
}
"""An article as small as one can be; README and tests use it too."""

Node = dict[str, Any]


def describe(app: FastAPI) -> None:
    """Let the application describe itself, once it is asked to."""
    app.summary, app.description = SUMMARY, DESCRIPTION
    app.contact = {"name": "Dateline"}
    app.license_info = {"name": "MIT", "identifier": "MIT"}
    app.servers = [{"url": "/", "description": "This server"}]
    app.openapi_tags = [{"name": name, "description": text} for name, text in TAGS.items()]
    derive = app.openapi

    @cache
    def openapi() -> Node:
        return _describe(_tidied(derive()), json.loads(EXAMPLES.read_text("utf-8")))

    @cache
    def content() -> bytes:
        return bytes(JSONResponse(openapi()).body)

    app.openapi = openapi  # type: ignore[method-assign]
    app.state.openapi = content


def _tidied(document: Node) -> Node:
    """Return a copy in which the pages have names that read well, and whole numbers are whole."""
    text = re.sub(r'Page[\[_](?:Any)?(\w+?)(?:Item)?[\]_]"', r'\1Page"', json.dumps(document))
    copy: Node = json.loads(text, parse_float=lambda digits: float(digits) if float(digits) % 1 else int(float(digits)))
    return copy


def _describe(document: Node, examples: Node) -> Node:
    from app.loading.format import SubmittedArticle  # Here, as few ask for the document.

    document["security"] = []
    components = document["components"]
    schemas = components["schemas"]
    submitted = SubmittedArticle.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**submitted.pop("$defs"), "SubmittedArticle": submitted}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            recorded = examples["operations"].get(operation["operationId"], {})
            _describe_parameters(path, operation, recorded)
            _describe_responses(method, operation, schemas, recorded)
            _describe_document(path, method, operation, submitted)
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's, which nothing here answers with
        schemas.pop(name, None)
    for name, schema in schemas.items():
        schema.setdefault("description", "One page of a list.")
        for field, details in schema.get("properties", {}).items():
            details.pop("title", None)
            if field in (found := examples["fields"].get(name, {})):
                details["examples"] = [found[field]]
    components["schemas"] = dict(sorted(schemas.items()))
    components["responses"] = {
        name: _response(status, text, examples["problems"].get(status)) for status, (name, text) in RESPONSES.items()
    }
    components["headers"] = {name: header | examples["headers"].get(name, {}) for name, header in HEADERS.items()}
    components["parameters"] = {"IfNoneMatch": IF_NONE_MATCH, "Wanted": WANTED, "Revision": KNOWING, **WRITING}
    return document


def _response(status: str, description: str, example: Node | None) -> Node:
    if status == "304":
        return {"description": description, "headers": {"ETag": {"$ref": "#/components/headers/ETag"}}}
    content: Node = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if example is not None:
        content["example"] = example
    response: Node = {"description": description, "content": {MEDIA_TYPE: content}}
    if status in ("429", "503"):
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    return response


def _describe_parameters(path: str, operation: Node, recorded: Node) -> None:
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        for key in ("title", "description"):  # the parameter's own say it already
            schema.pop(key, None)
        if schema.get("default", ...) in (None, []):  # the same as to leave it out
            del schema["default"]
        if any(str(value).startswith("-") for value in schema.get("enum", ())):  # generators make no names of these
            schema["x-enum-varnames"] = [re.sub(r"^-(.*)", r"\1_DESCENDING", value).upper() for value in schema["enum"]]
        if parameter["in"] == "path":
            collection = path.partition("/{")[0]
            is_fact = collection in {*FACT_PATHS.values(), "/facts"}
            schema.update({"pattern": FACT, "maxLength": 201} if is_fact else {"pattern": SLUG, "maxLength": 100})
            parameter["description"] = f"The `id` of an item of `{collection}`."
        if parameter["name"] in recorded:
            schema["examples"] = [recorded[parameter["name"]]]
        if "examples" in schema:
            _show_example(parameter, schema)


def _show_example(parameter: Node, schema: Node) -> None:
    """Put the example where Swagger UI shows it: it fills in what is required, and hides the rest."""
    (example,) = schema["examples"]
    if "default" not in schema and parameter["name"] != "cursor":
        shown = example[0] if isinstance(example, list) else json.dumps(example, ensure_ascii=False).strip('"')
        parameter["description"] += f" For example `{shown}`."
    if parameter["required"]:
        del schema["examples"]
        parameter["example"] = example


def _describe_document(path: str, method: str, operation: Node, submitted: Node) -> None:
    """Describe the article as one document where it goes in or comes out: handlers read and write it themselves."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/SubmittedArticle"}, "example": DOCUMENT}}
    if method in ("post", "put"):
        operation["requestBody"] = {"required": True, "content": content}
    if path.endswith("/document"):
        operation["responses"]["200"] |= {"description": submitted["description"], "content": content}


def _describe_responses(method: str, operation: Node, schemas: Node, recorded: Node) -> None:
    reads = method == "get" and "parameters" in operation
    answers = {status: operation["responses"].pop(status) for status in SUCCESSES if status in operation["responses"]}
    names = {parameter.get("name") for parameter in operation.get("parameters", ())}
    errors = {*operation["responses"], *EVERYWHERE}
    if reads:
        errors |= {"304", "404", "412"} if names & NAMING else {"304", "412"}
    if "200" in answers:
        _describe_answer(answers["200"], operation, schemas, recorded, reads=reads)
    if method in ("put", "delete"):
        operation["parameters"] += [{"$ref": f"#/components/parameters/{name}"} for name in WRITING]
        _describe_written(answers)
    operation["responses"] = answers | {
        status: {"$ref": f"#/components/responses/{RESPONSES[status][0]}"} for status in sorted(errors)
    }


def _describe_written(answers: Node) -> None:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("ETag", "Location")}
    made = {REVISION: {"$ref": "#/components/headers/Revision"}}
    if "204" in answers:
        answers["204"]["headers"] = made
    if "200" in answers:
        answers["200"]["headers"] = {"ETag": headers["ETag"]} | made
        answers["201"] = answers["200"] | {"description": "The article is new.", "headers": headers | made}


def _describe_answer(answer: Node, operation: Node, schemas: Node, recorded: Node, *, reads: bool) -> None:
    (content,) = answer["content"].values()
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    if name:
        answer["description"] = schemas[name].get("description", "One page of a list.")
    if "answers" in recorded:
        content["examples"] = recorded["answers"]
    if reads:
        answer["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
        operation.setdefault("parameters", []).extend(
            {"$ref": f"#/components/parameters/{name}"} for name in ("IfNoneMatch", "Wanted", "Revision")
        )
    if "next" in schemas.get(name, {}).get("properties", {}):
        answer["headers"]["Link"] = {"$ref": "#/components/headers/Link"}
