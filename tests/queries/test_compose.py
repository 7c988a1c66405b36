import numpy as np
import pytest

from mangaassist.core.types import DocId, Intent
from mangaassist.data import Article, Title, documents
from mangaassist.queries import PLAIN, SIGNALS, Composer, CompositionWeights, compose_vectors

TITLES = [
    Title(title_id="berserk", title="Berserk", genres=("fantasy",), tones=("dark", "brutal"), popularity=9),
    Title(title_id="claymore", title="Claymore", genres=("fantasy",), tones=("dark",), title_japanese="クレイモア"),
    Title(title_id="yotsuba", title="Yotsuba", genres=("comedy",), tones=("cozy",)),
]
ARTICLES = [Article(article_id="split", title="Why an order is split", body="Preorders ship when they come out.")]
COMPOSER = Composer(documents(TITLES, ARTICLES, enrich="all"), TITLES)
ROWS = ["berserk", "claymore", "yotsuba", "split"]


def signal(name: str, text: str, intent: Intent | None = None) -> list[float]:
    found: list[float] = COMPOSER.signals(COMPOSER.reader.read(text, intent))[SIGNALS.index(name)].tolist()
    return found


def test_signals_are_those_of_the_words_the_named_titles_and_the_wishes() -> None:
    text = "dark fantasy like Berserk but less brutal"

    assert signal("reference_facets", text)[0] == pytest.approx(1)
    assert signal("wanted", text)[:2] == [1, 1]
    assert signal("rejected", text) == [1, 0, 0, 0]
    assert signal("lexical", "when preorders ship") == [0, 0, 0, 1]


def test_what_names_a_title_or_says_a_wish_is_not_matched_as_words_too_unless_it_is_asked_about() -> None:
    assert signal("lexical", "like クレイモア, less brutal") == [0, 0, 0, 0]
    assert signal("lexical", "クレイモア", "product_question") == [0, 1, 0, 0]


def test_who_asks_for_more_like_a_title_does_not_get_it_and_who_asks_about_it_does() -> None:
    more, about = (COMPOSER.reader.read("berserk", intent) for intent in ("recommendation", "product_question"))

    assert COMPOSER.allowed(more).tolist() == [False, True, True, False]
    assert COMPOSER.allowed(about).tolist() == [True, True, True, True]


def test_an_intent_decides_whether_titles_or_articles_answer_and_an_unknown_one_leaves_both() -> None:
    faq, other, unknown = (COMPOSER.reader.read("why split", intent) for intent in ("faq", "other", None))

    assert COMPOSER.allowed(faq).tolist() == [False, False, False, True]
    assert COMPOSER.allowed(other).all()
    assert COMPOSER.allowed(unknown).all()


def test_a_vector_is_joined_with_the_mean_of_the_named_titles_and_stays_of_unit_length() -> None:
    base = np.eye(4, dtype=np.float32)[:2]
    named = [np.eye(4, dtype=np.float32)[2:], np.empty((0, 4), dtype=np.float32)]

    joined = compose_vectors(base, named, 2.0)

    assert joined[0].tolist() == pytest.approx((np.array([1, 0, 1, 1]) / np.sqrt(3)).tolist())
    assert joined[1].tolist() == base[1].tolist()
    assert compose_vectors(base, named, 0.0).tolist() == base.tolist()


def test_weights_are_in_units_of_cosine_and_what_is_turned_down_is_taken_off() -> None:
    reading = COMPOSER.reader.read("dark fantasy but less brutal")

    adjustment = COMPOSER.adjustment(reading, CompositionWeights(wanted=0.5, rejected=0.25))

    assert adjustment.bonus is not None
    assert adjustment.bonus.tolist() == pytest.approx([0.25, 0.5, 0, 0])
    assert COMPOSER.adjustment(reading, PLAIN).bonus is None


def test_a_title_outside_the_corpus_is_no_reference() -> None:
    partial = Composer(documents(TITLES[1:], [], enrich="all"), TITLES)

    assert partial.reference_rows(partial.reader.read("like berserk")) == []
    assert COMPOSER.reference_rows(COMPOSER.reader.read("like berserk")) == [ROWS.index(DocId("berserk"))]


@pytest.mark.parametrize("text", ["dark fantasy like Berserk but less brutal", "クレイモア", "why split", "xyz", ""])
@pytest.mark.parametrize(
    "weights",
    [CompositionWeights(1, 0.3, 0.2, 0.1, 0.4), CompositionWeights(lexical=0.5), CompositionWeights(wanted=0.5)],
)
def test_the_bonus_is_the_weighted_sum_of_the_signals(text: str, weights: CompositionWeights) -> None:
    """The bonus works out only the signals that have weight and something to say."""
    reading = COMPOSER.reader.read(text)

    bonus = COMPOSER.adjustment(reading, weights).bonus

    assert bonus is not None
    assert bonus.tolist() == pytest.approx((weights.of_signals @ COMPOSER.signals(reading)).tolist(), abs=1e-6)
