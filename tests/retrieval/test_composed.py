import numpy as np
import pytest

from mangaassist.adapter import Adapter
from mangaassist.adapter.ladder import IDENTITY_MAP, SideMap
from mangaassist.core.types import Query, QueryId
from mangaassist.data import Article, Title, documents
from mangaassist.evaluation import ranked
from mangaassist.queries import PLAIN, Composer, CompositionWeights
from mangaassist.retrieval import ComposedSearch

TITLES = [
    Title(title_id="berserk", title="Berserk", genres=("fantasy",), tones=("brutal",)),
    Title(title_id="claymore", title="Claymore", genres=("fantasy",), tones=("brutal",)),
    Title(title_id="frieren", title="Frieren", genres=("fantasy",)),
    Title(title_id="yotsuba", title="Yotsuba", genres=("comedy",)),
]
DOCUMENTS = documents(TITLES, [Article(article_id="help", title="Returns")], enrich="all")
BASE = np.array([[1, 0, 0], [0.9, 0.1, 0], [0.8, 0.2, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
BASE /= np.linalg.norm(BASE, axis=1, keepdims=True)
TYPED = np.array([[0, 0.9, 0.1]], dtype=np.float32)


def results(text: str, weights: CompositionWeights, intent: str | None = "recommendation") -> list[str]:
    composer = Composer(DOCUMENTS, TITLES)
    ids = [document.doc_id for document in DOCUMENTS]
    search = ComposedSearch.over(composer, weights, Adapter("identity", 3), ids, BASE)
    query = Query(QueryId("q"), text, intent)  # type: ignore[arg-type]
    return [str(doc_id) for doc_id in ranked(search.run([query], TYPED)[QueryId("q")])]


def test_without_weights_the_vector_decides_and_only_what_may_be_returned_is() -> None:
    assert results("like berserk", PLAIN) == ["yotsuba", "frieren", "claymore"]
    assert "help" in results("like berserk", PLAIN, intent=None)
    assert results("berserk", PLAIN, intent="faq") == ["help"]


def test_a_named_title_draws_the_query_to_titles_like_it() -> None:
    assert results("like berserk", CompositionWeights(reference=4)) == ["frieren", "claymore", "yotsuba"]


def test_what_is_turned_down_falls() -> None:
    weights = CompositionWeights(reference=4, rejected=0.5)

    assert results("like berserk but less brutal", weights)[0] == "frieren"


@pytest.mark.parametrize("intent", ["recommendation", "product_discovery"])
def test_the_named_title_itself_is_never_recommended(intent: str) -> None:
    assert "berserk" not in results("like berserk", CompositionWeights(reference=4, lexical=1), intent=intent)


def test_a_question_about_a_title_finds_it() -> None:
    weights = CompositionWeights(reference=4, lexical=1)

    assert results("is berserk finished", weights, intent="product_question")[0] == "berserk"


def test_a_query_in_a_script_that_the_adapter_was_not_fitted_on_is_ranked_as_by_the_frozen_encoder() -> None:
    """A map that turns everything round, told to know Latin letters only: Japanese queries never meet it."""
    turned = SideMap(is_residual=False, matrix=-np.eye(3, dtype=np.float32))
    only_latin = Adapter("linear", 3, turned, IDENTITY_MAP, scripts=frozenset({"latin"}))
    composer = Composer(DOCUMENTS, TITLES)
    ids = [document.doc_id for document in DOCUMENTS]
    typed = {"japanese": "心温まる話", "latin": "warm"}
    queries = [Query(QueryId(script), text, "recommendation") for script, text in typed.items()]

    def run(adapter: Adapter) -> dict[str, list[str]]:
        search = ComposedSearch.over(composer, CompositionWeights(reference=2), adapter, ids, BASE)
        found = search.run(queries, np.repeat(TYPED, 2, axis=0))
        return {str(query_id): [str(doc_id) for doc_id in ranked(hits)] for query_id, hits in found.items()}

    found, frozen = run(only_latin), run(Adapter("identity", 3))
    assert list(found) == ["japanese", "latin"]
    assert found["japanese"] == frozen["japanese"]
    assert found["latin"] == frozen["latin"][::-1]
