"""A search log in, its newest searches out as a test set of click evidence, and what of the log must not train.

`newest` says which searches that are.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from mangaassist.core.errors import LeakageError
from mangaassist.core.types import DocId, GroupId, Groups, Pair, PairSource, Qrels, Query, QueryId
from mangaassist.pairs.log_frames import UsableSearch, log_of, usable_searches
from mangaassist.pairs.near_duplicates import normalise
from mangaassist.pairs.newest import is_held_out, mark_newest
from mangaassist.pairs.rules import LiveLogRules, PairRules
from mangaassist.pairs.splits import split_groups
from mangaassist.pairs.visits import read_visits

_GRADES: dict[PairSource, int] = {"click": 1, "cart": 2}


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The searches of the newest sessions. since: the day from which on sessions are held out; None: none is.

    event_ids: everything that happened in these sessions.
    """

    since: date | None
    query_ids: frozenset[QueryId]
    event_ids: frozenset[str]

    @property
    def ids(self) -> frozenset[str]:
        """Every query and event id that no pair may name."""
        return self.query_ids | self.event_ids


@dataclass(frozen=True, slots=True)
class LiveLogTest:
    """The usable held-out searches, one query each, with what their shoppers chose and passed over.

    Two things hang together, the searches of a session and those of near-duplicate texts. Joining both at once would
    chain nearly everything into one group, so they are told apart: an interval is the wider of the two.
    positions: where the documents of a query stood, from 1, as far as the log says.
    """

    queries: Sequence[Query]
    qrels: Qrels
    sessions: Groups
    texts: Groups
    positions: Mapping[QueryId, Mapping[DocId, int]] = field(default_factory=dict)


def hold_out_newest(queries: pl.DataFrame, events: pl.DataFrame, rules: LiveLogRules) -> HeldOut:
    """The searches of the sessions that began on the newest days; tables as for `click_pairs`.

    None is held out of a log of so few days that the share is less than one.
    """
    with log_of(queries, events) as db:
        read_visits(db)
        since = mark_newest(db, rules)
        searches = db.execute("FROM held_searches").fetchall()
        happened = db.execute(f"SELECT event_id FROM events WHERE {is_held_out(since)}").fetchall()
    return HeldOut(since, frozenset(QueryId(found) for (found,) in searches), frozenset(found for (found,) in happened))


def training_events(events: pl.DataFrame, held_out: HeldOut) -> pl.DataFrame:
    """The events that were not held out: what anything but the test may look at."""
    return events.filter(~pl.col("event_id").is_in(list(held_out.event_ids)))


def live_log_test(
    queries: pl.DataFrame, events: pl.DataFrame, held_out: HeldOut, rules: PairRules, *, known: Collection[DocId]
) -> LiveLogTest:
    """A query for every held-out search that the rules find usable, if it led to a document that is still `known`.

    Searches are not merged by text: each counts as often as shoppers type it, and who skipped what another bought says
    so of a need of their own. A client's repeats of one text beyond `max_repeats` are left out, as in training.
    """
    searches = usable_searches(queries, events, rules, among=held_out.query_ids)
    qrels, kept = {}, []
    for search in _first_repeats(searches, rules.max_repeats):
        grades = click_grades(search.pairs)
        grades = {doc_id: grade for doc_id, grade in grades.items() if doc_id in known}
        if any(grades.values()):
            qrels[search.query_id] = grades
            kept.append(search)
    found = [Query(search.query_id, search.text) for search in kept]
    sessions = {search.query_id: GroupId(search.session) for search in kept}
    positions = {search.query_id: search.positions for search in kept}
    return LiveLogTest(found, qrels, sessions, split_groups(found), positions)


def click_grades(pairs: Iterable[Pair]) -> dict[DocId, int]:
    """What one search says of documents: 2 bought or wished for, 1 clicked, 0 passed over.

    Raises LeakageError for a pair of any other source: only what shoppers did may judge, never what was made up.
    """
    grades: dict[DocId, int] = {}
    for pair in pairs:
        if pair.source not in _GRADES:
            raise LeakageError(
                f"{pair.source} pair {pair.query_text!r} → {pair.positive!r} is no shopper's act and cannot be in a "
                "live-log test set; build it from the search log alone"
            )
        for doc_id, grade in ((pair.positive, _GRADES[pair.source]), *((doc_id, 0) for doc_id in pair.negatives)):
            grades[doc_id] = max(grade, grades.get(doc_id, 0))
    return grades


def _first_repeats(searches: Iterable[UsableSearch], most: int) -> list[UsableSearch]:
    """The searches without a client's repeats of one text beyond the first ones; `searches` are in time order."""
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for search in searches:
        key = (search.client, normalise(search.text))
        seen[key] += 1
        if seen[key] <= most:
            kept.append(search)
    return kept
