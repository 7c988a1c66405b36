"""The counts of reference and window in, the checks that they allow out: what is watched, and how far it has moved.

What is a head title, a slow answer or a low score is read from both sides together: so an exchange of days between the
two changes nothing about it, and the chance of a change can be measured by exchanging days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mangaassist.core.monitor_settings import MonitorSettings
from mangaassist.monitoring.tallies import LATENCY_EDGES, SCORE_STEP

HEAD_SHARE: Final = 0.01
FEWEST_HEAD: Final = 10
"""The head is the most shown hundredth of the documents, at least ten of them."""

SLOW: Final = 0.99
SCORE_LEVELS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Where the distribution of scores is compared: the shares below these quantiles of both sides together."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share that can be told of any set of counts: those named `part` over those named `whole`."""

    part: frozenset[str]
    whole: frozenset[str]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is watched.

    shares: what chance is measured on, the largest move of them.  is_two_sided: a fall is as bad as a rise.
    reference, window: the figures that people are told, in `unit`.  change: what has to reach `least` to matter.
    psi: population stability index, of a distribution.
    """

    name: str
    unit: str
    shares: Sequence[Share]
    is_two_sided: bool
    reference: float
    window: float
    change: float
    least: float
    psi: float | None = None


def checks_for(reference: Mapping[str, int], window: Mapping[str, int], settings: MonitorSettings) -> list[Check]:
    """The checks that have `settings.fewest` counts on both sides."""
    sides = _Sides(reference, window, settings.fewest)
    found = [_score_check(intent, sides, settings) for intent in sides.intents() if sides.has(f"score:{intent}:")]
    if sides.has("intent:"):
        found.append(_intent_check(sides, settings))
    for name, part, whole, least in (
        ("zero_click_rate", "zero_click", "seen", settings.least_zero_click),
        ("reformulation_rate", "reformulated", "in_session", settings.least_reformulation),
        ("unknown_vocabulary_share", "unknown_words", "words", settings.least_unknown_words),
        ("degraded_share", "degraded", "searches", settings.least_degraded),
    ):
        if sides.has(whole):
            found.append(sides.rise(name, "share", Share(frozenset({part}), frozenset({whole})), least))
    if sides.has("top3:"):
        share = Share(frozenset(_head(sides)), frozenset(sides.names("top3:")))
        found.append(sides.rise("head_share", "share of the top 3", share, settings.least_head_share))
    if sides.has("latency:"):
        found.append(_latency_check(sides, settings))
    return found


class _Sides:
    """The counts of both sides, by name."""

    def __init__(self, reference: Mapping[str, int], window: Mapping[str, int], fewest: int) -> None:
        self.both, self._fewest = (reference, window), fewest
        self._families: dict[str, list[str]] = {}
        for name in {*reference, *window}:
            self._families.setdefault(_family(name), []).append(name)

    def names(self, family: str) -> list[str]:
        """The names of a family, or the name itself, by number where they are numbered."""
        return sorted(self._families.get(family, ()), key=_number)

    def has(self, family: str) -> bool:
        """Whether both sides have enough counts of it."""
        names = self.names(family)
        return all(sum(side.get(name, 0) for name in names) >= self._fewest for side in self.both)

    def counts(self, names: Iterable[str]) -> list[npt.NDArray[np.float64]]:
        """Their counts, of each side."""
        names = list(names)
        return [np.array([side.get(name, 0) for name in names], dtype=np.float64) for side in self.both]

    def intents(self) -> list[str]:
        """Those that scores are known of."""
        return sorted(family.split(":")[1] for family in self._families if family.startswith("score:"))

    def rise(self, name: str, unit: str, share: Share, least: float) -> Check:
        """A share that should not rise."""
        told = [
            float(part.sum() / max(whole.sum(), 1))
            for part, whole in zip(self.counts(share.part), self.counts(share.whole), strict=True)
        ]
        return Check(name, unit, (share,), False, told[0], told[1], told[1] - told[0], least)


def _family(name: str) -> str:
    """What a count is one of: `score:faq:57` is of `score:faq:`, `top3:ID` of `top3:`, `searches` of itself."""
    first, colon, rest = name.partition(":")
    return f"{first}:{rest.partition(':')[0]}:" if first == "score" else first + colon


def _number(name: str) -> tuple[float, str]:
    last = name.rsplit(":", 1)[-1]
    return (float(last) if last.lstrip("-").isdigit() else 0.0, name)


def _score_check(intent: str, sides: _Sides, settings: MonitorSettings) -> Check:
    """The first results' scores of one intent; the change is Kolmogorov and Smirnov's distance."""
    family = f"score:{intent}:"
    names, counts = sides.names(family), sides.counts(sides.names(family))
    levels = [np.cumsum(side) / side.sum() for side in counts]
    pooled = np.cumsum(sum(counts)) / sum(side.sum() for side in counts)
    cuts = {int(np.searchsorted(pooled, level)) for level in SCORE_LEVELS} - {len(names) - 1}
    middles = np.array([(_number(name)[0] + 0.5) * SCORE_STEP for name in names])
    return Check(
        name=f"score_distribution:{intent}",
        unit="mean top score",
        shares=[Share(frozenset(names[: cut + 1]), frozenset(names)) for cut in sorted(cuts)],
        is_two_sided=True,
        reference=float(counts[0] @ middles / counts[0].sum()),
        window=float(counts[1] @ middles / counts[1].sum()),
        change=float(np.abs(levels[0] - levels[1]).max()),
        least=settings.least_score_distance,
        psi=population_stability(*counts),
    )


def _intent_check(sides: _Sides, settings: MonitorSettings) -> Check:
    """What shoppers ask for; the change is the share of searches that would have to change their intent."""
    names, counts = sides.names("intent:"), sides.counts(sides.names("intent:"))
    shares = [side / side.sum() for side in counts]
    moved = int(np.abs(shares[1] - shares[0]).argmax())
    return Check(
        name="intent_mix",
        unit=f"share of {names[moved].partition(':')[2]}",
        shares=[Share(frozenset({name}), frozenset({"searches"})) for name in names],
        is_two_sided=True,
        reference=float(shares[0][moved]),
        window=float(shares[1][moved]),
        change=float(np.abs(shares[1] - shares[0]).sum() / 2),
        least=settings.least_intent_distance,
        psi=population_stability(*counts),
    )


def _head(sides: _Sides) -> list[str]:
    names = sides.names("top3:")
    shown = dict(zip(names, np.sum(sides.counts(names), axis=0), strict=True))
    return sorted(names, key=lambda name: (-shown[name], name))[: max(FEWEST_HEAD, round(HEAD_SHARE * len(names)))]


def _latency_check(sides: _Sides, settings: MonitorSettings) -> Check:
    """The share of answers slower than the 99th percentile of all; people are told each side's own percentile."""
    names, counts = sides.names("latency:"), sides.counts(sides.names("latency:"))
    pooled = np.cumsum(sum(counts)) / sum(side.sum() for side in counts)
    slow = Share(frozenset(names[int(np.searchsorted(pooled, SLOW)) + 1 :]), frozenset(names))
    rise = sides.rise("latency_p99", "ms", slow, settings.least_slow)
    told = [
        LATENCY_EDGES[int(_number(names[int(np.searchsorted(np.cumsum(side) / side.sum(), SLOW))])[0])]
        for side in counts
    ]
    return Check(rise.name, rise.unit, rise.shares, False, told[0], told[1], rise.change, rise.least)


def population_stability(reference: npt.NDArray[np.float64], window: npt.NDArray[np.float64]) -> float:
    """PSI of ordered counts, by tenths of the reference; half a count is added to each."""
    tenths = np.minimum((np.cumsum(reference) - reference / 2) / reference.sum() * 10, 9).astype(int)
    grouped = [np.bincount(tenths, weights=side, minlength=10) + 0.5 for side in (reference, window)]
    p, q = (side / side.sum() for side in grouped)
    return float(((q - p) * np.log(q / p)).sum())
