"""How often `mangaassist monitor` cries wolf, and what it finds: `python -m benchmarks.monitoring --json FILE`.

A simulated shop: sessions of one or more searches, each session and each day with habits of its own, weekends unlike
weekdays, an encoder that is away for a moment now and then. One series is a release's life: 14 days of reference, then
30 daily looks at the last 7 days. False alarms are counted in series where nothing changes but these habits; power at
one look, a week after one thing changed. Every look goes through the code that `monitor` runs.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.monitor_settings import MonitorSettings
from mangaassist.monitoring import Tally, compare, day_blocks, session_blocks
from mangaassist.monitoring.checks import checks_for
from mangaassist.monitoring.tallies import SCORE_STEP, latency_bin

PAGE = "docs/monitoring.md"
FIRST_DAY = date(2026, 9, 7)
INTENTS = ("recommendation", "product_discovery", "product_question", "faq")
DOCUMENTS = 200
SETTINGS = MonitorSettings()
EARLY_DAYS = 5
"""A young release: four days of reference, one of window, exchanged by session."""

ROUND = 10
"""Runs of every row before the next row's: what is written down meanwhile is of equally many runs."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shop:
    """Habits. daily: standard deviation of what is a day's own, on the logit or log scale; sessionly: of a session's.

    weekend: how much more, on the logit scale, is left without a click on Saturdays and Sundays.
    """

    sessions: float = 250.0
    daily: float = 0.05
    sessionly: float = 0.5
    weekend: float = 0.2
    intents: tuple[float, ...] = (0.45, 0.25, 0.10, 0.20)
    zero_click: float = 0.40
    reformulated: float = 0.12
    score: float = 0.62
    head: float = 0.0
    unknown_words: float = 0.03
    degraded: float = 0.001
    latency: float = 1.0


QUIET: Mapping[str, Shop] = {"days and weekends differ": Shop(), "days alike": Shop(daily=0.0, weekend=0.0)}
"""Shops in which nothing drifts."""


@dataclass(frozen=True)
class Drift:
    """What changes. checks: any of these should find it."""

    says: str
    changes: Mapping[str, Any]
    checks: tuple[str, ...]


DRIFTS: Mapping[str, Drift] = {
    "zero_click": Drift("40 % → 50 % of seen searches without a click", {"zero_click": 0.50}, ("zero_click_rate",)),
    "reformulation": Drift("12 % → 20 % of searches reformulated", {"reformulated": 0.20}, ("reformulation_rate",)),
    "scores": Drift(
        "top scores lower by 0.05", {"score": 0.57}, tuple(f"score_distribution:{intent}" for intent in INTENTS)
    ),
    "intents": Drift("15 % of searches become FAQ", {"intents": (0.36, 0.19, 0.10, 0.35)}, ("intent_mix",)),
    "head": Drift("best sellers' log-weight + 0.6", {"head": 0.6}, ("head_share",)),
    "vocabulary": Drift("3 % → 8 % of words unknown", {"unknown_words": 0.08}, ("unknown_vocabulary_share",)),
    "degraded": Drift("3 % of answers degraded", {"degraded": 0.03}, ("degraded_share",)),
    "latency": Drift("answers 1.5 times as slow", {"latency": 1.5}, ("latency_p99",)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "monitoring.json")
    parser.add_argument("--runs", type=int, default=500, help="series, young releases, and runs of every drift")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts: dict[str, Counter[str]] = {name: Counter() for name in ROWS}
    started = time.process_time()
    for begun in range(0, options.runs, ROUND):
        runs = min(begun + ROUND, options.runs)
        for name, row in ROWS.items():
            for run in range(begun, runs):
                counts[name].update(row(run, options.seed))
            print(f"\r{runs} of {options.runs} runs: {name:40}", end="", flush=True)
        spent = round(time.process_time() - started, 1)
        found = {**measured(counts, runs), "seed": options.seed, "cpu_seconds": spent, "machine": machine()}
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print()
    if options.json.parent.name == "results":
        rebuild("monitoring", table(json.loads(options.json.read_bytes())), PAGE)


def measured(counts: Mapping[str, Mapping[str, int]], runs: int) -> dict[str, Any]:
    """What so many runs of every row have found."""
    return {
        "runs": runs,
        "false_alarms": {
            name: {
                "series_with_an_alarm": rate(counts[f"series, {name}"]["alarmed"], runs),
                "looks_with_an_alarm": counts[f"series, {name}"]["looks_alarmed"] / (runs * SETTINGS.looks),
            }
            for name in QUIET
        },
        "young_release": {
            name: {"looks_with_an_alarm": rate(counts[f"young, {name}"]["alarmed"], runs)} for name in QUIET
        },
        "power": {
            name: {
                "planted": drift.says,
                "found": rate(counts[f"drift, {name}"]["found"], runs),
                "any_alarm": counts[f"drift, {name}"]["alarmed"] / runs,
            }
            for name, drift in DRIFTS.items()
        },
    }


def series(shop: Shop, run: int, seed: int) -> dict[str, int]:
    """One life of a release without drift: whether any of the daily looks alarmed, and how many did."""
    rng = np.random.default_rng([seed, run])
    reference, window, looks = SETTINGS.reference_days, SETTINGS.window_days, SETTINGS.looks
    days = [day_tally(shop, FIRST_DAY + timedelta(days=day), rng) for day in range(reference + window - 1 + looks)]
    alarms = sum(bool(alarms_at(days, reference + number, window)) for number in range(looks))
    return {"alarmed": int(alarms > 0), "looks_alarmed": alarms}


def young(shop: Shop, run: int, seed: int) -> dict[str, int]:
    """One look at a release of five days without drift."""
    rng = np.random.default_rng([seed, run, 1])
    days = [FIRST_DAY + timedelta(days=number) for number in range(EARLY_DAYS)]
    sessions = [(day, tally) for day in days for tally in session_tallies_of(shop, day, rng)]
    reference = [each for each in sessions if each[0] != days[-1]]
    blocks = session_blocks(reference, [each for each in sessions if each[0] == days[-1]])
    return {"alarmed": int(any(each.status == "alarm" for each in compare(blocks, SETTINGS, seed=run)))}


def drifted(drift: Drift, run: int, seed: int) -> dict[str, int]:
    """One look a week after a drift began: whether its own check found it, and whether any alarmed."""
    rng = np.random.default_rng([seed, run, 2])
    reference = SETTINGS.reference_days
    days = [day_tally(Shop(), FIRST_DAY + timedelta(days=day), rng) for day in range(reference)]
    changed = replace(Shop(), **drift.changes)
    begins = FIRST_DAY + timedelta(days=reference)
    days += [day_tally(changed, begins + timedelta(days=day), rng) for day in range(SETTINGS.window_days)]
    alarms = alarms_at(days, reference, SETTINGS.window_days)
    return {"found": int(bool(alarms & set(drift.checks))), "alarmed": int(bool(alarms))}


ROWS: Mapping[str, Callable[[int, int], dict[str, int]]] = {
    **{f"series, {name}": partial(series, shop) for name, shop in QUIET.items()},
    **{f"young, {name}": partial(young, shop) for name, shop in QUIET.items()},
    **{f"drift, {name}": partial(drifted, drift) for name, drift in DRIFTS.items()},
}
"""What is run so many times, each with its run's own seed."""


def alarms_at(days: Sequence[Tally], begins: int, count: int) -> set[str]:
    """The alarms of one look at `count` days from day number `begins` on, against the reference days.

    Where no change matters none can alarm, and its chance need not be measured.
    """
    numbered = {FIRST_DAY + timedelta(days=number): tally for number, tally in enumerate(days)}
    dates = list(numbered)
    reference = {day: numbered[day] for day in dates[: SETTINGS.reference_days]}
    window = {day: numbered[day] for day in dates[begins : begins + count]}
    blocks = day_blocks(reference, window)
    sides = blocks.counts.total(~blocks.is_window), blocks.counts.total(blocks.is_window)
    if not any(check.change >= check.least for check in checks_for(*sides, SETTINGS)):
        return set()
    return {each.name for each in compare(blocks, SETTINGS, seed=0) if each.status == "alarm"}


def rate(count: int, runs: int) -> dict[str, float]:
    """A share with its exact 95 % interval (Clopper and Pearson)."""
    low = float(beta.ppf(0.025, count, runs - count + 1)) if count else 0.0
    high = float(beta.ppf(0.975, count + 1, runs - count)) if count < runs else 1.0
    return {"rate": count / runs, "low": low, "high": high}


def day_tally(shop: Shop, day: date, rng: np.random.Generator) -> Tally:
    """A day's counts."""
    return counted(searches_of(shop, day, rng))


def session_tallies_of(shop: Shop, day: date, rng: np.random.Generator) -> list[Tally]:
    """The same by session."""
    searches = searches_of(shop, day, rng)
    ends = np.flatnonzero(np.diff(searches["session"])) + 1
    parts = {name: np.split(values, ends) for name, values in searches.items()}
    return [counted({name: each[number] for name, each in parts.items()}) for number in range(len(ends) + 1)]


def searches_of(shop: Shop, day: date, rng: np.random.Generator) -> dict[str, Numbers]:
    """One row per search of a day."""
    sessions = int(rng.poisson(shop.sessions * np.exp(shop.daily * rng.normal()))) + 1
    session = np.repeat(np.arange(sessions), 1 + rng.poisson(0.6, sessions))
    count, weekend = len(session), shop.weekend * (day.weekday() >= 5)

    def happens(share: float, more: float = 0.0) -> Numbers:
        logit = np.log(share / (1 - share)) + more + shop.daily * rng.normal()
        own = shop.sessionly * rng.normal(size=sessions)[session]
        return np.asarray(rng.random(count) < 1 / (1 + np.exp(-logit - own)), dtype=np.float64)

    mix = np.array(shop.intents) * np.exp(shop.daily * rng.normal(size=len(INTENTS)))
    seen = happens(0.9)
    is_outage = rng.random() < 0.05 and shop.daily > 0
    shown = popularity(shop, rng)
    return {
        "session": session.astype(np.float64),
        "intent": rng.choice(len(INTENTS), size=sessions, p=mix / mix.sum())[session].astype(np.float64),
        "score": shop.score
        + 0.1 * shop.daily * rng.normal()
        + 0.05 * rng.normal(size=sessions)[session]
        + 0.08 * rng.normal(size=count),
        "seen": seen,
        "zero_click": seen * happens(shop.zero_click, weekend),
        "reformulated": happens(shop.reformulated),
        "unknown_words": rng.binomial(
            4, 0.999 * np.minimum(1, shop.unknown_words * rng.gamma(2, 0.5, sessions)[session])
        ).astype(np.float64),
        "degraded": (rng.random(count) < shop.degraded + 0.01 * is_outage).astype(np.float64),
        "latency": 4.0 * shop.latency * np.exp(shop.daily * rng.normal() + 0.35 * rng.normal(size=count)),
        **{f"top{place}": rng.choice(DOCUMENTS, size=count, p=shown).astype(np.float64) for place in range(3)},
    }


def popularity(shop: Shop, rng: np.random.Generator) -> Numbers:
    """How often each document is shown on one day."""
    weight = 1.0 / (10 + np.arange(DOCUMENTS)) * np.exp(2 * shop.daily * rng.normal(size=DOCUMENTS))
    weight[:10] *= np.exp(shop.head)
    return np.asarray(weight / weight.sum())


def counted(searches: Mapping[str, Numbers]) -> Tally:
    """The counts, by the names that `monitor` gives them."""
    count = len(searches["session"])
    tally: Tally = Counter({"searches": count, "in_session": count, "words": 4 * count})
    tally.update({name: int(searches[name].sum()) for name in ("seen", "zero_click", "reformulated")})
    tally.update({name: int(searches[name].sum()) for name in ("unknown_words", "degraded")})
    answered = searches["degraded"] == 0
    for number, intent in enumerate(INTENTS):
        own = searches["intent"] == number
        tally[f"intent:{intent}"] += int(own.sum())
        _family(tally, f"score:{intent}", np.floor(searches["score"][own & answered] / SCORE_STEP))
    _family(tally, "latency", np.array([latency_bin(each) for each in searches["latency"]]))
    for place in range(3):
        _family(tally, "top3", searches[f"top{place}"])
    return tally


def _family(tally: Tally, name: str, values: npt.NDArray[Any]) -> None:
    for value, count in zip(*np.unique(values, return_counts=True), strict=True):
        tally[f"{name}:{int(value)}"] += int(count)


def table(found: Mapping[str, Any]) -> str:
    """The tables of docs/monitoring.md."""
    here = found["machine"]
    lines = [
        f"{found['runs']} runs a row, about {1.6 * Shop().sessions:.0f} searches a day, {here['cores']} shared cores, "
        f"{here['date']}; in brackets 95 % intervals:",
        "",
        "| nothing drifts, and | series of 30 looks with an alarm | looks with one | looks at a five-day-old release |",
        "|---|---|---|---|",
    ]
    for name, numbers in found["false_alarms"].items():
        early = found["young_release"][name]["looks_with_an_alarm"]
        looks = f"{numbers['looks_with_an_alarm']:.2%}"
        lines.append(f"| {name} | {shown(numbers['series_with_an_alarm'])} | {looks} | {shown(early)} |")
    lines += ["", "| what changed a week ago | found at one look |", "|---|---|"]
    lines += [f"| {each['planted']} | {shown(each['found'])} |" for each in found["power"].values()]
    return "\n".join(lines)


def shown(rate: Mapping[str, float]) -> str:
    """A share in percent with its interval."""
    return f"{rate['rate']:.1%} [{rate['low']:.1%}, {rate['high']:.1%}]"


if __name__ == "__main__":
    main()
