"""The README tells the truth: what it shows is asked of a real server, and compared.

`UPDATE_README=1 pytest tests/test_readme.py` writes the answers of today into the page.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

from app.cli import cli
from app.loading.checking import check_folder
from app.loading.documents import Submission, check_document
from app.main import create_app
from app.settings import ROOT, Settings
from tests.folders import FolderFactory

README = ROOT / "README.md"
ADDRESS = "http://localhost:8000"
QUERY = re.compile(
    rf"(?<=```console\n)\$ curl -s '{ADDRESS}(?P<path>[^']+)' \| python3 -m json\.tool [^\n]+\n.*?(?=^```)",
    re.DOTALL | re.MULTILINE,
)
SNIPPET = re.compile(r"```python\n(?P<code>.+?)```\n\n```text\n(?P<printed>.*?)```", re.DOTALL)


def answered(page: str, server: str) -> str:
    """Return the page with the answers that the server gives to its queries today."""

    def ask(match: re.Match[str]) -> str:
        answer = httpx.get(server + match["path"]).json()
        command = match[0].split("\n")[0]
        return f"{command}\n{json.dumps(answer, indent=4, ensure_ascii=False)}\n"

    def run(match: re.Match[str]) -> str:
        code = match["code"].replace(ADDRESS, server)
        printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        return f"```python\n{match['code']}```\n\n```text\n{printed}```"

    return SNIPPET.sub(run, QUERY.sub(ask, page))


def test_every_query_of_the_tour_answers_as_printed(server_url: str) -> None:
    page = README.read_text("utf-8")
    today = answered(page, server_url)
    if os.environ.get("UPDATE_README"):
        README.write_text(today, "utf-8")
    assert len(QUERY.findall(page)) >= 6, "the tour lost its queries"
    assert today == page


def test_the_table_of_settings_names_each_setting_with_its_default() -> None:
    page = README.read_text("utf-8")
    for name, field in Settings.model_fields.items():
        row = re.search(rf"\| `DATELINE_{name.upper()}` \| (.+?) \| (.+?) \|", page)
        assert row, f"DATELINE_{name.upper()} is not in the README"
        default = "seed_data" if isinstance(field.default, Path) else str(field.default)
        assert f"`{default}`" in row[1]


def test_the_table_of_paths_names_every_path_and_filter() -> None:
    page = README.read_text("utf-8")
    common = {"q", "article", "sort", "limit", "cursor", "include", "id"}
    for path, operations in create_app(Settings()).openapi()["paths"].items():
        row = next((line for line in page.splitlines() if line.startswith("|") and f"`{path}`" in line), None)
        assert row, f"{path} is not in the README"
        parameters = operations.get("get", {}).get("parameters", [])
        names = {parameter["name"] for parameter in parameters if "name" in parameter}
        assert all(f"`{name}`" in row for name in names - common), f"the row of {path} lacks one of {names}"


def test_the_example_of_a_facts_file_checks_without_fault(folder: FolderFactory) -> None:
    example = re.search(r"```yaml\n(.+?)```", README.read_text("utf-8"), re.DOTALL)
    assert example
    article = check_folder(folder("ROME, Jun 1 – the mayor Anna Rossi spoke. Anna Rossi left.\n", example[1]))
    assert [fact.entry.type.value for fact in article.facts] == ["name", "role"]


def test_the_example_of_a_document_checks_without_fault() -> None:
    example = re.search(r"<<'END'\n(.+?)END\n", README.read_text("utf-8"), re.DOTALL)
    assert example
    article = check_document(Submission(example[1].encode(), Path("body"), needs_id=False))
    assert [fact.entry.type.value for fact in article.facts] == ["role"]


def test_every_command_of_the_page_exists() -> None:
    known = {command.name or command.callback.__name__ for command in cli.registered_commands if command.callback}
    shown = set(re.findall(r"dateline ([a-z]+)", README.read_text("utf-8")))
    assert {"new", "check", "load", "serve"} <= shown
    assert shown <= known
