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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
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
DOCUMENTS = 400
SETTINGS = MonitorSettings()
EARLY_DAYS = 5
"""A young release: four days of reference, one of window, exchanged by session."""

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

DRIFTS: Mapping[str, tuple[str, Mapping[str, Any], tuple[str, ...]]] = {
    "zero_click": ("40 % → 50 % of seen searches without a click", {"zero_click": 0.50}, ("zero_click_rate",)),
    "reformulation": ("12 % → 20 % of searches reformulated", {"reformulated": 0.20}, ("reformulation_rate",)),
    "scores": (
        "top scores lower by 0.03",
        {"score": 0.59},
        tuple(f"score_distribution:{intent}" for intent in INTENTS),
    ),
    "intents": ("15 % of searches become FAQ", {"intents": (0.36, 0.19, 0.10, 0.35)}, ("intent_mix",)),
    "head": ("best sellers' log-weight + 0.6", {"head": 0.6}, ("head_share",)),
    "vocabulary": ("3 % → 8 % of words unknown", {"unknown_words": 0.08}, ("unknown_vocabulary_share",)),
    "degraded": ("3 % of answers degraded", {"degraded": 0.03}, ("degraded_share",)),
    "latency": ("answers 1.5 times as slow", {"latency": 1.5}, ("latency_p99",)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "monitoring.json")
    parser.add_argument("--runs", type=int, default=500, help="series, and runs of every drift")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.process_time()
    for found in measured(options.runs, options.seed):
        found |= {"cpu_seconds": round(time.process_time() - started, 1), "machine": machine()}
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if options.json.parent.name == "results":
        rebuild("monitoring", table(found), PAGE)


def measured(runs: int, seed: int) -> Iterator[dict[str, Any]]:
    """False alarms of series and of looks at a young release, and the power against every drift, as they come."""
    found: dict[str, Any] = {"runs": runs, "seed": seed, "false_alarms": {}, "power": {}, "young_release": {}}
    for name, shop in QUIET.items():
        found["false_alarms"][name] = series(shop, runs, seed)
        yield found
        if not found["power"]:
            for drift in DRIFTS:
                found["power"][drift] = power(drift, runs, seed)
                yield found
        found["young_release"][name] = early_looks(shop, runs, seed)
        yield found


def series(shop: Shop, runs: int, seed: int) -> dict[str, Any]:
    """Of so many lives of a release without drift: in how many any of the daily looks alarmed."""
    alarmed, looked, looks_alarmed = 0, 0, 0
    reference, window, looks = SETTINGS.reference_days, SETTINGS.window_days, SETTINGS.looks
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        days = [day_tally(shop, FIRST_DAY + timedelta(days=day), rng) for day in range(reference + window - 1 + looks)]
        alarms = [bool(alarms_at(days, reference + number, window)) for number in range(looks)]
        alarmed += any(alarms)
        looked += looks
        looks_alarmed += sum(alarms)
        print(f"\rseries {run + 1} of {runs}, with an alarm {alarmed}", end="", flush=True)
    print()
    return {"series_with_an_alarm": rate(alarmed, runs), "looks_with_an_alarm": looks_alarmed / looked}


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


def early_looks(shop: Shop, runs: int, seed: int) -> dict[str, Any]:
    """Single looks at a release of five days, each a new release."""
    alarmed = 0
    for run in range(runs):
        rng = np.random.default_rng([seed, run, 1])
        days = [FIRST_DAY + timedelta(days=number) for number in range(EARLY_DAYS)]
        sessions = [(day, tally) for day in days for tally in session_tallies_of(shop, day, rng)]
        blocks = session_blocks(
            [each for each in sessions if each[0] != days[-1]], [each for each in sessions if each[0] == days[-1]]
        )
        alarmed += any(each.status == "alarm" for each in compare(blocks, SETTINGS, seed=run))
        print(f"\ryoung releases {run + 1} of {runs}, with an alarm {alarmed}", end="", flush=True)
    print()
    return {"looks_with_an_alarm": rate(alarmed, runs)}


def power(name: str, runs: int, seed: int) -> dict[str, Any]:
    """How often one look finds a drift that began a week before, by its own check and by any."""
    says, changes, wanted = DRIFTS[name]
    shop, found, any_found = Shop(), 0, 0
    for run in range(runs):
        rng = np.random.default_rng([seed, run, 2])
        days = [day_tally(shop, FIRST_DAY + timedelta(days=day), rng) for day in range(SETTINGS.reference_days)]
        drifted = replace(shop, **changes)
        begins = FIRST_DAY + timedelta(days=SETTINGS.reference_days)
        days += [day_tally(drifted, begins + timedelta(days=day), rng) for day in range(SETTINGS.window_days)]
        alarms = alarms_at(days, SETTINGS.reference_days, SETTINGS.window_days)
        found += bool(alarms & set(wanted))
        any_found += bool(alarms)
        print(f"\r{name} {run + 1} of {runs}, found {found}", end="", flush=True)
    print()
    return {"planted": says, "found": rate(found, runs), "any_alarm": any_found / runs}


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
