"""`python -m benchmarks.experiments [--json FILE]`: how often a report cries wolf, and how many sessions it needs.

Sessions are shopped by rule: one to three queries, two releases of given quality, lists drafted by the code that serves
and credited by the code that reports; a shopper reads on from a result with probability .8, clicks a fitting one with
.5 and any other with .05. Runs draw whole sessions from those that clicked; without a difference each is drawn as it is
or with its teams exchanged. Every look asks the confidence sequence of the report, and beside it the usual interval of
a mean ± 1.96 standard errors, which is meant for one look.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import DocId
from mangaassist.experiments import confidence_sequence, team_draft
from mangaassist.experiments.outcomes import arm_differences, preference
from mangaassist.experiments.retained import LoggedQuery, Session

PAGE: Final = "docs/experiments.md"
SEED: Final = 0
RUNS, DAYS, A_DAY = 2_000, 60, 50
SHOPPED: Final = 20_000
K, DOCUMENTS, FITTING = 10, 40, 6
READS_ON, CLICKS_FITTING, CLICKS_OTHER = 0.8, 0.5, 0.05
QUALITIES: Final = (0.9, 0.75, 0.5)
"""How much noisier live ranks than a candidate would whose noise is 1; smaller is a better candidate."""

PREFERENCES: Final = (0.05, 0.1, 0.2)
CANARY_SHARES: Final = (0.1, 0.5)

Values = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def main() -> None:
    """Simulate, and print the tables into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "experiments.json")
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    rng = np.random.default_rng(SEED)
    here = machine()
    outcomes = {quality: shopped(rng, quality) for quality in (1.0, *QUALITIES)}
    found = {
        "machine": here,
        "runs": given.runs,
        "days": DAYS,
        "sessions_a_day": A_DAY,
        "false_alarms": false_alarms(rng, outcomes[1.0], given.runs),
        "canary_false_alarms": {str(share): canary_alarms(rng, share, given.runs) for share in CANARY_SHARES},
        "sessions_needed": {str(each): needed(rng, by_rule(each), given.runs // 10) for each in PREFERENCES},
        "simulated": {str(quality): needed(rng, outcomes[quality], given.runs // 10) for quality in QUALITIES},
    }
    write_atomic(given.json, canonical_json(found))
    text = page(found)
    rebuild("experiments", text, PAGE)
    print(text)


def shopped(rng: np.random.Generator, quality: float) -> Values:
    """The values of sessions that clicked: 1 for the candidate, whose ranking's noise is `quality` times live's."""
    found = (preference(session(rng, number, quality)) for number in range(SHOPPED))
    return np.array([each.value for each in found if each is not None], dtype=np.float64)


def session(rng: np.random.Generator, number: int, quality: float) -> Session:
    """One session through the draft and its shopper's clicks."""
    queries, clicked = [], {}
    for place in range(int(rng.integers(1, 4))):
        query_id = f"{number}-{place}"
        fitting = np.zeros(DOCUMENTS)
        fitting[:FITTING] = 1.0
        live, candidate = (ranked(rng, fitting, noise) for noise in (1.0, quality))
        slots = team_draft(live, candidate, k=K, seed=query_id)
        teams = {str(slot.id): slot.team for slot in slots}
        queries.append(LoggedQuery(query_id, str(number), float(place), {}, teams))
        clicked[query_id] = frozenset(clicks(rng, [slot.id for slot in slots], fitting))
    return Session(str(number), tuple(queries), clicked)


def ranked(rng: np.random.Generator, fitting: Values, noise: float) -> list[DocId]:
    order = np.argsort(-(fitting + noise * rng.normal(size=DOCUMENTS)))[:K]
    return [DocId(str(document)) for document in order]


def clicks(rng: np.random.Generator, shown: Sequence[DocId], fitting: Values) -> list[str]:
    found = []
    for doc_id in shown:
        if rng.random() < (CLICKS_FITTING if fitting[int(doc_id)] else CLICKS_OTHER):
            found.append(doc_id)
        if rng.random() > READS_ON:
            break
    return [str(each) for each in found]


def by_rule(preferred: float) -> Values:
    """Half of the sessions prefer somebody, the candidate by so much more."""
    wins = round(1000 * (0.5 + preferred) / 2)
    return np.array([1.0] * wins + [-1.0] * (500 - wins) + [0.0] * 500)


def alarms(values: Values, low: float, high: float) -> tuple[Bools, Bools]:
    """After each value, whether ours and the usual interval leave zero out."""
    sequence, counts = confidence_sequence(values, low=low, high=high), np.arange(1, len(values) + 1)
    mean = np.cumsum(values) / counts
    error = np.sqrt(np.maximum(np.cumsum(values**2) / counts - mean**2, 0.0) / np.maximum(counts - 1, 1))
    return sequence.excludes(0.0), np.abs(mean) > 1.96 * error


def looked(values: Values, low: float, high: float) -> tuple[bool, bool]:
    """Whether either interval leaves zero out at the end of any day."""
    looks = A_DAY * np.arange(1, DAYS + 1) - 1
    ours, usual = alarms(values, low, high)
    return bool(ours[looks].any()), bool(usual[looks].any())


def rates(found: Sequence[tuple[bool, bool]]) -> dict[str, float]:
    """Shares of the runs."""
    return {name: float(np.mean([each[place] for each in found])) for place, name in enumerate(("ours", "usual"))}


def false_alarms(rng: np.random.Generator, outcomes: Values, runs: int) -> dict[str, float]:
    """Interleaving two releases of one quality; the exchange makes the truth exactly zero."""
    size = DAYS * A_DAY
    return rates([looked(rng.choice(outcomes, size) * rng.choice((-1.0, 1.0), size), -1.0, 1.0) for _ in range(runs)])


def canary_alarms(rng: np.random.Generator, share: float, runs: int) -> dict[str, float]:
    """A canary that changes nothing, while the share of sessions with a click swings with the weeks."""
    size, bound = DAYS * A_DAY, 1 / min(share, 1 - share)
    rate, found = 0.5 + 0.2 * np.sin(2 * np.pi * np.arange(size) / (7 * A_DAY)), []
    for _ in range(runs):
        drawn, clicked = rng.random(size) < share, rng.random(size) < rate
        found.append(looked(arm_differences(drawn, clicked, share=share), -bound, bound))
    return rates(found)


def needed(rng: np.random.Generator, outcomes: Values, runs: int) -> dict[str, float]:
    """Sessions with a click after which ours finds the better release in half and in 80 % of the runs.

    betting: the same 80 % by the hedged capital process.  one_look: what a test at one fixed moment needs for 80 %,
    planned with the true difference in hand.
    """
    true, variance = float(outcomes.mean()), float(outcomes.var())
    one_look = variance * (1.96 + 0.8416) ** 2 / true**2
    most = int(20 * one_look)
    ours, betting = [], []
    for _ in range(runs):
        values = rng.choice(outcomes, most)
        first = confidence_sequence(values, low=-1.0, high=1.0).first_outside(0.0)
        ours.append(float("inf") if first is None else first)
        betting.append(hedged_capital(values))
    half, most_runs = np.quantile(ours, (0.5, 0.8))
    found = {"preference": true, "half": half, "most": most_runs, "betting": np.quantile(betting, 0.8)}
    return {name: float(each) for name, each in {**found, "one_look": np.ceil(one_look)}.items()}


def hedged_capital(values: Values) -> float:
    """After how many values the hedged capital process refuses a mean of zero; infinity if it never does.

    Source: Waudby-Smith and Ramdas 2023, "Estimating means of bounded random variables by betting": the hedged capital
    process with predictable plug-in bets, truncated at one half.
    """
    unit, counts = (values + 1) / 2, np.arange(1, len(values) + 1)
    mean = (0.5 + np.cumsum(unit)) / (counts + 1)
    variance = (0.25 + np.cumsum((unit - mean) ** 2)) / (counts + 1)
    before = np.concatenate([[0.25], variance[:-1]])
    bets = np.minimum(np.sqrt(2 * np.log(2 / 0.05) / (before * counts * np.log(counts + 1))), 1.0)
    up, down = (np.cumsum(np.log1p(sign * bets * (unit - 0.5))) for sign in (1, -1))
    refused = np.flatnonzero(np.maximum(up, down) - np.log(2) > np.log(1 / 0.05))
    return float(refused[0] + 1) if len(refused) else float("inf")


def page(found: dict[str, object]) -> str:
    """Both tables as the page has them."""
    here: dict[str, str] = found["machine"]  # type: ignore[assignment]
    alarm: dict[str, float] = found["false_alarms"]  # type: ignore[assignment]
    canary: dict[str, dict[str, float]] = found["canary_false_alarms"]  # type: ignore[assignment]
    rows = [("interleaving", alarm), *((f"canary, share {share}", each) for share, each in canary.items())]
    lines = [
        f"{found['runs']:,} runs without a difference, a look after each of {DAYS} days of {A_DAY} sessions, "
        f"{here['cores']} shared cores, {here['date']}: how often zero was ever left out.\n",
        "| | this report | a usual 95 % interval |\n|---|---|---|",
        *(f"| {name} | {each['ours']:.1%} | {each['usual']:.1%} |" for name, each in rows),
        "\nSessions with a click until the better release is found, looking after each:\n",
        "| true preference | in half of the runs | in 80 % | betting instead, 80 % | one planned look, 80 % |",
        "|---|---|---|---|---|",
    ]
    for kind in ("sessions_needed", "simulated"):
        table: dict[str, dict[str, float]] = found[kind]  # type: ignore[assignment]
        for each in table.values():
            name = f"{each['preference']:+.2f}" + (" (simulated shoppers)" if kind == "simulated" else "")
            figures = (f"{each[column]:,.0f}" for column in ("half", "most", "betting", "one_look"))
            lines.append(f"| {name} | {' | '.join(figures)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
