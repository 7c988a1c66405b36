"""The rivals who fall in love, as the catalogue of ten titles has them."""

from dataclasses import replace

import numpy as np
import pytest

from mangaassist.core.types import DocId, Document
from mangaassist.data import Title
from mangaassist.feedback import (
    ClusterWishes,
    FacetVectors,
    Failure,
    FailureCluster,
    FeedbackRules,
    ProposalShelf,
    ReviewItem,
    Vocabulary,
    WordList,
    cluster_wishes,
    propose_items,
    propose_words,
)
from mangaassist.queries import Lexicon, QueryReader, facet_of

TITLES = {
    "kare-kano": (["romance", "comedy"], ["rivals to lovers", "rivals"]),
    "maid-sama": (["romance"], ["rivals", "school life"]),
    "skip-beat": (["romance"], ["rivals", "showbiz"]),
    "basara": (["romance", "fantasy"], ["rivals"]),
    "naruto": (["action"], ["rivals", "ninja"]),
    "haikyu": (["sports"], ["rivals", "teamwork"]),
    "yotsuba": (["slice_of_life"], ["family"]),
    "berserk": (["action", "fantasy"], ["demons"]),
}
TEXTS = (
    "rivals romance slow burn",
    "romance of two rivals but not fantasy",
    "rivals who become a romance, no fantasy please",
    "rivals romance",
)
RULES = FeedbackRules(second_opinions=0.0)
EVIDENCE = {text: (f"q{number}",) for number, text in enumerate(TEXTS)}


def shelf() -> ProposalShelf:
    titles = [
        Title(title_id=name, title=name.title(), genres=genres, themes=themes)
        for name, (genres, themes) in TITLES.items()
    ]
    documents = [Document(DocId(name), name, name.title(), "title") for name in TITLES]
    documents += [Document(DocId(name), name, name.title(), "article") for name in ("shipping", "returns")]
    vectors = np.eye(len(documents), 12, dtype=np.float32)
    reader = QueryReader(titles, [document.doc_id for document in documents], Lexicon())
    return ProposalShelf(documents, vectors, reader.facets)


def wishes(*texts: str) -> ClusterWishes:
    titles = [
        Title(title_id=name, title=name.title(), genres=genres, themes=themes)
        for name, (genres, themes) in TITLES.items()
    ]
    reader = QueryReader(titles, [DocId(name) for name in TITLES], Lexicon())
    none = FacetVectors([], np.zeros((0, 12), np.float32), np.zeros((0, 12), np.float32))
    return cluster_wishes(texts, reader, none, np.ones(12, np.float32))


CLUSTER = FailureCluster(
    id="c-0001",
    name="rivals · romance",
    terms=("rivals", "romance"),
    texts=4,
    shown=TEXTS,
    entries=20,
    hurt=12,
    weeks={},
    hurt_lately=12,
    hurt_before=0,
    causes={"retrieval": 20},
    reasons={"no_click": 20},
    intents={"recommendation": 20},
    first_at="",
    last_at="",
    is_private=False,
    x=0.0,
    y=0.0,
    centre=(),
)


def failure(**others: object) -> Failure:
    said = {
        "cluster": CLUSTER,
        "texts": TEXTS,
        "evidence": EVIDENCE,
        "shown_first": {DocId("naruto"): 15, DocId("haikyu"): 9, DocId("basara"): 6, DocId("yotsuba"): 1},
        "found_later": {},
        "searches": 20,
        "wishes": wishes(*TEXTS),
        "centre": np.full(12, 0.2, dtype=np.float32),
        "asks_for": "title",
    }
    return Failure(**{**said, **others})  # type: ignore[arg-type]


def by_kind(items: list[ReviewItem], kind: str) -> dict[str, str]:
    return {str(item.doc_id): item.reason for item in items if item.kind == kind}


def test_a_cluster_asks_for_what_its_texts_say_and_turns_down_what_they_turn_down() -> None:
    found = wishes(*TEXTS)

    assert dict(found.wanted) == {("rival",): 1.0, ("romance",): 1.0}
    assert dict(found.rejected) == {("fantasy",): 0.5}
    assert found.core == {("rival",), ("romance",)}


def test_a_facet_that_no_text_says_is_asked_for_where_its_vector_stands_out() -> None:
    titles = [Title(title_id="a", title="A", genres=["healing", "action"])]
    reader = QueryReader(titles, [DocId("a")], Lexicon())
    vectors = np.eye(2, 4, dtype=np.float32)
    centres = np.concatenate([np.tile([[0, 1, 0, 0]], (30, 1)), [[1, 0, 0, 0]]]).astype(np.float32)
    facets = FacetVectors([("action",), ("healing",)][::-1], vectors, centres)

    found = cluster_wishes(["zorbil"], reader, facets, centres[-1])

    assert set(found.wanted) == {("healing",)}
    assert found.by_vectors == {("healing",)}
    assert found.core == frozenset()


def test_positives_have_what_is_asked_for_and_nothing_that_is_turned_down() -> None:
    found = by_kind(propose_items(failure(), shelf(), RULES), "positive")

    assert set(found) >= {"kare-kano", "maid-sama", "skip-beat"}
    assert "basara" not in found
    assert found["kare-kano"] == "has rivals and romance"


def test_action_rivalry_without_romance_is_a_lookalike_and_says_why() -> None:
    found = by_kind(propose_items(failure(), shelf(), RULES), "negative")

    assert found["naruto"] == "has rivals but no romance; among the first three in 15 of 20 failed searches"
    assert found["basara"] == "is fantasy, which they turn down; among the first three in 6 of 20 failed searches"
    assert "yotsuba" not in found


def test_what_shoppers_ended_with_is_no_lookalike_but_a_positive() -> None:
    items = propose_items(failure(found_later={DocId("naruto"): 3}), shelf(), RULES)

    assert "3 shoppers ended with a click on it" in by_kind(items, "positive")["naruto"]
    assert "naruto" not in by_kind(items, "negative")


def test_one_shoppers_click_is_an_accident() -> None:
    assert "berserk" not in by_kind(
        propose_items(failure(found_later={DocId("berserk"): 1}), shelf(), RULES), "positive"
    )


def test_help_failures_get_the_article_that_was_clicked_and_push_titles_away() -> None:
    asked = failure(
        asks_for="article",
        wishes=ClusterWishes({}, frozenset(), {}),
        found_later={DocId("shipping"): 5},
        shown_first={DocId("returns"): 9, DocId("naruto"): 4},
    )

    items = propose_items(asked, shelf(), RULES)

    assert next(iter(by_kind(items, "positive"))) == "shipping"
    assert by_kind(items, "negative")["naruto"].startswith("is a title, and they ask for an article")
    assert by_kind(items, "negative")["returns"].startswith("another article answers it")


def test_what_nobody_stocks_is_a_gap_with_the_nearest_titles() -> None:
    asked = wishes("romance with ninja", "ninja romance", "a ninja love romance", "romance and ninja")

    (gap,) = [item for item in propose_items(failure(wishes=asked), shelf(), RULES) if item.kind == "gap"]

    assert gap.reason.startswith("no title has ninja and romance together; nearest: ")
    assert gap.doc_id is None


def test_a_cluster_that_something_answers_is_no_gap() -> None:
    assert by_kind(propose_items(failure(), shelf(), RULES), "gap") == {}


def test_a_cluster_far_from_everything_is_a_gap() -> None:
    far = failure(cluster=replace(CLUSTER, causes={"catalogue_gap": 15, "retrieval": 5}))

    assert len(by_kind(propose_items(far, shelf(), RULES), "gap")) == 1


def test_items_are_known_again_next_week_and_rank_by_users_hurt() -> None:
    first, again = propose_items(failure(), shelf(), RULES), propose_items(failure(searches=30), shelf(), RULES)

    assert [item.id for item in first] == [item.id for item in again]
    assert all(12 < item.rank < 13 for item in first)
    assert all(item.texts == TEXTS and dict(item.evidence) == EVIDENCE for item in first)


@pytest.mark.parametrize(("share", "needs"), [(0.0, {1}), (1.0, {2})])
def test_the_set_share_of_items_needs_two_reviewers(share: float, needs: set[int]) -> None:
    items = propose_items(failure(), shelf(), FeedbackRules(second_opinions=share))

    assert {item.needs for item in items if item.kind != "gap"} == needs


def test_a_private_cluster_makes_private_items() -> None:
    items = propose_items(failure(cluster=replace(CLUSTER, is_private=True)), shelf(), RULES)

    assert all(item.is_private for item in items)


def test_a_slang_word_is_proposed_to_mean_what_is_clicked_after_it() -> None:
    texts = ("koibito rivals", "koibito story", "koibito manga")
    words = Vocabulary(["rivals romance story"], WordList(frozenset(), frozenset()))
    asked = failure(texts=texts, found_later={DocId("kare-kano"): 4, DocId("maid-sama"): 3}, wishes=wishes("rivals"))

    (item,) = propose_words(asked, shelf(), words, {}, {})

    assert (item.kind, item.phrase, item.texts) == ("lexicon", "koibito", texts)
    assert "romance" in item.facets
    assert item.reason.startswith("3 of the 3 texts say it and the catalogue does not")


PHRASED = ("golden retriever boyfriend", "golden retriever guy", "the golden retriever type", "a sunny boy")


def phrased(*terms: str, texts: tuple[str, ...] = PHRASED) -> Failure:
    """A cluster with these telling terms, whose shoppers then clicked romances."""
    cluster = replace(CLUSTER, terms=terms, shown=texts)
    return failure(cluster=cluster, texts=texts, found_later={DocId("kare-kano"): 4, DocId("maid-sama"): 3})


def test_the_phrase_that_most_of_a_cluster_says_is_proposed_to_mean_what_is_clicked_after_it() -> None:
    """Every word of it is ordinary English, so that no word by itself is strange."""
    speaks = Vocabulary(
        ["a golden day", "a retriever", "boy guy type sunny boyfriend"], WordList(frozenset(), frozenset())
    )

    (item,) = propose_words(phrased("golden retriever", "boyfriend"), shelf(), speaks, {}, {})

    assert (item.kind, item.phrase, item.texts) == ("lexicon", "golden retriever", PHRASED[:3])
    assert "romance" in item.facets


@pytest.mark.parametrize(
    ("terms", "texts", "lexicon"),
    [
        (("boyfriend",), PHRASED, {}),  # one text of four says it
        (("golden retriever",), PHRASED[2:], {}),  # one text alone
        (("golden retriever",), PHRASED, {"golden retriever": ("wholesome",)}),  # the lexicon has it
        (("school life",), ("school life a", "school life b"), {}),  # the catalogue calls it so
        ((), PHRASED, {}),
    ],
)
def test_a_phrase_that_few_say_or_that_is_understood_is_not_proposed(
    terms: tuple[str, ...], texts: tuple[str, ...], lexicon: dict[str, tuple[str, ...]]
) -> None:
    speaks = Vocabulary([*PHRASED, "school life a b"], WordList(frozenset(), frozenset()), lexicon)

    assert propose_words(phrased(*terms, texts=texts), shelf(), speaks, {}, {}) == []


def test_a_word_that_nothing_explains_is_not_proposed() -> None:
    words = Vocabulary(["rivals"], WordList(frozenset(), frozenset()))

    assert (
        propose_words(
            failure(texts=("koibito a", "koibito b"), wishes=ClusterWishes({}, frozenset(), {})), shelf(), words, {}, {}
        )
        == []
    )


def test_facets_are_compared_as_queries_read_them() -> None:
    assert facet_of("rivals") == ("rival",)
