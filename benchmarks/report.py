"""What was measured, as a table, as JSON and as a plot."""

import json
import platform
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Record
from benchmarks.paths import CHECKOUT, PEERS, ROOT
from benchmarks.peers.base import pip_install
from benchmarks.peers.limit import LIMIT

OURS = "dateline"
REFERENCES = (LIMIT, "fastapi-sqlmodel")
"""Who is no peer."""
FIGURES = ("rate", "p50", "p99", "size")
Summary = list[Record]


def summary_of(records: Iterable[Record]) -> Summary:
    """Return the medians over the rounds, and how many times Dateline's rate is of each other's in the same round."""
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in records:
        if "rate" in record:
            groups[record["corpus"], record["mode"], record["task"], record["peer"]].append(record)
    return [
        {
            "corpus": corpus, "mode": mode, "task": task, "peer": peer,
            **{figure: median(record[figure] for record in group) for figure in FIGURES},
            "errors": sum(record["errors"] for record in group),
            "ours": _times(groups.get((corpus, mode, task, OURS), []), group),
        }
        for (corpus, mode, task, peer), group in groups.items()
    ]  # fmt: skip


def _times(ours: Sequence[Record], theirs: Sequence[Record]) -> float | None:
    """Return the median over the rounds of our rate by theirs."""
    by_round = {record["round"]: record["rate"] for record in ours}
    ratios = [
        by_round[record["round"]] / record["rate"]
        for record in theirs
        if record["round"] in by_round and record["rate"]
    ]
    return median(ratios) if ratios else None


def servers_of(records: Iterable[Record]) -> Summary:
    """Return the medians of what servers take."""
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in records:
        if record["mode"] == "server":
            groups[record["corpus"], record["peer"]].append(record)
    figures = ("first_answer", "resident", "resident_after")
    return [
        {"corpus": corpus, "peer": peer, **{figure: median(each[figure] for each in group) for figure in figures}}
        for (corpus, peer), group in groups.items()
    ]


def print_summary(console: Console, summary: Summary, servers: Summary) -> None:
    """Print a table for each corpus and mode."""
    tasks = list(dict.fromkeys(record["task"] for record in summary))
    for corpus, mode in dict.fromkeys((record["corpus"], record["mode"]) for record in summary):
        here = {(r["peer"], r["task"]): r for r in summary if (r["corpus"], r["mode"]) == (corpus, mode)}
        table = Table(
            title=f"{mode}, {_corpus(corpus)}: answers a second (p99 in ms, how many times as fast Dateline is)"
        )
        table.add_column("")
        for task in tasks:
            table.add_column(task, justify="right")
        for peer in _ordered({peer for peer, _ in here}):
            table.add_row(peer, *(_cell(here.get((peer, task))) for task in tasks))
        console.print(table)
    table = Table("", "corpus", "first answer, s", "resident, MB", "after the load, MB", title="Servers")
    for record in servers:
        table.add_row(
            record["peer"], _corpus(record["corpus"]),
            *(f"{record[name]:,.2f}" for name in ("first_answer", "resident", "resident_after")),
        )  # fmt: skip
    if servers:
        console.print(table)


def print_rows(console: Console, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print records that have the same fields as a table."""
    if not rows:
        return
    table = Table(*rows[0], title=title)
    for row in rows:
        table.add_row(*(f"{value:,.2f}" if isinstance(value, float) else str(value) for value in row.values()))
    console.print(table)


def _cell(record: Record | None) -> str:
    if record is None:
        return "–"
    ours = "" if record["ours"] is None or record["peer"] == OURS else f", {record['ours']:.2f}x"
    errors = f" {record['errors']} ERRORS" if record["errors"] else ""
    return f"{record['rate']:,.0f} ({record['p99']:.1f}{ours}){errors}"


def _ordered(peers: Iterable[str]) -> list[str]:
    """Return ourselves first, and the references last."""
    return sorted(peers, key=lambda peer: (peer in REFERENCES, peer != OURS, peer))


def _corpus(articles: int) -> str:
    return f"{articles:,} articles" if articles else "the real article"


def machine() -> dict[str, str | int]:
    """Return what it was measured on."""
    cpus = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(": ")[2] for line in cpus.splitlines() if line.startswith("model name")), "")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True)
    return {
        "processor": model, "cores": cpus.count("processor\t"), "system": platform.platform(),
        "python": platform.python_version(), "commit": commit.stdout.strip(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def write(file: Path, results: Mapping[str, Any]) -> None:
    """Write the results as JSON."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def plot(results: Path, picture: Path) -> None:
    """Draw the results, by matplotlib in a folder of its own."""
    installed = PEERS / "matplotlib"
    pip_install(installed, "matplotlib")
    subprocess.run([str(installed / "bin/python"), str(ROOT / "plot.py"), str(results), str(picture)], check=True)


def medians(rows: Sequence[Record], keys: Sequence[str]) -> Summary:
    """Return the medians over the rounds of the rows that share the keys."""
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[key] for key in keys)].append(row)
    return [
        {
            **dict(zip(keys, values, strict=True)),
            **{name: median(row[name] for row in group) for name in group[0] if name not in (*keys, "round")},
        }
        for values, group in groups.items()
    ]
