"""The numbers by themselves; test_observing.py counts requests, and test_workers.py those of several workers."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from app import __version__
from app.metrics import BUCKETS, Metrics, _live_workers
from tests.api import samples_in

CONTENTS = {"ready": 1, "revision": 7, "articles": 2, "entities": 3, "facts": 4}


def families(metrics: Metrics) -> dict[str, Metric]:
    body, media_type = metrics.exposition("", CONTENTS)
    assert media_type == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in parse(body.decode())}


def test_answers_are_counted_by_method_route_and_status() -> None:
    metrics = Metrics()
    for _ in range(3):
        metrics.count("GET", "/people/{id}", 200, 0.004)
    metrics.count("GET", "/people/{id}", 404, 0.001)
    samples = samples_in(metrics.exposition("", CONTENTS)[0].decode(), "dateline_requests_total")
    assert samples == {("GET", "/people/{id}", "200"): 3, ("GET", "/people/{id}", "404"): 1}


def test_a_duration_is_in_every_bucket_from_its_own_on() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.0011, 0.3, 100):
        metrics.count("GET", "/people", 200, seconds)
    family = families(metrics)["dateline_request_duration_seconds"]
    assert family.type == "histogram"
    buckets = {sample.labels["le"]: sample.value for sample in family.samples if sample.name.endswith("_bucket")}
    assert list(map(float, buckets)) == [*BUCKETS, float("inf")]
    assert (buckets["0.001"], buckets["0.0025"], buckets["0.25"], buckets["0.5"], buckets["10.0"]) == (1, 2, 2, 3, 3)
    assert buckets["+Inf"] == 4
    (total,) = [sample.value for sample in family.samples if sample.name.endswith("_sum")]
    assert total == pytest.approx(100.3021)


@pytest.mark.parametrize("method", [None, "", "get", "BREW", 'GET"} 1\nforged 1', "é"])
def test_labels_are_a_closed_set(method: str | None) -> None:
    metrics = Metrics()
    metrics.count(method, None, 404, 0)
    samples = samples_in(metrics.exposition("", CONTENTS)[0].decode(), "dateline_requests_total")
    assert samples == {("other", "unmatched", "404"): 1}


def test_what_runs_and_what_the_database_holds_is_told() -> None:
    found = families(Metrics())
    (build,) = found["dateline_build_info"].samples
    assert build.value == 1
    assert build.labels["version"] == __version__
    for name, value in CONTENTS.items():
        (sample,) = found[f"dateline_{name}"].samples
        assert sample.value == value
    assert found["process_resident_memory_bytes"].samples[0].value > 1_000_000
    assert found["process_cpu_seconds"].type == "counter"
    assert 0 < found["process_open_fds"].samples[0].value < found["process_max_fds"].samples[0].value


def test_every_metric_says_what_it_is() -> None:
    for family in families(Metrics()).values():
        assert family.documentation.endswith(".")
        assert family.type in ("counter", "gauge", "histogram")


def test_no_two_applications_share_numbers() -> None:
    one, other = Metrics(), Metrics()
    one.count("GET", "/people", 200, 0)
    assert samples_in(other.exposition("", CONTENTS)[0].decode(), "dateline_requests_total") == {}


@pytest.mark.parametrize("version", ["", ";version=1.0.0", ";version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"])
def test_openmetrics_is_told_to_those_who_accept_it(version: str) -> None:
    metrics = Metrics()
    metrics.count("GET", "/people", 200, 0.1)
    body, media_type = metrics.exposition(f"application/openmetrics-text{version}", CONTENTS)
    if "0.0.1" in version:
        assert media_type.startswith("text/plain")
        return
    assert media_type.startswith("application/openmetrics-text; version=1.0.0")
    found = {family.name: family for family in parse_openmetrics(body.decode())}
    assert found["dateline_requests"].samples[0].value == 1


def test_series_are_as_many_as_their_labels_make_them() -> None:
    metrics = Metrics()
    for method, route, status in product(("GET", "HEAD", "A", "B"), ("/a", None), (200, 404)):
        metrics.count(method, route, status, 0)
    body = metrics.exposition("", CONTENTS)[0].decode()
    assert len(samples_in(body, "dateline_requests_total")) == 3 * 2 * 2
    assert "_created" not in body


def test_what_a_dead_worker_was_doing_is_forgotten(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for worker in (os.getpid(), dead.pid):
        for kind in ("gauge_livesum", "counter"):
            (tmp_path / f"{kind}_{worker}.db").touch()
    assert _live_workers(tmp_path) == [os.getpid()]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        [f"counter_{dead.pid}.db", f"counter_{os.getpid()}.db", f"gauge_livesum_{os.getpid()}.db"]
    )
