"""Where the benchmark keeps what it installs and what it measures on."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent
CHECKOUT: Final = ROOT.parent
PEERS: Final = ROOT / ".peers"
"""What is installed: a folder a peer."""
DATA: Final = ROOT / ".data"
"""Databases and logs: a folder a corpus."""
RESULTS: Final = ROOT / "results"
"""What was measured: a file a run."""
