"""Training pairs and test queries in, a loud failure out if the first know anything of the second.

Five things leak, whatever else is in a pair:

- a test query id, as the pair's query or in its evidence;
- a held-out search of the log: its query id or any event of its session, likewise;
- a test judgement: a person's pair with a test query's very text and a document judged for that query;
- synthetic text that is a near-duplicate of a test query;
- an editorial pair of a title that a test query names as its reference, or the mirror image of such a judgement: the
  reference as the answer to a title that is relevant to it.

A click-log query that is merely near a test query is no leak: that is what "seen" means, and its cell is scored apart.
For the same reason no text is held against those of held-out searches: shoppers type the same texts every week.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mangaassist.core.errors import DataError, LeakageError
from mangaassist.core.types import DocId, Pair, Qrels, Query, QueryId
from mangaassist.pairs.near_duplicates import JACCARD, NearDuplicateIndex, normalise

LeakageRule = Literal[
    "test query id", "held-out search", "test judgement", "synthetic text near a test query", "editorial reference"
]

NamedTitles = Callable[[str], Collection[DocId]]
"""The titles that a text names, e.g. "manga like Berserk" → {berserk}: the resolver that also serves."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One pair that knows something of a test query, and the rule it breaks.

    test_query_id: of a held-out search, the query or event id that the pair names.
    """

    rule: LeakageRule
    pair: Pair
    test_query_id: QueryId

    def __str__(self) -> str:
        return (
            f"{self.rule}: {self.pair.source} pair {self.pair.query_text!r} → {self.pair.positive!r} "
            f"(query id {self.pair.query_id!r}) leaks test query {self.test_query_id!r}"
        )


def check_no_leakage(
    pairs: Sequence[Pair],
    test_queries: Collection[Query],
    test_qrels: Qrels,
    *,
    named_titles: NamedTitles | None = None,
    held_out: Collection[str] = frozenset(),
    threshold: float = JACCARD,
) -> None:
    """Nothing, if no pair leaks; else raises LeakageError that names the first offending pair, its rule and the count.

    named_titles: needed where there are editorial pairs; DataError without it, because they could not be checked.
    held_out: query and event ids of the log's held-out searches.
    """
    leaks = find_leaks(
        pairs, test_queries, test_qrels, named_titles=named_titles, held_out=held_out, threshold=threshold
    )
    if leaks:
        raise LeakageError(
            f"{len(leaks)} of {len(pairs)} training pairs know the test set; the first: {leaks[0]}; leave them out of "
            "training (`drop_leaks`) or test on other queries"
        )


def drop_leaks(
    pairs: Sequence[Pair],
    test_queries: Collection[Query],
    test_qrels: Qrels,
    *,
    named_titles: NamedTitles | None = None,
    threshold: float = JACCARD,
) -> tuple[list[Pair], list[Leak]]:
    """(pairs that may train, leaks left out): for sources that are made before anybody knows the test set."""
    leaks = find_leaks(pairs, test_queries, test_qrels, named_titles=named_titles, threshold=threshold)
    leaking = {id(leak.pair) for leak in leaks}
    return [pair for pair in pairs if id(pair) not in leaking], leaks


def find_leaks(
    pairs: Iterable[Pair],
    test_queries: Collection[Query],
    test_qrels: Qrels,
    *,
    named_titles: NamedTitles | None = None,
    held_out: Collection[str] = frozenset(),
    threshold: float = JACCARD,
) -> list[Leak]:
    """Every leaking pair with the first rule it breaks, in the order of the pairs."""
    detector = _Detector(list(test_queries), test_qrels, named_titles, frozenset(held_out), threshold)
    return [leak for pair in pairs if (leak := detector.leak_of(pair)) is not None]


class _Detector:
    """What the rules look up about the test set, gathered once."""

    def __init__(
        self,
        queries: Sequence[Query],
        qrels: Qrels,
        named_titles: NamedTitles | None,
        held_out: frozenset[str],
        threshold: float,
    ) -> None:
        self._queries = queries
        self._qrels = qrels
        self._named_titles = named_titles
        self._held_out = held_out
        self._ids = {query.query_id for query in queries} | set(qrels)
        self._near = NearDuplicateIndex([query.text for query in queries], threshold=threshold)
        self._with_text: dict[str, list[QueryId]] = {}
        self._naming: dict[DocId, list[QueryId]] = {}
        for query in queries:
            self._with_text.setdefault(normalise(query.text), []).append(query.query_id)
            for title in self._references(query):
                self._naming.setdefault(title, []).append(query.query_id)

    def leak_of(self, pair: Pair) -> Leak | None:
        """The first rule that the pair breaks, with the test query it knows."""
        rules: tuple[tuple[LeakageRule, Iterator[QueryId]], ...] = (
            ("test query id", self._named_among(self._ids, pair)),
            ("held-out search", self._named_among(self._held_out, pair)),
            ("test judgement", self._judged(pair)),
            ("synthetic text near a test query", self._near_synthetic(pair)),
            ("editorial reference", self._editorial(pair)),
        )
        for rule, test_query_ids in rules:
            for test_query_id in test_query_ids:
                return Leak(rule, pair, test_query_id)
        return None

    def _named_among(self, ids: Collection[str], pair: Pair) -> Iterator[QueryId]:
        named = (pair.query_id, *pair.evidence)
        return (QueryId(name) for name in named if name and name in ids)

    def _judged(self, pair: Pair) -> Iterator[QueryId]:
        if pair.source in ("judgement", "feedback"):
            said = {pair.positive, *pair.negatives}
            for query_id in self._with_text.get(normalise(pair.query_text), ()):
                if said & set(self._qrels.get(query_id, ())):
                    yield query_id

    def _near_synthetic(self, pair: Pair) -> Iterator[QueryId]:
        if pair.source == "synthetic":
            yield from (self._queries[position].query_id for position in self._near.matches(pair.query_text))

    def _editorial(self, pair: Pair) -> Iterator[QueryId]:
        if pair.source != "editorial":
            return
        if self._named_titles is None:
            raise DataError(
                f"editorial pair {pair.query_text!r} → {pair.positive!r} cannot be checked for leakage without "
                "`named_titles`; pass the resolver that finds the titles a text names"
            )
        references = self._named_titles(pair.query_text)
        for reference in references:
            yield from self._naming.get(reference, ())
        for query_id in self._naming.get(pair.positive, ()):
            if any(self._qrels.get(query_id, {}).get(reference, 0) >= 1 for reference in references):
                yield query_id

    def _references(self, query: Query) -> set[DocId]:
        """The titles that a test query names: in its text, or as its known reference."""
        named = set(self._named_titles(query.text)) if self._named_titles is not None else set()
        known = query.metadata.get("reference")
        return named | {DocId(known)} if known else named
