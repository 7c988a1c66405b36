"""A cluster's foreign words and its most telling phrase in, lexicon entries for a reviewer out: "iyashikei" → healing.

A word that the catalogue does not speak, or the phrase that most of the cluster's texts say, is taken to mean what else
its texts ask for, what was clicked when shoppers tried other words, and the facets whose vectors are nearest to it; a
facet needs two of the three, or clicks alone.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from mangaassist.core.types import DocId, Vectors
from mangaassist.feedback.naming import terms_of
from mangaassist.feedback.proposals import Failure, facet_counts, item_id, kept_lines
from mangaassist.feedback.review_items import ReviewItem
from mangaassist.feedback.shelf import ProposalShelf, names_in
from mangaassist.feedback.slang import Vocabulary
from mangaassist.queries import Facet, FacetIndex, facet_of

SAID_IN: Final = 0.2
"""Share of a cluster's texts that must have a word to propose it."""

TOLD_BY: Final = 0.5
"""Share of a cluster's texts that must have its most telling phrase to propose it."""

FEWEST_TEXTS: Final = 2
MOST_WORDS: Final = 3
MOST_FACETS: Final = 3
_CLICKED_SHARE: Final = 0.5
_LIFT: Final = 2.0
_NEAREST: Final = 5


def propose_words(
    failure: Failure,
    shelf: ProposalShelf,
    vocabulary: Vocabulary,
    word_vectors: Mapping[str, Vectors],
    facet_vectors: Mapping[Facet, Vectors],
) -> list[ReviewItem]:
    """Lexicon items of one cluster. word_vectors: of the words of `unexplained`; facet_vectors: of all facets."""
    found = []
    clicked = _clicked_facets(failure.found_later, shelf)
    for word, texts in unexplained(failure, shelf.facets, vocabulary).items():
        near = _nearest(word_vectors[word], facet_vectors) if word in word_vectors else []
        votes = Counter(dict.fromkeys(clicked, 2))
        votes.update(dict.fromkeys(failure.wishes.wanted, 1))
        votes.update(dict.fromkeys(near, 1))
        meant = [facet for facet, count in votes.most_common() if count >= 2][:MOST_FACETS]
        if not meant:
            continue
        names = names_in(shelf.facets, dict.fromkeys(meant, 1.0))
        why = [f"{len(texts)} of the {len(failure.texts)} texts say it and the catalogue does not call anything so"]
        why += ["shoppers who tried other words clicked such titles"] if set(meant) & set(clicked) else []
        found.append(
            ReviewItem(
                id=item_id("lexicon", word),
                kind="lexicon",
                reason="; ".join(why),
                texts=tuple(texts),
                phrase=word,
                facets=tuple(names),
                cluster_id=failure.cluster.id,
                evidence={text: kept_lines(failure.evidence.get(text, ())) for text in texts},
                details={"cluster": failure.cluster.name, "hurt": failure.cluster.hurt},
                rank=failure.cluster.hurt + 0.3,
                is_private=failure.cluster.is_private,
            )
        )
    return found[:MOST_WORDS]


def unexplained(failure: Failure, facets: FacetIndex, vocabulary: Vocabulary) -> dict[str, list[str]]:
    """Word or phrase of a cluster that should be explained → the texts that have it: the phrase, then strange words."""
    return {**_telling_phrase(failure, facets, vocabulary), **strange_words(failure.texts, vocabulary)}


def _telling_phrase(failure: Failure, facets: FacetIndex, vocabulary: Vocabulary) -> dict[str, list[str]]:
    """The most telling term that most of the texts say, if neither lexicon nor catalogue has it as a phrase."""
    said = [(text, terms_of(text)) for text in failure.texts]
    least = max(FEWEST_TEXTS, TOLD_BY * len(failure.texts))
    for term in failure.cluster.terms:
        texts = [text for text, terms in said if term in terms]
        if len(texts) >= least:
            return {} if facet_of(term) in facets or vocabulary.understands(term) else {term: texts}
    return {}


def strange_words(texts: tuple[str, ...], vocabulary: Vocabulary) -> dict[str, list[str]]:
    """Slang or romanised word that the catalogue does not speak → the texts that have it, if enough do.

    Other unknown words are ordinary English that happens to stand in no description: they mean no facet.
    """
    holders: dict[str, list[str]] = {}
    for text in texts:
        wording = vocabulary.wording(text)
        for word in dict.fromkeys((*wording.slang, *wording.romanised)):
            holders.setdefault(word, []).append(text)
    least = max(FEWEST_TEXTS, SAID_IN * len(texts))
    kept = {word: held for word, held in holders.items() if len(held) >= least}
    return dict(sorted(kept.items(), key=lambda each: (-len(each[1]), each[0])))


def _clicked_facets(found_later: Mapping[DocId, int], shelf: ProposalShelf) -> list[Facet]:
    """The facets that at least half of the clicks share, and twice as many as of the catalogue; the rarest first."""
    clicks = sum(found_later.values())
    if not clicks:
        return []
    counted = facet_counts(found_later, shelf)
    held = Counter(facet for document in shelf.documents for facet in shelf.facets.of(document.doc_id))
    usual = {facet: count / max(len(shelf.documents), 1) for facet, count in held.items()}
    least = {facet: max(_CLICKED_SHARE, _LIFT * usual[facet]) for facet in counted}
    shared = [facet for facet, times in counted.items() if times / clicks >= least[facet]]
    rarest = shelf.facets.named(shared)
    return sorted(shared, key=lambda facet: rarest.index(shelf.facets.names[facet]))[:MOST_FACETS]


def _nearest(vector: Vectors, facet_vectors: Mapping[Facet, Vectors]) -> list[Facet]:
    cosines = {facet: float(vector @ other) for facet, other in facet_vectors.items()}
    return sorted(cosines, key=lambda facet: (-cosines[facet], facet))[:_NEAREST]
