"""`python -m benchmarks`: installs the peers, measures, prints a table, writes JSON, draws the plot."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import parts, report, scale
from benchmarks.cores import cores
from benchmarks.corpora import REAL, Corpus
from benchmarks.measuring import Mode, Plan, Record, Run
from benchmarks.paths import DATA, RESULTS, ROOT
from benchmarks.peers import ALL
from benchmarks.peers.limit import LIMIT
from benchmarks.questions import Task

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
console = Console(width=150)
EVERYBODY = ",".join([*ALL, LIMIT])
EVERY_TASK, EVERY_MODE = ",".join(Task), ",".join(Mode)
PARTS = ("peers", "while-loading", "workers", "logging", "loading")
EVERY_PART = ",".join(PARTS)
PUBLISHED = ROOT / "results.json"
Listed = Annotated[str, typer.Option(help="Separated by commas.")]


def chosen(given: str, known: Sequence[str]) -> list[str]:
    """Return the names in a list separated by commas.

    Raises:
        BadParameter: one is not known.
    """
    names = [name for name in given.split(",") if name]
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(f"{', '.join(unknown)}: there are only {', '.join(known)}")
    return names


@cli.callback(invoke_without_command=True)
def measure(
    context: typer.Context,
    corpora: Annotated[str, typer.Option(help="Sizes of corpora, in articles; 0 is the real article.")] = "0,1000",
    tasks: Listed = EVERY_TASK,
    modes: Listed = EVERY_MODE,
    peers: Listed = EVERYBODY,
    what: Annotated[str, typer.Option("--parts", help="Separated by commas.")] = EVERY_PART,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="Of each measurement.")] = 3,
    publish: Annotated[bool, typer.Option(help="Write results.json and results.svg beside this module.")] = False,
) -> None:
    """Measure Dateline beside its peers."""
    if context.invoked_subcommand is not None:
        return
    for program in ("wrk", "taskset", "npm"):
        if shutil.which(program) is None:
            raise typer.BadParameter(f"`{program}` is not installed; on Debian: apt-get install wrk util-linux npm")
    plan = Plan([Task(name) for name in chosen(tasks, list(Task))], [Mode(name) for name in chosen(modes, list(Mode))],
                chosen(peers, [*ALL, LIMIT]), rounds, seconds)  # fmt: skip
    sizes, pinned, wanted = [int(size) for size in corpora.split(",")], cores(), chosen(what, PARTS)
    results: dict[str, Any] = {
        "machine": report.machine(),
        "settings": {"corpora": sizes, "rounds": rounds, "seconds": seconds},
    }
    if "peers" in wanted:
        records: list[Record] = []
        for size in sizes:
            records += Run(Corpus(size), plan, pinned, tell).records()
        results |= {"summary": report.summary_of(records), "servers": report.servers_of(records), "records": records}
        report.print_summary(console, results["summary"], results["servers"])
    larger = Corpus(max(sizes))
    if larger.articles != REAL:
        larger.load()
        _measure_parts(larger, plan, wanted, results)
    _write(results, publish=publish)


def _measure_parts(corpus: Corpus, plan: Plan, wanted: Sequence[str], results: dict[str, Any]) -> None:
    """Measure what is asked of Dateline alone, on a generated corpus."""
    pinned = cores()
    if "while-loading" in wanted:
        tell("while articles are loaded")
        found = parts.while_loading(corpus, plan.tasks, plan.seconds, plan.rounds, pinned)
        results["while_loading"] = report.medians(list(found), ("task", "wanted loads a second"))
        report.print_rows(console, "Hot, while articles are loaded", results["while_loading"])
    if "workers" in wanted:
        tell("two workers")
        found = parts.workers(corpus, plan.seconds, plan.rounds, pinned)
        results["workers"] = report.medians(list(found), ("workers",))
        report.print_rows(console, "Workers, every request another question", results["workers"])
    if "logging" in wanted:
        tell("the log")
        found = parts.logging(corpus, plan.seconds, plan.rounds, pinned)
        results["logging"] = report.medians(list(found), ("log",))
        report.print_rows(console, "Hot, with the request log and without", results["logging"])
    if "loading" in wanted:
        tell("loading")
        results["loading"] = report.medians(list(parts.loading(DATA / "loading", plan.rounds, pinned)), ("how",))
        report.print_rows(console, "Loading", results["loading"])


def _write(results: dict[str, Any], *, publish: bool) -> None:
    """Write the JSON, and draw what was measured of peers."""
    file = RESULTS / f"{results['machine']['at'].replace(':', '')}.json"
    report.write(file, results)
    tell(f"written: {file}")
    drawn = file.with_suffix(".svg") if results.get("summary") else None
    if drawn:
        report.plot(file, drawn)
        tell(f"drawn: {drawn}")
    if publish:
        report.write(PUBLISHED, {name: part for name, part in results.items() if name != "records"})
        if drawn:
            shutil.copy(drawn, PUBLISHED.with_suffix(".svg"))


@cli.command(name="scale")
def measure_scale(
    small: Annotated[int, typer.Argument(min=1, help="Articles of the smaller corpus.")] = 1_000,
    large: Annotated[int, typer.Argument(min=1, help="Articles of the larger one.")] = 10_000,
    times: Annotated[int, typer.Option(min=1, help="How many different questions of a kind.")] = 40,
    publish: Annotated[Path | None, typer.Option(help="A file for the results, beside that in results/.")] = None,
) -> None:
    """Measure how the cost of each kind of question grows with the corpus, and what a fact takes on disk."""
    measured = scale.measure([Corpus(small), Corpus(large)], times, tell)
    for title, rows in measured.items():
        report.print_rows(console, f"Scale: {title}", rows)
    dearer = [row["question"] for row in measured["questions"] if (row["ratio"] or 0) > scale.MOST]
    console.print(f"More than {scale.MOST} times as dear in the larger corpus: {', '.join(dearer) or 'nothing'}")
    results = {"machine": report.machine(), **measured}
    for file in filter(None, (RESULTS / f"scale-{small}-{large}.json", publish)):
        report.write(file, results)
        tell(f"written: {file}")


def tell(what: str) -> None:
    """Say what is being done."""
    typer.echo(what, err=True)


if __name__ == "__main__":
    cli(prog_name="python -m benchmarks")
