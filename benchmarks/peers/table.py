"""Kept runs in, `peers.json` and the README's table out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.peers.methods import METHODS
from benchmarks.peers.runs import KeptRun, KeptRuns
from benchmarks.peers.scores import CELLS, differences, summarised
from benchmarks.peers.sets import SETS, SHOP

MISSING = "–"

Report = dict[str, dict[str, Any]]
"""Set → method → cells, `cpu_seconds`, `seeds`, `told`, and for ours `differences` to each peer."""


def report(kept: KeptRuns, sets: Iterable[str], *, dev: bool = False) -> Report:
    """What `peers.json` holds; a set or a method without a run is not in it."""
    found = {}
    for name in sets:
        runs = kept.of_set(name, "dev" if dev else "test")
        if runs:
            found[name] = {method: _reported(method, runs) for method in METHODS if method in runs}
    return found


def _reported(method: str, runs: Mapping[str, Sequence[KeptRun]]) -> dict[str, Any]:
    """One method on one set, its seeds together."""
    mine = runs[method]
    groups = mine[0].groups
    scores = [run.scores for run in mine]
    found: dict[str, Any] = {
        **summarised(scores, groups),
        "queries": {cell: len(scores[0][cell]["ndcg@10"]) for cell in CELLS},
        "groups": len({groups[query_id] for query_id in scores[0]["all"]["ndcg@10"]}),
        "cpu_seconds": round(sum(run.told["cpu_seconds"] for run in mine) / len(mine), 1),
        "seeds": [run.seed for run in mine],
        "told": {
            str(run.seed): {key: value for key, value in run.told.items() if key != "cpu_seconds"} for run in mine
        },
        "machine": mine[-1].machine,
        "commit": mine[-1].commit,
    }
    if METHODS[method].kind == "ours":
        found["differences"] = {
            peer: differences(scores, [run.scores for run in runs[peer]], groups)
            for peer in METHODS
            if peer in runs and METHODS[peer].kind != "ours"
        }
    return found


def best_peer(of_set: Mapping[str, Any], cell: str) -> str | None:
    """The peer with the best NDCG@10 in a cell; None where the cell is too small, or no peer has run."""
    peers = [name for name in of_set if METHODS[name].is_peer and of_set[name][cell] is not None]
    return max(peers, key=lambda name: of_set[name][cell]["ndcg@10"][0], default=None)


def table(found: Report) -> str:
    """The README's table: NDCG@10 cell by cell and CPU seconds; ours against the best peer below."""
    if not found:
        return "Nothing has run yet."
    found = {name: found[name] for name in SETS if name in found}  # a stored report has its sets by the alphabet
    heads = [_head(name, of_set) for name, of_set in found.items()]
    lines = [_line(f"NDCG@10 {' / '.join(CELLS)} / CPU s", heads), _line("---", ["---"] * len(heads))]
    sets = list(found.values())
    lines += [_line(each.label, [_shown(of_set.get(method)) for of_set in sets]) for method, each in METHODS.items()]
    lines += [_line(f"choice − best peer, {cell}", [_against_best(of_set, cell) for of_set in sets]) for cell in CELLS]
    return "\n".join([_machines(found), "", *lines])


def _shown(of_method: Mapping[str, Any] | None) -> str:
    if of_method is None:
        return MISSING
    cells = [of_method[cell] for cell in CELLS]
    return " / ".join(
        [*("·" if cell is None else f"{cell['ndcg@10'][0]:.3f}" for cell in cells), f"{of_method['cpu_seconds']:.0f}"]
    )


def _against_best(of_set: Mapping[str, Any], cell: str) -> str:
    peer = best_peer(of_set, cell)
    if peer is None or "chosen" not in of_set:
        return MISSING
    mean, low, high = of_set["chosen"]["differences"][peer][cell]["ndcg@10"]
    verdict = " **below**" if high < 0 else ""
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}] `{peer}`{verdict}"


def _head(name: str, of_set: Mapping[str, Any]) -> str:
    """The set, whether it is simulated, and its seeds: "shop (simulated; 3 seeds)"."""
    return f"{name} ({'simulated; ' if name == SHOP else ''}{_seeds(of_set)})"


def _seeds(of_set: Mapping[str, Any]) -> str:
    """How many seeds each method ran with: "3 seeds", or "1–3 seeds" where some lack one."""
    counts = sorted({len(each["seeds"]) for name, each in of_set.items() if name != "frozen"} or {1})
    told = str(counts[0]) if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"
    return f"{told} seed{'' if told == '1' else 's'}"


def _machines(found: Report) -> str:
    """A sentence of the machines and days that the numbers come from."""
    told = {
        f"{each['machine']['cores']} cores of {each['machine']['processor']}, {each['machine']['date']}"
        for of_set in found.values()
        for each in of_set.values()
    }
    return f"Test splits, means over seeds, {'; '.join(sorted(told))}."


def _line(first: str, cells: Sequence[str]) -> str:
    return "| " + " | ".join([first, *cells]) + " |"
