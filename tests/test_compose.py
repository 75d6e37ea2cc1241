"""What can be known of compose.yaml without running it; docs/compose.md says what was run."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy import make_url

from app.settings import ROOT, Settings

FILE = ROOT / "compose.yaml"
COMPOSE: dict[str, Any] = YAML(typ="safe").load(FILE)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SCRIPTS = sorted((ROOT / "deploy").rglob("*.sh"))
ON_POSTGRES = ["api-1", "api-2", "migrate"]

everywhere = pytest.mark.parametrize("name", SERVICES)


def mounts_of(name: str) -> list[tuple[str, str]]:
    """Return what is mounted where in a service."""
    parts = (volume.split(":") for volume in SERVICES[name].get("volumes", ()))
    return [(source, target) for source, target, *_ in parts]


def members_of(network: str) -> set[str]:
    return {name for name, service in SERVICES.items() if network in service.get("networks", ["default"])}


def test_the_default_profile_is_one_api_with_its_database_on_a_volume() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["api"]
    api = SERVICES["api"]
    assert api["build"] == "."
    assert mounts_of("api") == [("articles", "/data")]  # where the image has its database
    assert "DATELINE_DATABASE_URL" not in api["environment"]


def test_the_postgres_profile_has_all_that_depends_on_each_other() -> None:
    profile = {name for name, service in SERVICES.items() if service.get("profiles") == ["postgres"]}
    assert profile == {"proxy", "api-1", "api-2", "migrate", "primary", "replica"}
    for name in profile:
        assert SERVICES[name].get("depends_on", {}).keys() <= profile


@everywhere
def test_every_container_is_contained(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "build" in service or service["user"] not in ("root", "0", "0:0")  # the Dockerfile names a user
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@everywhere
def test_images_have_versions(name: str) -> None:
    image = SERVICES[name]["image"]
    assert "build" in SERVICES[name] or re.search(r":\d", image)


@everywhere
def test_what_is_named_is_there(name: str) -> None:
    service = SERVICES[name]
    for source, _ in mounts_of(name):
        assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]
    assert set(service.get("networks", ())) <= COMPOSE["networks"].keys()
    assert service.get("depends_on", {}).keys() <= SERVICES.keys()
    for program in service.get("entrypoint", ()):
        (folder,) = (source for source, target in mounts_of(name) if target == str(Path(program).parent))
        assert ROOT / folder / Path(program).name in SCRIPTS


@everywhere
def test_every_variable_of_ours_is_a_setting(name: str) -> None:
    given = SERVICES[name].get("environment", {})
    ours = {variable for variable in given if variable.startswith("DATELINE_")}
    assert ours <= {f"DATELINE_{field.upper()}" for field in Settings.model_fields}


def test_nothing_has_a_password_unless_it_is_given_one() -> None:
    text = FILE.read_text()
    given = re.findall(r"(?<!\$)\$\{(\w+)(.*?)\}", "".join(line for line in text.splitlines() if line[:1] != "#"))
    assert {name for name, _ in given} >= {"POSTGRES_PASSWORD", "API_PASSWORD", "REPLICATION_PASSWORD"}
    for name, default in given:
        # Without a default Compose warns, and with `:?` it refuses, of whatever profile it is told to start.
        assert default.startswith(("-", ":-"))
        assert not name.endswith("_PASSWORD") or default == "-"


@pytest.mark.parametrize("name", ON_POSTGRES)
def test_writes_go_to_the_primary_whichever_it_is_and_reads_to_the_replica_first(name: str) -> None:
    given = SERVICES[name]["environment"]
    writes, reads = make_url(given["DATELINE_DATABASE_URL"]), make_url(given["DATELINE_READ_URL"])
    assert writes.host == "primary,replica"
    assert writes.query["target_session_attrs"] == "read-write"
    assert reads.host == "replica,primary"
    assert (writes.username, writes.database) == (reads.username, reads.database) == ("dateline", "dateline")
    assert writes.password is reads.password is None
    assert given["PGPASSWORD"] == "${API_PASSWORD-}"
    assert {name, "primary", "replica"} <= members_of("databases")


def test_only_the_proxy_can_say_whose_client_it_asks_for() -> None:
    believing = {name for name, service in SERVICES.items() if "FORWARDED_ALLOW_IPS" in service.get("environment", {})}
    assert believing == {"api-1", "api-2"}
    assert members_of("behind") == believing | {"proxy"}
    assert members_of("databases") & {"proxy"} == set()
    assert COMPOSE["networks"]["behind"]["internal"]
    assert all("ports" not in SERVICES[name] for name in believing)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_are_programs_and_parse(script: Path) -> None:
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.parametrize(
    ("script", "given", "missing"),
    [
        ("init.sh", {"REPLICATION_PASSWORD": "x"}, "API_PASSWORD"),
        ("init.sh", {"API_PASSWORD": "x", "REPLICATION_PASSWORD": ""}, "REPLICATION_PASSWORD"),
        ("node.sh", {"NODE": "a", "OTHER": "b", "BEGIN_AS": "primary", "PGDATA": "/none"}, "REPLICATION_PASSWORD"),
    ],
)
def test_scripts_ask_for_the_password_that_is_missing(script: str, given: dict[str, str], missing: str) -> None:
    bash = shutil.which("bash")
    assert bash
    asked = subprocess.run(
        [bash, ROOT / "deploy" / "postgres" / script], env=given, capture_output=True, text=True, check=False
    )
    assert asked.returncode != 0
    assert f"{missing}: must be set" in asked.stderr
