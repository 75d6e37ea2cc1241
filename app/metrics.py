"""What Prometheus reads at /metrics: requests of all workers, the processes, and what the database holds."""

import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from http import HTTPMethod
from pathlib import Path
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from app import __version__

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the package learns where workers share their numbers; unset where there is but one."""
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: most answers take a few milliseconds."""
METHODS: Final = frozenset(HTTPMethod)
OTHER: Final = "other"
"""The method of requests that have an unknown one."""
UNMATCHED: Final = "unmatched"
"""The route of requests that none answers. Labels are a closed set, whatever clients ask for."""

disable_created_metrics()  # Half as many series; several workers have none anyway.


class Metrics:
    """The numbers of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "dateline_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "dateline_request_duration_seconds",
            "Seconds from a request to the end of its answer.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "dateline_requests_in_flight",
            "Requests that are being answered.",
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        self.is_shared = FOLDER in os.environ
        self.answering = 0
        if not self.is_shared:  # It need not be written down with each request.
            self.in_flight.set_function(lambda: self.answering)
        self.counted: tuple[str, dict[str, int]] = ("", {})
        """What the database held after the load that the token names."""
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def begin(self) -> None:
        """Count a request that is being answered."""
        self.answering += 1
        if self.is_shared:
            self.in_flight.set(self.answering)

    def end(self) -> None:
        """Count it no longer."""
        self.answering -= 1
        if self.is_shared:
            self.in_flight.set(self.answering)

    def count(self, method: str | None, route: str | None, status: int, seconds: float) -> None:
        """Count an answer."""
        key = (method if method in METHODS else OTHER, route or UNMATCHED, status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = (self.requests.labels(*key), self.seconds.labels(*key[:2]))
        series[0].inc()
        series[1].observe(seconds)

    def exposition(self, accept: str, contents: Mapping[str, float]) -> tuple[bytes, str]:
        """Return all numbers in the format that the client prefers, and its media type.

        Args:
            accept: the `Accept` header of the scrape.
            contents: what the database holds, by the end of the metric's name.
        """
        encode, media_type = choose_encoder(accept)
        return encode(_Scrape(self.registry, contents)), media_type


class _Scrape(Collector):
    """One reading of everything."""

    def __init__(self, registry: CollectorRegistry, contents: Mapping[str, float]) -> None:
        self.registry = registry
        self.contents = contents

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics."""
        folder = os.environ.get(FOLDER)
        if folder is None:
            workers = [os.getpid()]
            yield from self.registry.collect()
        else:
            workers = _live_workers(Path(folder))
            yield from MultiProcessCollector(None, folder).collect()
        yield from _processes(workers)
        build = GaugeMetricFamily("dateline_build_info", "What is running.", labels=["version", "python"])
        build.add_metric([__version__, platform.python_version()], 1)
        yield build
        for name, value in self.contents.items():
            yield GaugeMetricFamily(f"dateline_{name}", DOCUMENTATION[name], value)


DOCUMENTATION: Final = {
    "ready": "1 if the database answers and its schema is the one this version needs, else 0.",
    "revision": "Loads that the database has seen.",
    "articles": "Articles in the database.",
    "entities": "Entities in the database.",
    "facts": "Facts in the database.",
}


def _live_workers(folder: Path) -> list[int]:
    """Return the workers that run, and forget what those that do not were doing last."""
    workers = {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_livesum_*.db")}
    dead = {worker for worker in workers if not Path(f"/proc/{worker}").exists()}
    for worker in dead:
        mark_process_dead(worker, str(folder))
    return sorted(workers - dead)


def _processes(workers: Iterable[int]) -> Iterable[Metric]:
    """Return the standard metrics of processes: the sums over all workers, and the time since the first one runs."""
    found: dict[str, list[Metric]] = defaultdict(list)
    for worker in workers:
        for metric in ProcessCollector(pid=partial(str, worker), registry=None).collect():
            found[metric.name].append(metric)
    for name, metrics in found.items():
        merge = min if name == "process_start_time_seconds" else sum
        merged = metrics[0]
        (sample,) = merged.samples
        value = merge(part.value for metric in metrics for part in metric.samples)
        merged.samples = [sample._replace(value=value)]
        yield merged
