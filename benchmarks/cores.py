"""Which cores servers and load are pinned to."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Cores:
    """Lists of cores, as `taskset` takes them."""

    server: str
    """One, of whatever serves."""
    two: str
    """Two, of two workers."""
    load: str
    """One that is not the server's."""
    other: str
    """That of a process that loads articles meanwhile; the load's, where there is no third."""


def cores() -> Cores:
    """Return the cores for this machine.

    Raises:
        RuntimeError: it has one core, so that server and load would share it.
    """
    there = sorted(os.sched_getaffinity(0))
    if len(there) < 2:
        raise RuntimeError("the benchmark needs two cores: one for the server, one for the load")
    first, second, *more = map(str, there)
    return Cores(first, f"{first},{second}", more[0] if more else second, more[-1] if more else second)
