"""Populations in, the decisions of the real gate on simulated test sets out.

Every test set is drawn afresh from the populations of its cells, its intervals are those of `evaluation.Resampler` with
the resamples that `evaluate` draws, and `promotion.judge` decides. Latency is within its bounds and no diagnosis fails:
what these rules let through by mistake is measured by themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.gate_population import METRICS, Numbers, Population
from mangaassist.core.types import INTENTS, QueryId
from mangaassist.evaluation import Resampler
from mangaassist.promotion import (
    Decision,
    GateEvidence,
    GateSettings,
    JudgedRange,
    LatencyEvidence,
    Measured,
    PairedGain,
    judge,
)

Rows = npt.NDArray[np.intp]

FINE_CELLS = ("seen_warm", "seen_cold", "unseen_warm", "unseen_cold")
COARSE_CELLS = ("seen", "unseen", "warm", "cold")
SETS_AT_ONCE = 250
"""Test sets that share one seed of the bootstrap; `evaluate` has one seed too."""

LATENCY = LatencyEvidence(
    latency_addon_p99_ms=0.5,
    routing_p99_ms=9.0,
    response_p99_ms=30.0,
    live_response_p99_ms=29.0,
    serving_exists=True,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which queries of a test set lie in which slice: slice → rows. The fine cells hold every query once."""

    cells: Mapping[str, Rows]
    intents: Mapping[str, Rows]

    @property
    def queries(self) -> int:
        """How many queries the test set has."""
        return sum(len(self.cells[cell]) for cell in FINE_CELLS)


def layout(sizes: Mapping[str, int], *, coarse: bool = False) -> Layout:
    """Fine cells of these sizes, every cell with an even mix of four intents; `coarse`: their unions are cells too."""
    ends = np.cumsum([sizes[cell] for cell in FINE_CELLS])
    cells = dict(zip(FINE_CELLS, np.split(np.arange(ends[-1]), ends[:-1]), strict=True))
    if coarse:
        cells |= {
            union: np.sort(np.concatenate([cells[cell] for cell in FINE_CELLS if union in cell.split("_")]))
            for union in COARSE_CELLS
        }
    rows = np.arange(ends[-1])
    return Layout(cells, {intent: rows[number::4] for number, intent in enumerate(INTENTS[:4])})


def even_layout(queries: int, *, coarse: bool = False) -> Layout:
    """So many queries over four cells as evenly as can be."""
    return layout({cell: (queries + number) // 4 for number, cell in enumerate(FINE_CELLS)}, coarse=coarse)


def decisions(
    populations: Mapping[str, Population], test: Layout, *, runs: int, seed: int, settings: GateSettings
) -> Iterator[Decision]:
    """The gate's decisions on so many test sets; `populations`: of each fine cell."""
    for number, start in enumerate(range(0, runs, SETS_AT_ONCE)):
        sets = min(SETS_AT_ONCE, runs - start)
        rng = np.random.default_rng([seed, number])
        for evidence in evidences(populations, test, sets=sets, rng=rng, bootstrap_seed=number):
            yield judge(evidence, settings)


def evidences(
    populations: Mapping[str, Population], test: Layout, *, sets: int, rng: np.random.Generator, bootstrap_seed: int
) -> Iterator[GateEvidence]:
    """What `evaluate` would hand the gate of so many test sets."""
    live, candidate = drawn(populations, test, sets, rng)
    slices = _Slices(bootstrap_seed)
    everything = np.arange(test.queries)
    measured = [slices.measured(candidate[..., column], everything) for column in range(3)]
    gain = candidate - live
    gains = [slices.gains(gain[..., column], everything) for column in range(2)]
    cells, intents = (
        {name: slices.gains(gain[..., 0], rows) for name, rows in found.items()} for found in (test.cells, test.intents)
    )
    for each in range(sets):
        yield GateEvidence(
            candidate="simulated",
            live="simulated",
            data_fingerprint="simulated",
            metrics={metric: measured[column][each] for column, metric in enumerate(METRICS[:2])},
            gains={metric: gains[column][each] for column, metric in enumerate(METRICS[:2])},
            bad_top1=JudgedRange(measured[2][each], measured[2][each]),
            judged_at_1=1.0,
            judged_at_3=1.0,
            cells={name: found[each] for name, found in cells.items()},
            intents={name: found[each] for name, found in intents.items()},
            latency=LATENCY,
            diagnoses={"none simulated": "ok"},
        )


def drawn(
    populations: Mapping[str, Population], test: Layout, sets: int, rng: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """(live, candidate) scores, each (test sets, queries, metrics)."""
    live, candidate = (np.empty((sets, test.queries, len(METRICS))) for _ in range(2))
    for cell in FINE_CELLS:
        rows = test.cells[cell]
        live[:, rows], candidate[:, rows] = populations[cell].draw((sets, len(rows)), rng)
    return live, candidate


class _Slices:
    """Intervals of any slice; slices of one size share their resamples, as those of one seed do in `evaluate`."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._resamplers: dict[int, Resampler] = {}

    def measured(self, values: Numbers, rows: Rows) -> list[Measured]:
        """The mean of every test set over these rows, with its two-sided 95 % interval. values: (sets, queries)."""
        chosen = values[:, rows].T
        (ends,) = self._ends(chosen, [0.025])
        return [Measured(*found) for found in zip(chosen.mean(axis=0).tolist(), *ends.tolist(), strict=True)]

    def gains(self, values: Numbers, rows: Rows) -> list[PairedGain]:
        """The mean difference of every test set over these rows, with both one-sided intervals."""
        chosen = values[:, rows].T
        wide, narrow = self._ends(chosen, [0.01, 0.05])
        columns = zip(chosen.mean(axis=0).tolist(), *wide.tolist(), *narrow.tolist(), strict=True)
        return [
            PairedGain(mean, low99, high99, low95, high95, len(rows), len(rows))
            for mean, low99, high99, low95, high95 in columns
        ]

    def _ends(self, columns: Numbers, tails: list[float]) -> Numbers:
        count = len(columns)
        if count not in self._resamplers:
            ids = [QueryId(f"q{number:06}") for number in range(count)]
            self._resamplers[count] = Resampler(ids, {}, seed=self._seed)
        return self._resamplers[count].ends(columns, tails)
