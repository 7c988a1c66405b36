"""Searches in, counts that can be added up out: by day, or by session.

Every figure of the watch is a function of such counts, so that days can be stored, added and exchanged. They hold no
text.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Final, TypeAlias

from mangaassist.monitoring.searches import Search
from mangaassist.queries import folded, words

Tally: TypeAlias = Counter[str]
"""Name of a count → how often. Some come in families: `intent:faq`, `score:faq:57`, `latency:12`, `top3:ID`."""

UNKNOWN_INTENT: Final = "unknown"
SCORE_STEP: Final = 0.02
SLOWEST_MS: Final = 60_000.0
LATENCY_EDGES: Final = tuple(0.25 * 1.08**step for step in range(math.ceil(math.log(SLOWEST_MS / 0.25, 1.08)) + 1))
"""Upper ends of the latency bins, in ms: 8 % apart, which is how exact a percentile is."""


def daily_tallies(
    searches: Sequence[Search], vocabulary: Collection[str], days: Iterable[date], *, within_s: float
) -> dict[date, Tally]:
    """The counts of each of these days (UTC), also of those without a search."""
    found: dict[date, Tally] = {day: Counter() for day in days}
    reformulated = reformulated_searches(searches, within_s=within_s)
    for search in searches:
        if search.at.date() in found:
            found[search.at.date()].update(tally_of(search, vocabulary, reformulated))
    return found


def session_tallies(
    searches: Sequence[Search], vocabulary: Collection[str], *, within_s: float
) -> list[tuple[date, Tally]]:
    """The counts of each session, with the day it began; a search of nobody's session is one by itself."""
    found: dict[str, tuple[date, Tally]] = {}
    reformulated = reformulated_searches(searches, within_s=within_s)
    for search in searches:
        key = f"session {search.session}" if search.session else f"search {search.query_id}"
        _, tally = found.setdefault(f"{search.at.date()} {key}", (search.at.date(), Counter()))
        tally.update(tally_of(search, vocabulary, reformulated))
    return list(found.values())


def tally_of(search: Search, vocabulary: Collection[str], reformulated: Collection[str]) -> dict[str, int]:
    """The counts of one search."""
    intent = search.intent or UNKNOWN_INTENT
    typed = words(search.text)
    counts = {
        "searches": 1,
        f"intent:{intent}": 1,
        "degraded": int(search.is_degraded),
        "seen": int(search.is_seen),
        "zero_click": int(search.is_seen and not search.is_clicked),
        "in_session": int(search.session is not None),
        "reformulated": int(search.query_id in reformulated),
        "words": len(typed),
        "unknown_words": sum(word not in vocabulary for word in typed),
        f"latency:{latency_bin(search.latency_ms)}": 1,
        **{f"top3:{doc_id}": 1 for doc_id in search.top3},
    }
    if search.top_score is not None and not search.is_degraded:
        counts[f"score:{intent}:{math.floor(search.top_score / SCORE_STEP)}"] = 1
    return {name: count for name, count in counts.items() if count}


def latency_bin(latency_ms: float) -> int:
    """The bin whose upper end is the first of `LATENCY_EDGES` above the latency."""
    return min(bisect_right(LATENCY_EDGES, latency_ms), len(LATENCY_EDGES) - 1)


def reformulated_searches(searches: Iterable[Search], *, within_s: float) -> set[str]:
    """Ids of searches without a click that their session followed, so soon, with another text."""
    last: dict[str, Search] = {}
    found: set[str] = set()
    for search in searches:
        if search.session is None:
            continue
        before = last.get(search.session)
        if before and _is_reformulation(before, search, timedelta(seconds=within_s)):
            found.add(before.query_id)
        last[search.session] = search
    return found


def _is_reformulation(before: Search, after: Search, within: timedelta) -> bool:
    is_soon = after.at - before.at <= within
    return is_soon and not before.is_clicked and folded(before.text) != folded(after.text)
