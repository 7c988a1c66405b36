"""Query text in, what it says about the catalogue out: the same reading for training, evaluation and serving."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from mangaassist.core.intent_kinds import BOTH, KINDS_OF
from mangaassist.core.types import DocId, DocumentKind, Intent
from mangaassist.data import Title
from mangaassist.queries.facets import Facet, FacetIndex
from mangaassist.queries.lexicon import Lexicon, Meaning, built_in_lexicon, phrases_of
from mangaassist.queries.references import TitleResolver
from mangaassist.queries.wishes import wishes_of

REMEMBERED: Final = 16_384
"""Readings kept at hand: evaluation asks for the same ones again and again."""

ASKS_FOR_OTHERS: Final[frozenset[Intent]] = frozenset({"recommendation", "product_discovery"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says. references: titles it names, to find more like them or, asked about, themselves.

    asked: of each phrase that asks for something the facets it means, of which a document needs one.
    hidden: documents that are no answer (a title is not recommended to who asks for more like it).
    kinds: what may be returned; None is everything.
    rest: what is matched as words: what is neither a named title nor a wish; of a question all of it.
    """

    text: str
    rest: str
    references: tuple[DocId, ...] = ()
    asked: frozenset[frozenset[Facet]] = frozenset()
    rejected: frozenset[Facet] = frozenset()
    hidden: frozenset[DocId] = frozenset()
    kinds: frozenset[DocumentKind] | None = None

    @property
    def wanted(self) -> frozenset[Facet]:
        """All facets that are asked for."""
        return frozenset[Facet]().union(*self.asked)


class QueryReader:
    """Reads queries against one catalogue; holds its names, facets and phrases. remembered: readings kept at hand."""

    def __init__(
        self,
        titles: Iterable[Title],
        doc_ids: Sequence[DocId],
        lexicon: Lexicon | None = None,
        *,
        remembered: int = REMEMBERED,
    ) -> None:
        titles = list(titles)
        self.resolver = TitleResolver(titles)
        self.facets = FacetIndex(titles, doc_ids)
        meanings = built_in_lexicon() if lexicon is None else lexicon
        self._phrases = phrases_of(meanings, self.facets.names, self.facets.tones)
        self._longest = max(map(len, self._phrases), default=0)
        # Of values, not of a method: a reader that held itself would wait for the garbage collector.
        read = partial(_read_anew, self.resolver, self._phrases, self._longest)
        self._remembered = lru_cache(maxsize=remembered)(read)

    def read(self, text: str, intent: Intent | None = None) -> Reading:
        """The reading of one text. intent: the router's; None where nobody knows.

        Without an intent, a text that names titles is taken to ask for others like them.
        """
        return self._remembered(text, intent)

    def forget(self) -> None:
        """Read every text anew from now on: for timings."""
        self._remembered.cache_clear()


def _read_anew(
    resolver: TitleResolver,
    phrases: Mapping[tuple[str, ...], Meaning],
    longest: int,
    text: str,
    intent: Intent | None,
) -> Reading:
    resolved = resolver.resolved(text)
    references = resolved.references
    wishes = wishes_of(resolved.rest, phrases, longest=longest)
    asks_for_others = intent is None or intent in ASKS_FOR_OTHERS
    return Reading(
        text,
        rest=wishes.rest if asks_for_others else text,
        references=references,
        asked=wishes.asked,
        rejected=wishes.rejected if asks_for_others else frozenset(),
        hidden=frozenset(references) if asks_for_others else frozenset(),
        kinds=None if intent is None else _kinds_for(intent),
    )


def _kinds_for(intent: Intent) -> frozenset[DocumentKind] | None:
    """The kinds that answer an intent; in a corpus that does not tell kinds apart, any document may."""
    return None if KINDS_OF[intent] == BOTH else frozenset({*KINDS_OF[intent], "document"})
