"""Query text in, one composed query out: the same for training, evaluation and serving.

TitleResolver(titles).named(text)        the titles that a text names: "like Berserk but kinder" → {berserk}
QueryReader(titles, doc_ids).read(text)  references, facets asked for and turned down, what may be returned
Composer(documents, titles)              a reading → what speaks for each document besides its vector
compose_vectors(base, references, w)     a query's vector joined with those of the titles it names
"""

from mangaassist.queries.compose import PLAIN, SIGNALS, Composer, CompositionWeights, compose_vectors
from mangaassist.queries.facets import Facet, FacetIndex, facet_of, facets_of
from mangaassist.queries.lexical import LexicalIndex
from mangaassist.queries.lexicon import (
    LEXICON_FILE,
    Lexicon,
    Meaning,
    built_in_lexicon,
    lexicon_of,
    phrases_of,
    read_lexicon,
)
from mangaassist.queries.reading import QueryReader, Reading
from mangaassist.queries.references import TitleResolver
from mangaassist.queries.wishes import Wishes, wishes_of
from mangaassist.queries.words import folded, words

__all__ = [
    "LEXICON_FILE",
    "PLAIN",
    "SIGNALS",
    "Composer",
    "CompositionWeights",
    "Facet",
    "FacetIndex",
    "LexicalIndex",
    "Lexicon",
    "Meaning",
    "QueryReader",
    "Reading",
    "TitleResolver",
    "Wishes",
    "built_in_lexicon",
    "compose_vectors",
    "facet_of",
    "facets_of",
    "folded",
    "lexicon_of",
    "phrases_of",
    "read_lexicon",
    "wishes_of",
    "words",
]
