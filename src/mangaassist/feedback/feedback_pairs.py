"""Settled review items in, pairs of source `feedback` and lexicon entries out, each with the log lines behind it."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from mangaassist.core.types import DocId, Pair
from mangaassist.feedback.review_items import ReviewDecision, ReviewItem
from mangaassist.pairs import DropReason, PairsReport, normalise

Settled = Sequence[tuple[ReviewItem, ReviewDecision]]
"""What `ReviewStore.settled` gives."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """One document for one text, as people decided it. item_id, lines: where that comes from."""

    text: str
    doc_id: DocId
    item_id: str
    lines: tuple[str, ...]


def feedback_pairs(
    settled: Settled, known: Iterable[DocId], *, weight: float, held_out: Collection[str] = ()
) -> PairsReport:
    """A pair for every text of every accepted positive, with the document's lookalikes among its negatives.

    Accepted negatives, and positives that were rejected, are hard negatives of their texts, unless another item has the
    document accepted for that text. held_out: ids of searches that test; a text that failed in none but these makes no
    pair. Evidence of a pair: its item, then its log lines.
    """
    documents = frozenset(known)
    dropped: Counter[DropReason] = Counter()
    positives: list[_Judged] = []
    refused: dict[str, dict[DocId, None]] = {}
    raw = 0
    for item, vote in settled:
        if item.kind not in ("positive", "negative"):
            continue
        raw += 1
        judged = list(_judged(item, vote, frozenset(held_out)))
        is_positive = item.kind == "positive" and item.state == "accepted"
        if not is_positive and (item.kind, item.state) != ("negative", "rejected"):
            for each in judged:
                refused.setdefault(normalise(each.text), {})[each.doc_id] = None
        if not is_positive:
            dropped["rejected"] += item.state == "rejected"
        elif not judged:
            dropped["held_out_for_test" if any(item.evidence.values()) else "not_teachable"] += 1
        elif judged[0].doc_id not in documents:
            dropped["unknown_document"] += 1
        else:
            positives += judged
    for each in positives:
        refused.get(normalise(each.text), {}).pop(each.doc_id, None)
    pairs = [_pair(each, refused, documents, weight) for each in positives]
    return PairsReport(
        pairs, {"reviewed": raw}, {why: count for why, count in sorted(dropped.items()) if count}, 0, 0.0
    )


def lexicon_entries(settled: Settled) -> dict[str, tuple[str, ...]]:
    """Phrase → facets, of the accepted lexicon items as they were edited."""
    return {
        item.phrase: vote.edit.facets if vote.edit and vote.edit.facets else item.facets
        for item, vote in settled
        if item.kind == "lexicon" and item.state == "accepted" and item.phrase
    }


def _judged(item: ReviewItem, vote: ReviewDecision, held_out: frozenset[str]) -> Iterable[_Judged]:
    """The texts of an item that may train, each with the searches behind it that do not test."""
    edit = vote.edit
    doc_id = edit.doc_id if edit and edit.doc_id else item.doc_id
    if doc_id is None:
        return
    for text in edit.texts if edit and edit.texts else item.texts:
        lines = tuple(line for line in item.evidence.get(text, ()) if line not in held_out)
        if lines:
            yield _Judged(text, doc_id, item.id, lines)


def _pair(judged: _Judged, refused: dict[str, dict[DocId, None]], documents: frozenset[DocId], weight: float) -> Pair:
    negatives = refused.get(normalise(judged.text), {})
    return Pair(
        query_text=judged.text,
        positive=judged.doc_id,
        source="feedback",
        weight=weight,
        negatives=tuple(each for each in negatives if each in documents),
        evidence=(judged.item_id, *judged.lines),
    )
