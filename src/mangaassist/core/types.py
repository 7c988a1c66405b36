"""The nouns every stage shares; each is a value, none knows a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NewType, TypeAlias

import numpy as np
import numpy.typing as npt

QueryId = NewType("QueryId", str)
DocId = NewType("DocId", str)
GroupId = NewType("GroupId", str)

Vectors: TypeAlias = npt.NDArray[np.float32]
"""(n, d) float32; unit length unless a docstring says otherwise."""

Qrels: TypeAlias = Mapping[QueryId, Mapping[DocId, int]]
"""Judged relevance: query id → document id → grade; grade ≥ 1 is relevant, 0 is judged and not relevant."""

Run: TypeAlias = Mapping[QueryId, Mapping[DocId, float]]
"""System output: query id → document id → score; equal scores are ordered by document id."""

Groups: TypeAlias = Mapping[QueryId, GroupId]
"""Which queries belong together (one reference title, one FAQ, near-duplicates): intervals resample these."""

Intent = Literal["recommendation", "product_discovery", "product_question", "faq", "other"]
DocumentKind = Literal["title", "article", "document"]
Device = Literal["auto", "cpu", "cuda"]
"""Where gradients train; auto: on a GPU if there is one. Another device gives other floats, so another artefact."""

PairSource = Literal["click", "cart", "editorial", "synthetic", "feedback", "judgement", "corpus"]

INTENTS: tuple[Intent, ...] = ("recommendation", "product_discovery", "product_question", "faq", "other")
PAIR_SOURCES: tuple[PairSource, ...] = ("click", "cart", "editorial", "synthetic", "feedback", "judgement", "corpus")

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told (what is being done, units done, units in all); the command line draws it, tests ignore it."""


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Say nothing: the default of every function that can report progress."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is known of a query's documents besides their vectors, in the corpus' order.

    bonus (documents,): added to the score, in units of cosine; None adds nothing.
    allowed (documents,): whether each may be returned; None allows all.
    """

    bonus: npt.NDArray[np.float32] | None = None
    allowed: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One user text. `intent` is None where nobody said."""

    query_id: QueryId
    text: str
    intent: Intent | None = None
    group: GroupId | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One retrievable title or help article: `heading` is its name, `text` what is encoded."""

    doc_id: DocId
    text: str
    heading: str = ""
    kind: DocumentKind = "document"


@dataclass(frozen=True, slots=True)
class Pair:
    """A query text and a document that answers it, with where that knowledge comes from.

    weight: how much it counts in training, > 0.  negatives: documents known not to answer it (skipped, judged 0).
    client: the hashed client behind it, empty where there is none.  at: when it was seen.
    evidence: the log lines it was made of (query ids or event ids), so that a release can be traced back to them.
    """

    query_text: str
    positive: DocId
    source: PairSource
    weight: float = 1.0
    negatives: tuple[DocId, ...] = ()
    query_id: QueryId | None = None
    client: str = ""
    at: datetime | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A pair ready to train: every known positive of its query is named, so that none is used as a negative.

    client: the hashed client behind it, empty where there is none.
    """

    query_text: str
    positive: DocId
    hard_negatives: tuple[DocId, ...]
    also_positive: tuple[DocId, ...]
    weight: float
    source: PairSource
    client: str = ""


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Documents, queries and judgements that belong together, e.g. one BEIR folder.

    qrels: split name → judged relevance. Queries of one group never stand in two splits that are compared.
    """

    name: str
    documents: Sequence[Document]
    queries: Mapping[QueryId, Query]
    qrels: Mapping[str, Qrels]
