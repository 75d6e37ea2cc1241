"""Draws the results as SVG: `python plot.py results.json results.svg`, with matplotlib and nothing of ours."""

import json
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

TITLES = {"hot": "one question again and again", "cold": "every request another question"}
TASKS = {
    "list": "20 people\nwith roles",
    "filter": "filtered by\norganisation",
    "item": "one person,\nevidence nested",
    "search": "full-text\nsearch",
}
FIRST = "dateline"
REFERENCES = {"fastapi-sqlmodel": "#8a8a8a", "bare-uvicorn": "#c4c4c4"}
COLOURS = ("#d1495b", "#30638e", "#00798c", "#edae49", "#6a8d73", "#8d6a9f")


def main(results: Path, picture: Path) -> None:
    """Draw the larger corpus of the results, a panel a mode."""
    mpl.rcParams.update({"svg.hashsalt": "dateline", "svg.fonttype": "none", "font.size": 9})
    summary = json.loads(results.read_text(encoding="utf-8"))["summary"]
    corpus = max(record["corpus"] for record in summary)
    modes = [mode for mode in TITLES if any((r["corpus"], r["mode"]) == (corpus, mode) for r in summary)]
    figure, panels = plt.subplots(len(modes), 1, figsize=(9, 3.4 * len(modes)), squeeze=False, layout="constrained")
    for panel, mode in zip(panels[:, 0], modes, strict=True):
        rates = {(r["peer"], r["task"]): r["rate"] for r in summary if (r["corpus"], r["mode"]) == (corpus, mode)}
        peers = sorted({peer for peer, _ in rates}, key=lambda peer: (peer in REFERENCES, peer != FIRST, peer))
        tasks = [task for task in TASKS if any(there == task for _, there in rates)]
        for number, peer in enumerate(peers):
            places = [index + (number - len(peers) / 2 + 0.5) * 0.8 / len(peers) for index in range(len(tasks))]
            colour = REFERENCES.get(peer) or COLOURS[number % len(COLOURS)]
            heights = [rates.get((peer, task), 0) for task in tasks]
            panel.bar(places, heights, 0.8 / len(peers), label=peer, color=colour)
        panel.set(title=TITLES[mode], ylabel="answers a second, one core", yscale="log", xticks=range(len(tasks)))
        panel.set_ylim(bottom=1)
        panel.set_xticklabels([TASKS[task] for task in tasks])
        panel.spines[["top", "right"]].set_visible(False)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), ncols=4, frameon=False, loc="outside lower center")
    about = f"{corpus:,} generated articles" if corpus else "one article"
    figure.suptitle(f"Requests a second on {about}: higher is better, logarithmic")
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
