"""The pieces of the feedback benchmark: needs, what fails, the log of it, a reviewer's verdicts, the figures."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.chromium import CHROMIUM
from benchmarks.failing_needs import Need, failing, failing_needs, parted, split_of
from benchmarks.feedback_browser import review_by_keyboard
from benchmarks.feedback_figures import compared, p_value
from benchmarks.feedback_planting import SHOPPERS, START, TRY_AGAIN, UNSURE, planted_searches, second_try
from benchmarks.feedback_review import Knowledge, clusters_of, review_in_store

from mangaassist.core.types import DocId, Query, QueryId
from mangaassist.data import Workspace, ingest
from mangaassist.feedback import ReviewItem, ReviewStore
from mangaassist.loop import JudgedSplit
from mangaassist.sample import sample_shop

GHOSTS = Need(
    "ghosts",
    logged=("kaidan manga", "campfire stories"),
    held_out=("sadako energy",),
    answers=frozenset({DocId("ring"), DocId("well")}),
    intent="recommendation",
    plain="ghosts",
    means={"kaidan": ("ghosts",)},
)
TEXTS = ("kaidan manga", "campfire stories", "of somebody else")


def item(kind: str, doc_id: str | None = "ring", texts: Sequence[str] = TEXTS[:2], **others: object) -> ReviewItem:
    name = f"{kind}-{doc_id}-{len(texts)}"
    document = DocId(doc_id) if doc_id else None
    told = {"cluster_id": "c-0001", "evidence": dict.fromkeys(texts, ("q",)), **others}
    return ReviewItem(name, kind, "so", texts=tuple(texts), doc_id=document, **told)  # type: ignore[arg-type]


ITEMS = {
    "it answers all of them": item("positive"),
    "it answers those that the reviewer knows": item("positive", texts=TEXTS),
    "it answers none": item("positive", "chefs"),
    "it may answer others": item("positive", "chefs", texts=TEXTS),
    "it is a lookalike": item("negative", "chefs"),
    "it is no lookalike": item("negative"),
    "a word means something else": item("lexicon", None, phrase="kaidan", facets=("comedy",)),
}
VERDICTS = ["accept", "edit", "edit", "edit", "accept", "reject", "edit"]


def test_every_need_has_paraphrases_and_an_answer_and_none_is_a_judged_query() -> None:
    shop = sample_shop()
    needs = failing_needs(shop.titles, {DocId(each.article_id) for each in shop.articles})
    texts = [text for need in needs for text in (*need.logged, *need.held_out)]

    assert len(needs) >= 20
    assert all(len(need.logged) + len(need.held_out) >= 8 for need in needs)
    assert len(set(texts)) == len(texts)
    assert not set(texts) & {query.text for query in shop.queries}


def test_near_duplicates_are_logged_or_held_out_together() -> None:
    texts = ["kaidan manga", "campfire stories", "the campfire stories", "sadako energy", "long hair", "old well"]

    assert parted(texts) == (
        ("kaidan manga", "sadako energy", "long hair", "old well"),
        ("campfire stories", "the campfire stories"),
    )


def test_a_need_fails_by_its_logged_texts_alone_and_what_found_an_answer_is_not_planted() -> None:
    other = Need("cats", ("neko", "kitty"), ("cat",), frozenset({DocId("tom")}), "recommendation")
    scores = {QueryId("ghosts-0"): 0.0, QueryId("ghosts-1"): 0.0, QueryId("cats-0"): 1.0, QueryId("cats-1"): 0.0}

    assert [need.name for need in failing([GHOSTS, other], scores)] == ["ghosts"]
    assert failing([other], {**scores, QueryId("cats-0"): 0.0})[0].logged == ("neko", "kitty")


def test_half_of_the_shoppers_add_the_plain_word_and_click_by_turns_what_answers() -> None:
    tries = [second_try(GHOSTS, text) for text in GHOSTS.logged]
    served = {text: [DocId("chefs"), DocId("well"), DocId("ring")] for text in (*GHOSTS.logged, *tries)}

    searches = list(planted_searches([GHOSTS], served))

    assert len(searches) == len(GHOSTS.logged) * (SHOPPERS + TRY_AGAIN)
    assert tries[0] == "kaidan manga ghosts"
    assert [each.clicked for each in searches if each.text == tries[0]] == ["well", "ring"]
    assert {each.clicked for each in searches if each.text in GHOSTS.logged} == {None}
    assert {each.confidence for each in searches if each.text in tries} == {UNSURE}
    assert min(each.at for each in searches) == START


@pytest.mark.parametrize(("why", "verdict"), list(zip(ITEMS, VERDICTS, strict=True)))
def test_a_reviewer_decides_on_what_they_know(why: str, verdict: str) -> None:
    given = Knowledge.of([GHOSTS]).answer(ITEMS[why])

    assert given.verdict == verdict
    if given.edit is not None:
        assert given.edit.texts == (TEXTS[:2] if ITEMS[why].texts == TEXTS else None)
        assert (given.edit.doc_id in GHOSTS.answers) == (ITEMS[why].doc_id == "chefs")
        assert given.edit.facets == (("ghosts",) if ITEMS[why].kind == "lexicon" else None)


@pytest.mark.parametrize("where", ["store", "browser"])
def test_a_need_is_reviewed_alike_in_the_store_and_in_the_console(where: str, tmp_path: Path) -> None:
    if where == "browser" and CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian: apt install chromium)")
    shop, knowledge = Workspace.create(tmp_path / "shop"), Knowledge.of([GHOSTS])
    stocked = tmp_path / "titles.jsonl"
    stocked.write_text("".join(f'{{"title_id": "{each}", "title": "{each}"}}\n' for each in GHOSTS.answers))
    ingest(shop, "titles", stocked)
    store = ReviewStore(shop.engine)
    store.add(ITEMS.values())
    clusters = list(clusters_of(list(ITEMS.values()), knowledge))

    if where == "store":
        said = review_in_store(shop, clusters, knowledge)
    else:
        said = review_by_keyboard(shop, clusters, knowledge.answer)

    assert clusters == ["c-0001"]
    assert sum(said.values()) == len(ITEMS)
    decided = {each.item_id: (each.action, each.edit) for each in store.decisions()}
    assert decided == {
        each.id: (given.verdict, given.edit) for each in ITEMS.values() if (given := knowledge.answer(each))
    }


def test_the_chance_of_a_gain_is_that_of_swapping_before_and_after_in_whole_needs() -> None:
    needs = [Need(name, ("a",), ("b", "c"), frozenset({DocId("d")}), "faq") for name in ("one", "two", "three")]
    held_out = split_of(needs, lambda need: need.held_out)
    before = dict.fromkeys(held_out.qrels, 0.0)

    assert p_value(before, dict.fromkeys(held_out.qrels, 1.0), needs) == 1 / 8
    assert p_value(before, before, needs) == 1.0


def test_a_slice_falls_if_its_loss_is_beyond_chance() -> None:
    queries = [Query(QueryId(f"q{number:03d}"), "text", "faq" if number % 2 else None) for number in range(120)]
    qrels = {query.query_id: {DocId("right"): 1} for query in queries}
    found, lost = {DocId("right"): 1.0}, {DocId("wrong"): 1.0}
    runs = {
        "before": dict.fromkeys(qrels, found),
        "after": {query.query_id: lost if place < 40 else found for place, query in enumerate(queries)},
    }

    slices = compared(runs, JudgedSplit(queries, qrels, {}), seed=0)

    assert list(slices) == ["intent: faq"]
    assert slices["intent: faq"]["falls"]
    assert (slices["intent: faq"]["before"], slices["intent: faq"]["after"]) == (1.0, 0.6667)
