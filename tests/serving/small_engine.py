"""Ten documents and a hashing encoder in, a whole engine out: real composition and search, answers one can foresee."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mangaassist.adapter import Adapter
from mangaassist.core.types import DocId, Query, QueryId, Vectors
from mangaassist.data import Article, Title, documents
from mangaassist.evaluation import ranked
from mangaassist.queries import Composer, CompositionWeights
from mangaassist.retrieval import ComposedSearch
from mangaassist.serving import Answer, AnswerShelf, Result, RetrieveRequest, ShelfTitle
from mangaassist.shelves import Arrangement, make_shelves

DIMENSION = 512
RELEASE = "embed-adapter-v00"
ENCODER = "hashed-words@1"
TITLES = [
    Title(title_id="berserk", title="Berserk", genres=("fantasy",), tones=("dark", "brutal"), age_rating="mature"),
    Title(title_id="claymore", title="Claymore", genres=("fantasy",), tones=("dark",), age_rating="teen"),
    Title(title_id="frieren", title="Frieren", genres=("fantasy",), tones=("gentle",), age_rating="all"),
    Title(title_id="yotsuba", title="Yotsuba", genres=("comedy",), tones=("cozy",), age_rating="all"),
    Title(title_id="barakamon", title="Barakamon", genres=("slice of life",), tones=("cozy",), age_rating="all"),
    Title(title_id="monster", title="Monster", genres=("thriller",), tones=("dark",), age_rating="mature"),
    Title(title_id="pluto", title="Pluto", genres=("science fiction",), tones=("sad",), age_rating="teen"),
]
ARTICLES = [
    Article(article_id="split", title="Why an order is split", body="Preorders ship when they come out."),
    Article(article_id="returns", title="Returns", body="Send a book back within thirty days."),
    Article(article_id="gift", title="Gift cards", body="A gift card never expires."),
]


def hashed_words(texts: Sequence[str]) -> Vectors:
    """Unit vectors that share what the texts share in words."""
    rows = np.zeros((len(texts), DIMENSION), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.casefold().split() or [""]:
            digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
            rows[row, int.from_bytes(digest[:2], "big") % DIMENSION] += 1.0
        rows[row, 0] += 0.01
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


class SmallEngine:
    """An exact engine over ten documents."""

    answers_at_once = 4

    def __init__(self) -> None:
        self._documents = documents(TITLES, ARTICLES, enrich="all")
        self._by_id = {document.doc_id: document for document in self._documents}
        ids = [document.doc_id for document in self._documents]
        base = hashed_words([document.text for document in self._documents])
        weights = CompositionWeights(reference=1.0, lexical=0.3, reference_facets=0.5)
        composer = Composer(self._documents, TITLES)
        self._adapter = Adapter("identity", DIMENSION)
        rows = [ids.index(DocId(title.title_id)) for title in TITLES]
        made = make_shelves(TITLES, base[rows], release=RELEASE, encoder_id=ENCODER)
        self._shelves = Arrangement(made, [ids[row] for row in rows], lambda _: base[:0])
        self._search = ComposedSearch.over(composer, weights, self._adapter, ids, base)

    def answer(self, request: RetrieveRequest, *, query_id: str) -> Answer:
        started = time.perf_counter()
        query = Query(QueryId(query_id), request.query, request.intent)
        base = hashed_words([request.query])
        encoded = time.perf_counter()
        run = self._search.run([query], base, depth=len(self._by_id))[query.query_id]
        kinds = request.filters.kinds
        found = [self._result(doc_id, run[doc_id]) for doc_id in ranked(run)]
        results = tuple(result for result in found if not kinds or result.kind in kinds)[: request.k]
        ended = time.perf_counter()
        return Answer(
            query_id=query_id,
            release=RELEASE,
            intent=request.intent,
            intent_confidence=request.intent_confidence,
            degraded=False,
            results=results,
            shelves=self._shelves_for(run) if request.intent == "recommendation" else (),
            latency_ms=(ended - started) * 1000,
            stages_ms={"encode": (encoded - started) * 1000, "search": (ended - encoded) * 1000},
        )

    def expect(self, request: RetrieveRequest) -> None:
        """Nothing to begin with."""

    def embed(self, texts: Sequence[str], kind: str) -> tuple[Vectors, str, str]:
        adapt = self._adapter.adapt_queries if kind == "query" else self._adapter.adapt_documents
        return adapt(hashed_words(texts)), RELEASE, ENCODER

    def info(self) -> Mapping[str, Any]:
        return {"release": RELEASE, "encoder_id": ENCODER, "documents": len(self._documents)}

    def is_ready(self) -> bool:
        return True

    def _shelves_for(self, run: Mapping[DocId, float]) -> tuple[AnswerShelf, ...]:
        def title(doc_id: DocId) -> ShelfTitle:
            return ShelfTitle(doc_id, self._by_id[doc_id].heading, None)

        return tuple(
            AnswerShelf(
                each.shelf.id, each.shelf.name, each.shelf.facets, each.score, tuple(map(title, each.standings))
            )
            for each in self._shelves.suiting(run, lambda _: False)
        )

    def _result(self, doc_id: Any, score: float) -> Result:
        document = self._by_id[doc_id]
        kind: Any = document.kind
        return Result(str(doc_id), kind, document.heading, document.text[:1000], None, {}, score, ("vector",))
