"""Titles and help articles in, proposed pairs out, which train only after a reviewer accepted them.

A proposal is a text that a shopper could have typed for one document, made from its metadata by a named generator.
Pending ones do nothing. Accepted ones become pairs; of rejected ones the document becomes a hard negative of the text.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Literal

import numpy as np

from mangaassist.core.types import DocId, Pair
from mangaassist.data import Article, Title
from mangaassist.pairs.article_texts import heading_text, rule_text, rules_of
from mangaassist.pairs.near_duplicates import normalise
from mangaassist.pairs.rules import DropReason, PairsReport
from mangaassist.pairs.title_texts import alias_text, author_text, clause_text, clauses_of, facets_text

GeneratorName = Literal["facets", "author", "alias", "description", "article_heading", "article_rule"]
Status = Literal["pending", "accepted", "rejected"]


BARREN_ROUNDS = 8
"""Rounds in a row that bring nothing new, after which the metadata counts as exhausted: draws repeat by chance, too."""


@dataclass(frozen=True, slots=True)
class SyntheticPair:
    """A text made from a document's metadata, and what a reviewer says of it.

    generator: a GeneratorName, or the name of one that is no more: what it wrote was decided on and stays.
    reviewer: empty while pending.
    """

    id: str
    query_text: str
    doc_id: DocId
    generator: str
    status: Status = "pending"
    reviewer: str = ""


@dataclass(frozen=True, slots=True)
class _Source:
    """One document and generator: writes a text with what it draws, or none if the metadata says too little."""

    doc_id: DocId
    generator: GeneratorName
    write: Callable[[np.random.Generator], str | None]


def generate_synthetic(
    titles: Iterable[Title], articles: Iterable[Article], *, amount: int, rng: np.random.Generator
) -> list[SyntheticPair]:
    """Up to `amount` different proposals, fewer if the metadata yields no more; all pending.

    Every document and generator is asked once, in an order drawn from `rng`, before any is asked again. An id depends
    on generator, document and text alone, so that the same proposal is known again.
    """
    sources = _sources(sorted(titles, key=lambda title: title.title_id), sorted(articles, key=lambda a: a.article_id))
    found: dict[str, SyntheticPair] = {}
    barren_rounds = 0
    while sources and barren_rounds < BARREN_ROUNDS and len(found) < amount:
        before = len(found)
        for place in rng.permutation(len(sources)):
            text = sources[place].write(rng)
            if text is None or len(found) >= amount:
                continue
            proposal = _proposal(sources[place], text)
            found.setdefault(proposal.id, proposal)
        barren_rounds = barren_rounds + 1 if len(found) == before else 0
    return list(found.values())


def synthetic_pairs(
    reviewed: Sequence[SyntheticPair], known: Iterable[DocId], *, dropped_generators: Sequence[str] = ()
) -> PairsReport:
    """A pair for every accepted proposal of a known document; the others are counted as dropped."""
    documents = frozenset(known)
    dropped: Counter[DropReason] = Counter()
    pairs = []
    for proposal in sorted(reviewed, key=lambda proposal: proposal.id):
        if proposal.status != "accepted":
            dropped[proposal.status] += 1
        elif proposal.doc_id not in documents:
            dropped["unknown_document"] += 1
        elif proposal.generator in dropped_generators:
            dropped["dropped_generator"] += 1
        else:
            pairs.append(as_pair(proposal))
    return PairsReport(pairs, {"synthetic": len(reviewed)}, dict(sorted(dropped.items())), 0, 0.0)


def as_pair(proposal: SyntheticPair) -> Pair:
    """The pair that a proposal would train as; evidence is its id."""
    return Pair(proposal.query_text, proposal.doc_id, "synthetic", evidence=(proposal.id,))


def with_rejected(pairs: Iterable[Pair], reviewed: Iterable[SyntheticPair]) -> list[Pair]:
    """The pairs, of any source, with the documents that were rejected for their text among their negatives."""
    rejected: dict[str, list[DocId]] = {}
    for proposal in sorted(reviewed, key=lambda proposal: proposal.id):
        if proposal.status == "rejected":
            rejected.setdefault(normalise(proposal.query_text), []).append(proposal.doc_id)

    def joined(pair: Pair) -> Pair:
        more = [doc_id for doc_id in rejected.get(normalise(pair.query_text), ()) if doc_id != pair.positive]
        return replace(pair, negatives=tuple(dict.fromkeys((*pair.negatives, *more)))) if more else pair

    return [joined(pair) for pair in pairs]


def _proposal(source: _Source, text: str) -> SyntheticPair:
    digest = sha256(f"{source.generator}\n{source.doc_id}\n{normalise(text)}".encode()).hexdigest()
    return SyntheticPair(f"syn-{digest[:20]}", text, source.doc_id, source.generator)


def _sources(titles: Sequence[Title], articles: Sequence[Article]) -> list[_Source]:
    """Every document with every generator of its kind."""
    sources = []
    for title in titles:
        doc_id, clauses = DocId(title.title_id), clauses_of(title.description)
        sources += [
            _Source(doc_id, "facets", partial(facets_text, title)),
            _Source(doc_id, "author", partial(author_text, title)),
            _Source(doc_id, "alias", partial(alias_text, title)),
            _Source(doc_id, "description", partial(clause_text, clauses)),
        ]
    for article in articles:
        doc_id, rules = DocId(article.article_id), rules_of(article.body)
        sources += [
            _Source(doc_id, "article_heading", partial(heading_text, article)),
            _Source(doc_id, "article_rule", partial(rule_text, rules)),
        ]
    return sources
