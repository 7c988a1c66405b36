"""A cluster of failed searches in, what a reviewer may make of it out: positives, hard negatives, gaps, words.

Every proposal says why, in a sentence, and names the log lines behind it. Nothing trains before a person took it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import numpy as np

from mangaassist.core.types import DocId, Vectors
from mangaassist.feedback.cluster_wishes import ClusterWishes
from mangaassist.feedback.clusters import FailureCluster
from mangaassist.feedback.review_items import ItemKind, ReviewItem
from mangaassist.feedback.rules import FeedbackRules
from mangaassist.feedback.shelf import ProposalShelf, names_in
from mangaassist.queries import Facet

EVIDENCE: Final = 20
"""Log lines kept of each text, half of them the oldest: the newest may be held out for testing."""

ENOUGH: Final = 0.6
"""Share of what a cluster wants that a title must have to be proposed."""

NEAR: Final = 0.8
"""Nearness, from 0 of the farthest to 1 of the nearest document, from which one is proposed for its meaning alone."""

CLICKED_ENOUGH: Final = 0.1
"""Share of the clicks on the most clicked document from which a click is no accident; and two shoppers at least."""

OFTEN: Final = 0.1
"""Share of a cluster's failed searches that must have shown a document among the first three to call it a lookalike."""

FIRST: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """A cluster with everything that proposals are made of.

    texts: those shown to the reviewer, the most typed first.  evidence: text → ids of its failed searches.
    shown_first: document → failed searches that had it among the first three.  found_later: document → clients whose
    last click of the kind it was: in the next try, or in such a search if no other try followed.  searches: failed
    searches in all.
    """

    cluster: FailureCluster
    texts: tuple[str, ...]
    evidence: Mapping[str, tuple[str, ...]]
    shown_first: Mapping[DocId, int]
    found_later: Mapping[DocId, int]
    searches: int
    wishes: ClusterWishes
    centre: Vectors
    asks_for: str


def propose_items(failure: Failure, shelf: ProposalShelf, rules: FeedbackRules) -> list[ReviewItem]:
    """The items of one cluster: positives, hard negatives and, where nothing fits, the gap; most useful first."""
    ranked = _ranked(failure, shelf)
    positives = [doc_id for doc_id, fits in ranked if fits][: rules.positives]
    found = []
    if _is_gap(failure, shelf, positives):
        found.append(_gap(failure, shelf, [doc_id for doc_id, _ in ranked[:FIRST]]))
    found += [_positive(failure, shelf, doc_id, place) for place, doc_id in enumerate(positives)]
    lookalikes = _lookalikes(failure, shelf, set(positives))[: rules.negatives]
    found += [_negative(failure, shelf, doc_id, place) for place, doc_id in enumerate(lookalikes)]
    return [_with_opinions(item, rules.second_opinions) for item in found]


def _ranked(failure: Failure, shelf: ProposalShelf) -> list[tuple[DocId, bool]]:
    """Documents of the kind asked for, best first, with whether each fits: clicked later, or with what is wanted."""
    rows = shelf.rows_of(failure.asks_for)
    if not len(rows):
        return []
    cosines = shelf.vectors[rows] @ failure.centre
    near = (cosines - cosines.min()) / max(float(np.ptp(cosines)), 1e-9)
    wanted = shelf.share_wanted(failure.wishes)[rows]
    refused = shelf.facets.having(failure.wishes.rejected)[rows]
    doc_ids = [shelf.documents[row].doc_id for row in rows.tolist()]
    clicks = np.array([failure.found_later.get(doc_id, 0) for doc_id in doc_ids], dtype=np.float32)
    clicked = np.log1p(clicks) / max(float(np.log1p(clicks).max()), 1e-9)
    score = 0.5 * near + 1.0 * wanted + 0.5 * clicked - 1.0 * refused
    order = sorted(range(len(rows)), key=lambda place: (-score[place], doc_ids[place]))
    by_words = failure.asks_for == "title" and bool(failure.wishes.wanted)
    enough = max(2.0, CLICKED_ENOUGH * float(clicks.max()))
    return [
        (
            doc_ids[place],
            not refused[place]
            and bool(clicks[place] >= enough or (wanted[place] >= ENOUGH if by_words else near[place] >= NEAR)),
        )
        for place in order[:50]
    ]


def _is_gap(failure: Failure, shelf: ProposalShelf, positives: Sequence[DocId]) -> bool:
    """Whether nobody stocks this: most of the cluster is far from everything, or no title has what it must have."""
    causes, core = failure.cluster.causes, failure.wishes.core
    if 2 * causes.get("catalogue_gap", 0) > sum(causes.values()):
        return True
    if failure.asks_for != "title" or len(core) < 2 or any(doc_id in failure.found_later for doc_id in positives):
        return False
    return not any(shelf.has_all(doc_id, core) for doc_id in positives)


def _lookalikes(failure: Failure, shelf: ProposalShelf, positives: set[DocId]) -> list[DocId]:
    """Documents that were often shown first, that nobody clicked later, and that lack what is asked for."""
    kinds = shelf.kinds()
    found = [
        doc_id
        for doc_id, times in failure.shown_first.items()
        if times >= max(2, OFTEN * failure.searches)
        and doc_id in kinds
        and doc_id not in positives
        and not failure.found_later.get(doc_id)
        and _why_not(failure, shelf, doc_id)
    ]
    return sorted(found, key=lambda doc_id: (-failure.shown_first[doc_id], doc_id))


def _why_not(failure: Failure, shelf: ProposalShelf, doc_id: DocId) -> str:
    """What is wrong with a lookalike; empty where nothing can be said against it."""
    kind = shelf.kinds()[doc_id]
    if kind not in (failure.asks_for, "document"):
        return f"is a {kind}, and they ask for a{'n' if failure.asks_for == 'article' else ''} {failure.asks_for}"
    facets = shelf.facets.of(doc_id)
    refused = facets & set(failure.wishes.rejected)
    if refused:
        return f"is {_and(names_in(shelf.facets, refused))}, which they turn down"
    lacks = failure.wishes.core - facets
    if kind == "title" and lacks:
        shared = facets & set(failure.wishes.wanted)
        has = f"has {_and(names_in(shelf.facets, shared))} but no" if shared else "has no"
        return f"{has} {_or(names_in(shelf.facets, lacks))}"
    if kind == "article" and shelf.documents:
        return "another article answers it" if failure.found_later else ""
    return ""


def _positive(failure: Failure, shelf: ProposalShelf, doc_id: DocId, place: int) -> ReviewItem:
    has = shelf.facets.of(doc_id) & set(failure.wishes.wanted)
    told = []
    if failure.found_later.get(doc_id):
        told.append(f"{_people(failure.found_later[doc_id])} ended with a click on it")
    if has:
        told.append(f"has {_and(names_in(shelf.facets, has))}")
    reason = "; ".join(told) or "is the nearest in meaning"
    return _item(failure, shelf, "positive", doc_id, reason, rank=failure.cluster.hurt + 0.9 - place / 100)


def _negative(failure: Failure, shelf: ProposalShelf, doc_id: DocId, place: int) -> ReviewItem:
    often = f"among the first three in {failure.shown_first[doc_id]} of {failure.searches} failed searches"
    reason = f"{_why_not(failure, shelf, doc_id)}; {often}"
    return _item(failure, shelf, "negative", doc_id, reason, rank=failure.cluster.hurt + 0.6 - place / 100)


def _gap(failure: Failure, shelf: ProposalShelf, nearest: Sequence[DocId]) -> ReviewItem:
    headings = shelf.headings()
    core = names_in(shelf.facets, failure.wishes.core)
    asked = f"no title has {_and(core)} together" if len(core) > 1 else "nothing in the catalogue is near these texts"
    near = ", ".join(headings[doc_id] for doc_id in nearest)
    return _item(failure, shelf, "gap", None, f"{asked}; nearest: {near}", rank=failure.cluster.hurt + 0.95)


def _item(
    failure: Failure, shelf: ProposalShelf, kind: ItemKind, doc_id: DocId | None, reason: str, *, rank: float
) -> ReviewItem:
    details: dict[str, Any] = {
        "cluster": failure.cluster.name,
        "hurt": failure.cluster.hurt,
        "wanted": names_in(shelf.facets, failure.wishes.wanted),
        "rejected": names_in(shelf.facets, failure.wishes.rejected),
    }
    if doc_id is not None:
        named = [shelf.facets.names[facet].replace("_", " ") for facet in sorted(shelf.facets.of(doc_id))]
        details |= {"heading": shelf.headings()[doc_id], "kind": shelf.kinds()[doc_id], "facets": named}
    return ReviewItem(
        id=item_id(kind, failure.cluster.id, doc_id or ""),
        kind=kind,
        reason=reason,
        texts=failure.texts,
        doc_id=doc_id,
        cluster_id=failure.cluster.id,
        evidence={text: kept_lines(failure.evidence.get(text, ())) for text in failure.texts},
        details=details,
        rank=rank,
        is_private=failure.cluster.is_private,
    )


def kept_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The log lines that an item keeps of a text, in their order."""
    return lines if len(lines) <= EVIDENCE else lines[: EVIDENCE // 2] + lines[-(EVIDENCE // 2) :]


def item_id(kind: ItemKind, *parts: str) -> str:
    """The same for the same proposal, so that it is known again next week."""
    told = "\n".join((kind, *parts))
    return f"fb-{sha256(told.encode()).hexdigest()[:20]}"


def _with_opinions(item: ReviewItem, share: float) -> ReviewItem:
    """The item, asking for two reviewers if its id falls among that share of all ids."""
    place = int(sha256(item.id.encode()).hexdigest()[:8], 16) / 16**8
    if place >= share or item.kind == "gap":
        return item
    return ReviewItem(**{name: getattr(item, name) for name in item.__slots__ if name != "needs"}, needs=2)


def facet_counts(documents: Mapping[DocId, int], shelf: ProposalShelf) -> Counter[Facet]:
    """Facet → how many clicks fell on documents that have it."""
    counted: Counter[Facet] = Counter()
    for doc_id, times in documents.items():
        for facet in shelf.facets.of(doc_id):
            counted[facet] += times
    return counted


def _and(names: Sequence[str]) -> str:
    return _joined(names, "and")


def _or(names: Sequence[str]) -> str:
    return _joined(names, "or")


def _joined(names: Sequence[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def _people(count: int) -> str:
    return "1 shopper" if count == 1 else f"{count} shoppers"
