from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mangaassist.monitoring import Search, daily_tallies, session_tallies
from mangaassist.monitoring.tallies import LATENCY_EDGES, latency_bin, reformulated_searches

NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)
KNOWN = frozenset({"dark", "fantasy"})


def search(number: int, text: str = "dark fantasy", *, after_s: float = 0, **others: Any) -> Search:
    told: Mapping[str, Any] = {
        "query_id": f"q{number}",
        "at": NOON + timedelta(seconds=after_s),
        "release": "embed-adapter-v01",
        "text": text,
        "intent": "faq",
        "session": "s",
        "top3": ("a", "b", "c"),
        "top_score": 0.61,
        "latency_ms": 3.0,
        "is_degraded": False,
    }
    return Search(**{**told, **others})


@pytest.mark.parametrize(
    ("second", "is_reformulated"),
    [
        (search(2, "light fantasy", after_s=119), True),
        (search(2, "light fantasy", after_s=121), False),
        (search(2, "Dark  fantasy".replace("  ", " "), after_s=10), False),
        (search(2, "light fantasy", after_s=10, session="t"), False),
        (search(2, "light fantasy", after_s=10, session=None), False),
    ],
)
def test_a_reformulation_is_another_text_soon_after_in_the_same_session(second: Search, is_reformulated: bool) -> None:
    assert reformulated_searches([search(1), second], within_s=120) == ({"q1"} if is_reformulated else set())


def test_a_search_with_a_click_was_not_reformulated() -> None:
    found = reformulated_searches([search(1, is_clicked=True), search(2, "other", after_s=5)], within_s=120)

    assert found == set()


def test_a_day_s_counts_are_those_of_its_searches() -> None:
    searches = [
        search(1, "dark zorbil", is_seen=True),
        search(2, is_seen=True, is_clicked=True, after_s=300, top_score=None),
        search(3, after_s=600, is_degraded=True, session=None, intent=None),
    ]

    found = daily_tallies(searches, KNOWN, [NOON.date(), date(2026, 9, 8)], within_s=120)

    assert found[date(2026, 9, 8)] == {}
    assert found[NOON.date()] == {
        "searches": 3,
        "intent:faq": 2,
        "intent:unknown": 1,
        "seen": 2,
        "zero_click": 1,
        "in_session": 2,
        "degraded": 1,
        "words": 6,
        "unknown_words": 1,
        "score:faq:30": 1,
        f"latency:{latency_bin(3.0)}": 3,
        **{f"top3:{doc_id}": 3 for doc_id in "abc"},
    }


def test_sessions_add_up_to_their_day() -> None:
    searches = [search(1), search(2, after_s=5), search(3, session="t"), search(4, session=None)]

    by_session = session_tallies(searches, KNOWN, within_s=120)

    assert len(by_session) == 3
    summed = sum((tally for _, tally in by_session), start=type(by_session[0][1])())
    assert summed == daily_tallies(searches, KNOWN, [NOON.date()], within_s=120)[NOON.date()]


@pytest.mark.parametrize("latency_ms", [0.0, 0.25, 3.0, 59_999.0, 1e9])
def test_a_latency_is_in_the_bin_that_ends_above_it(latency_ms: float) -> None:
    place = latency_bin(latency_ms)

    assert latency_ms < LATENCY_EDGES[place] or place == len(LATENCY_EDGES) - 1
    assert place == 0 or LATENCY_EDGES[place - 1] <= latency_ms
