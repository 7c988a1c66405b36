"""An open scenario in, how often as many queries as the gate names do settle it out."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.gate_population import Population
from benchmarks.gate_scenarios import Scenario
from benchmarks.gate_trials import FINE_CELLS, Layout, Rows, decisions, even_layout, evidences
from mangaassist.promotion import FIRST_RUN, GateEvidence, GateSettings, JudgedRange, Measured, PairedGain, judge

PROMISED_POWER = 0.80
TYPICAL_OF = 1_000
"""Test sets over which the widths of intervals are averaged."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of the promise. open_rules: rule → queries it names; needed: those the decision names.

    settled: share of decisions on that many queries that were not inconclusive.  named: the 10 %, 50 % and 90 %
    quantiles of what inconclusive decisions on single test sets of 500 named; they know the truth no better than that.
    """

    name: str
    says: str
    open_rules: dict[str, int]
    needed: int
    promised: float
    settled: float
    inconclusive_at_500: float
    named: list[int]
    runs: int

    @property
    def error(self) -> float:
        """Power found minus power promised."""
        return self.settled - self.promised


def settle(scenario: Scenario, *, runs: int, seed: int, settings: GateSettings = FIRST_RUN) -> Settled:
    """The gate's number for the evidence in which every estimate is the truth, and what that many queries decide."""
    populations = scenario.populations(seed=seed)
    decision = judge(typical_evidence(populations, scenario.layout, seed=seed), settings)
    if decision.outcome != "inconclusive" or decision.queries_needed is None:
        raise ValueError(f"{scenario.name}: a typical test set is {decision.outcome}, so there is nothing to settle")
    at_500 = list(decisions(populations, scenario.layout, runs=TYPICAL_OF, seed=seed + 1, settings=settings))
    named = [each.queries_needed for each in at_500 if each.queries_needed is not None]
    test = even_layout(decision.queries_needed)
    many = decisions(populations, test, runs=runs, seed=seed + 2, settings=settings)
    settled = sum(each.outcome != "inconclusive" for each in many) / runs
    result = Settled(
        name=scenario.name,
        says=scenario.says,
        open_rules={rule.name: rule.queries_needed for rule in decision.rules if rule.queries_needed is not None},
        needed=decision.queries_needed,
        promised=PROMISED_POWER,
        settled=settled,
        inconclusive_at_500=sum(each.outcome == "inconclusive" for each in at_500) / len(at_500),
        named=[int(each) for each in np.quantile(named, [0.1, 0.5, 0.9], method="nearest")],
        runs=runs,
    )
    print(
        f"{scenario.name}: {result.needed} queries settle {settled:.3f} {result.open_rules}",
        file=sys.stderr,
        flush=True,
    )
    return result


def typical_evidence(populations: Mapping[str, Population], test: Layout, *, seed: int) -> GateEvidence:
    """Evidence whose estimates are the truth and whose intervals are as wide as those of a test set are on average."""
    rng = np.random.default_rng([seed, TYPICAL_OF])
    made = list(evidences(populations, test, sets=TYPICAL_OF, rng=rng, bootstrap_seed=seed))
    everything = np.arange(test.queries)
    (recall, recall_gain), (ndcg, ndcg_gain), (bad, _) = (
        _truth(populations, test, column, everything) for column in range(3)
    )
    bad_top1 = _centred([each.bad_top1.high for each in made], bad)
    return replace(
        made[0],
        metrics={
            "recall@3": _centred([each.metrics["recall@3"] for each in made], recall),
            "ndcg@10": _centred([each.metrics["ndcg@10"] for each in made], ndcg),
        },
        gains={
            "recall@3": _centred_gain([each.gains["recall@3"] for each in made], recall_gain),
            "ndcg@10": _centred_gain([each.gains["ndcg@10"] for each in made], ndcg_gain),
        },
        bad_top1=JudgedRange(bad_top1, bad_top1),
        cells=_centred_slices([each.cells for each in made], test.cells, populations, test),
        intents=_centred_slices([each.intents for each in made], test.intents, populations, test),
    )


def _centred_slices(
    found: Sequence[Mapping[str, PairedGain]],
    slices: Mapping[str, Rows],
    populations: Mapping[str, Population],
    test: Layout,
) -> dict[str, PairedGain]:
    return {
        name: _centred_gain([each[name] for each in found], _truth(populations, test, 0, rows)[1])
        for name, rows in slices.items()
    }


def _truth(populations: Mapping[str, Population], test: Layout, column: int, rows: Rows) -> tuple[float, float]:
    """(the candidate's value, its gain over live) in one metric over these rows of the layout."""
    shares = {cell: len(np.intersect1d(test.cells[cell], rows)) / len(rows) for cell in FINE_CELLS}
    live, candidate = 0.0, 0.0
    for cell, share in shares.items():
        of_cell = populations[cell]
        live += share * float(of_cell.mean(of_cell.live[:, column]))
        candidate += share * float(of_cell.mean(of_cell.candidate[:, column]))
    return candidate, candidate - live


def _centred(found: Sequence[Measured], truth: float) -> Measured:
    below = float(np.mean([each.value - each.low for each in found]))
    above = float(np.mean([each.high - each.value for each in found]))
    return Measured(truth, truth - below, truth + above)


def _centred_gain(found: Sequence[PairedGain], truth: float) -> PairedGain:
    low99, high99, low95, high95 = (
        truth + float(np.mean([getattr(each, name) - each.mean for each in found]))
        for name in ("low99", "high99", "low95", "high95")
    )
    return PairedGain(truth, low99, high99, low95, high95, found[0].queries, found[0].groups)
