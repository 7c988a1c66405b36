"""Nothing in, the rows of the gate's calibration out: what is true in each, and what is promised of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.gate_population import QUERIES, Population, Truth, population
from benchmarks.gate_trials import FINE_CELLS, Layout, even_layout, layout

ALIKE = 0.5
"""How much the documents' own luck is common to both systems; other values are rows of their own."""

LIVE = Truth(0.68, 0.71, 0.14)
SEED_GAIN = Truth(0.84, 0.82, 0.05)
FLOORS = Truth(0.80, 0.78, 0.08)
PAST_FLOORS = Truth(0.88, 0.86, 0.03)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is true: (live, candidate), in every cell, or in the cells that `apart` names another pair."""

    name: str
    says: str
    live: Truth
    candidate: Truth
    apart: Mapping[str, tuple[Truth, Truth]] = field(default_factory=dict)
    alike: float = ALIKE
    layout: Layout = field(default_factory=lambda: even_layout(500))

    def populations(self, *, seed: int, queries: int = QUERIES) -> dict[str, Population]:
        """Of every fine cell; cells with the same truths share one."""
        truths = {cell: self.apart.get(cell, (self.live, self.candidate)) for cell in FINE_CELLS}
        made = {
            pair: population(*pair, alike=self.alike, seed=seed, queries=queries)
            for pair in dict.fromkeys(truths.values())
        }
        return {cell: made[pair] for cell, pair in truths.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Scenario):
    """A scenario with what is promised of its rate of promotion; neither bound: it is reported, not promised."""

    at_most: float | None = None
    at_least: float | None = None

    def promise_in_words(self) -> str:
        """As the table shows it."""
        if self.at_most is not None:
            return f"≤ {self.at_most:.0%}, upper end"
        return "reported" if self.at_least is None else f"≥ {self.at_least:.0%}"

    def is_kept(self, promoted: float, upper95: float) -> bool | None:
        """Whether the promise is kept; None where there is none."""
        if self.at_most is not None:
            return upper95 <= self.at_most
        return None if self.at_least is None else promoted >= self.at_least


COLD_FALLS = (Truth(0.85, 0.83, 0.05), Truth(0.75, 0.75, 0.08))
"""recall@3 of cold documents down by 0.10."""

ELSEWHERE = (Truth(0.70, 0.72, 0.13), Truth(0.95, 0.92, 0.02))
"""There the candidate gains so much that no rule but the harmed cell's own stands in its way."""

SMALL_COLD = {"seen_warm": 150, "seen_cold": 140, "unseen_warm": 150, "unseen_cold": 60}

ROWS: tuple[Row, ...] = (
    Row("aa", "A/A: both systems equally good, past all floors", PAST_FLOORS, PAST_FLOORS, at_most=0.01),
    Row("aa_at_seed", "A/A at .84 / .82 / 5 %", SEED_GAIN, SEED_GAIN, at_most=0.01),
    Row("aa_unlike", "A/A, rankings less alike", PAST_FLOORS, PAST_FLOORS, alike=0.1, at_most=0.01),
    Row("aa_alike", "A/A, rankings more alike", PAST_FLOORS, PAST_FLOORS, alike=0.9, at_most=0.01),
    Row("seed_gain", ".84 / .82 / 5 % against .68 / .71 / 14 %", LIVE, SEED_GAIN, at_least=0.90),
    Row("seed_gain_unlike", "the same, rankings less alike", LIVE, SEED_GAIN, alike=0.1, at_least=0.90),
    Row("seed_gain_alike", "the same, rankings more alike", LIVE, SEED_GAIN, alike=0.9, at_least=0.90),
    Row(
        "seed_gain_8_cells",
        "the same, with the unions of cells that `evaluate` also judges",
        LIVE,
        SEED_GAIN,
        layout=even_layout(500, coarse=True),
        at_least=0.90,
    ),
    Row("at_floors", "exactly at the floors (.80 / .78 / 8 %) against .68 / .71 / 14 %", LIVE, FLOORS),
    Row(
        "cold_harm",
        "better on average, recall@3 down by .10 in one cold cell of 125",
        *ELSEWHERE,
        apart={"unseen_cold": COLD_FALLS},
        at_most=0.01,
    ),
    Row(
        "cold_harm_both",
        "the same in both cold cells",
        *ELSEWHERE,
        apart={"unseen_cold": COLD_FALLS, "seen_cold": COLD_FALLS},
        at_most=0.01,
    ),
    Row(
        "cold_harm_unlike",
        "one cold cell of 125, rankings less alike",
        *ELSEWHERE,
        apart={"unseen_cold": COLD_FALLS},
        alike=0.1,
        at_most=0.01,
    ),
    Row(
        "cold_harm_small_cell",
        "one cold cell of 60, which is judged by its mean",
        *ELSEWHERE,
        apart={"unseen_cold": COLD_FALLS},
        layout=layout(SMALL_COLD),
    ),
)

_SLIGHTLY_WORSE = (Truth(0.85, 0.83, 0.05), Truth(0.83, 0.82, 0.055))

OPEN: tuple[Scenario, ...] = (
    Scenario("recall_floor", "recall@3 .78, floor .80", Truth(0.60, 0.66, 0.18), Truth(0.78, 0.80, 0.06)),
    Scenario("bad_top1_ceiling", "bad top-1 10 %, ceiling 8 %", LIVE, Truth(0.83, 0.81, 0.10)),
    Scenario(
        "three_floors", "all three floors missed by a little", Truth(0.60, 0.64, 0.18), Truth(0.785, 0.767, 0.095)
    ),
    Scenario("gain", "a gain of .020 and .013", Truth(0.86, 0.847, 0.035), Truth(0.88, 0.86, 0.03)),
    Scenario("one_cell", "recall@3 down by .02 in one cell", *ELSEWHERE, apart={"unseen_cold": _SLIGHTLY_WORSE}),
    Scenario(
        "two_cells",
        "recall@3 down by .02 in two cells",
        *ELSEWHERE,
        apart={"unseen_cold": _SLIGHTLY_WORSE, "seen_cold": _SLIGHTLY_WORSE},
    ),
)
"""Scenarios in which a typical test set of 500 queries leaves a rule open."""
