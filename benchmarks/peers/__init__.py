"""Those that serve the same rows, each in a module: how it is installed, fed, started and asked."""

from benchmarks.peers.base import Peer
from benchmarks.peers.datasette import Datasette
from benchmarks.peers.dateline import Dateline
from benchmarks.peers.json_server import JsonServer
from benchmarks.peers.pocketbase import PocketBase
from benchmarks.peers.roapi import Roapi
from benchmarks.peers.soul import Soul
from benchmarks.peers.usual import Usual

ALL: dict[str, type[Peer]] = {
    peer.name: peer for peer in (Dateline, Roapi, PocketBase, JsonServer, Soul, Datasette, Usual)
}
"""All of them, ourselves first."""
