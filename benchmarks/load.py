"""The load: wrk on a core of its own, asking one question again and again, or each of many once."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 8
FEWEST = 2 * CONNECTIONS
"""Answers that a figure rests on, at least."""
PATIENCE = 20
"""Seconds for whoever gives fewer in the time that others have."""


@dataclass(frozen=True)
class Request:
    """What goes over the wire."""

    path: str
    method: str = "GET"
    body: str = ""


@dataclass(frozen=True)
class Measured:
    """What wrk saw."""

    rate: float
    """Answers a second."""
    p50: float
    """Milliseconds in which half of the answers came."""
    p99: float
    requests: int
    errors: int
    """Answers from 400 on, and connections that broke."""
    size: float
    """Bytes of an answer, headers included."""


COMMON = """
local headers = { %(headers)s }
function setup(thread) threads = threads or {}; table.insert(threads, thread) end
function done(summary, latency, requests)
  if summary.requests == 0 then
    io.write('{"rate": 0, "p50": 0, "p99": 0, "requests": 0, "errors": 1, "size": 0}\\n')
    return
  end
  local seconds, e = summary.duration / 1e6, summary.errors
  local asked = threads[1]:get("seconds")
  if asked then seconds = math.min(seconds, asked) end
  io.write(string.format(
    '{"rate": %%f, "p50": %%f, "p99": %%f, "requests": %%d, "errors": %%d, "size": %%f}\\n',
    summary.requests / seconds, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, summary.bytes / summary.requests))
end
"""
ONE = """
wrk.method, wrk.path, wrk.body = %(method)s, %(path)s, %(body)s
for name, value in pairs(headers) do wrk.headers[name] = value end
"""
# wrk calls `request` once by itself before it begins; a thread that stops leaves wrk asleep, so the time is taken here.
EACH = """
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long us; } moment; int gettimeofday(moment *at, void *zone);")
local at = ffi.new("moment")
local function now() ffi.C.gettimeofday(at, nil); return tonumber(at.s) + tonumber(at.us) / 1e6 end
local all, asked, began = {}, 0, nil
function init(arguments)
  for line in io.lines(%(file)s) do
    local method, path, body = line:match("^(.-)\\t(.-)\\t(.*)$")
    table.insert(all, wrk.format(method, path, headers, body ~= "" and body or nil))
  end
end
function request()
  asked = asked + 1
  if asked == 2 then began = now() end
  if asked > #all then
    if not seconds then seconds = now() - began; wrk.thread:stop() end
    return all[#all]
  end
  return all[asked]
end
"""


def ask_again_and_again(
    url: str, request: Request, seconds: float, core: str, folder: Path, headers: Mapping[str, str] | None = None
) -> Measured:
    """Ask one question for so many seconds."""
    script = _common(headers or {}) + ONE % {
        "method": _lua(request.method),
        "path": _lua(request.path),
        "body": _lua(request.body) if request.body else "nil",
    }
    return _run(url, script, seconds, core, folder)


def ask_each(url: str, requests: Sequence[Request], seconds: float, core: str, folder: Path) -> Measured:
    """Ask each question once, one after the other, for so many seconds or until there is none left."""
    file = folder / "questions.tsv"
    file.write_text("".join(f"{each.method}\t{each.path}\t{each.body}\n" for each in requests), encoding="utf-8")
    return _run(url, _common({}) + EACH % {"file": _lua(str(file))}, seconds, core, folder)


def _common(headers: Mapping[str, str]) -> str:
    return COMMON % {"headers": ", ".join(f"[{_lua(name)}] = {_lua(value)}" for name, value in headers.items())}


def _lua(text: str) -> str:
    """Return a string as Lua writes it; JSON's escapes are the same for what is asked here."""
    return json.dumps(text, ensure_ascii=False)


def _run(url: str, script: str, seconds: float, core: str, folder: Path) -> Measured:
    """Return what wrk saw; who is too slow for so many seconds is given more."""
    file = folder / "load.lua"
    file.write_text(script, encoding="utf-8")
    found = _once(url, file, seconds, core)
    return found if found.requests >= FEWEST else _once(url, file, max(seconds, PATIENCE), core)


def _once(url: str, script: Path, seconds: float, core: str) -> Measured:
    finished = subprocess.run(
        ["taskset", "--cpu-list", core, "wrk", "--threads", "1", "--connections", str(CONNECTIONS),
         "--duration", f"{max(1, round(seconds))}s", "--timeout", "30s", "--script", str(script), url],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Measured(**json.loads(finished.stdout.splitlines()[-1]))
