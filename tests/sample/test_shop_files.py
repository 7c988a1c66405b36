"""The hand-written sample: large enough, consistent, and cut so that its test queries measure something."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from mangaassist.core.errors import DataError
from mangaassist.core.types import INTENTS, DocId
from mangaassist.data import Workspace, ingest_directory, is_sparse
from mangaassist.pairs import NearDuplicateIndex, near_duplicates
from mangaassist.sample import FIRST_RUN_LOG, SampleShop, Targets, sample_shop, write_log_files, write_shop_files


@pytest.fixture(scope="module")
def shop() -> SampleShop:
    return sample_shop()


@pytest.fixture(scope="module")
def raw_queries() -> list[dict[str, Any]]:
    """The judged queries as they are written, with the tags that the contract does not keep."""
    path = resources.files("mangaassist.sample") / "shop" / "judged_queries.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def texts(shop: SampleShop, split: str) -> list[str]:
    return [query.text for query in shop.queries if query.split == split]


# Size


def test_it_is_large_enough(shop: SampleShop) -> None:
    splits = Counter(query.split for query in shop.queries)

    assert len(shop.titles) >= 350
    assert len(shop.articles) >= 50
    assert len(shop.queries) >= 800
    assert splits["test"] >= 400
    assert min(splits["train"], splits["dev"]) >= 50


def test_japanese_and_romanised_queries_are_enough_to_be_a_slice(shop: SampleShop) -> None:
    languages = Counter(query.language for query in shop.queries)

    assert languages["ja"] >= 40
    assert languages["romaji"] >= 40
    assert languages["en"] >= 400


@pytest.mark.parametrize(("tag", "fewest"), [("negation", 40), ("shelf", 30), ("typo", 30), ("short", 30)])
def test_hard_kinds_of_queries_are_tagged(raw_queries: list[dict[str, Any]], tag: str, fewest: int) -> None:
    assert sum(tag in query.get("tags", ()) for query in raw_queries) >= fewest


def test_every_intent_but_other_and_every_symptom_is_asked_for(shop: SampleShop) -> None:
    assert {query.intent for query in shop.queries} == set(INTENTS) - {"other"}
    assert {"similar_title", "tone", "phrasing", "support"} <= {query.symptom for query in shop.queries}


def test_seventy_titles_or_more_have_sparse_descriptions_and_most_do_not(shop: SampleShop) -> None:
    sparse = sum(is_sparse(title) for title in shop.titles)

    assert 70 <= sparse <= len(shop.titles) / 2


# Consistency


def test_ids_are_unique_over_titles_and_articles_and_over_queries(shop: SampleShop) -> None:
    assert len(set(shop.doc_ids)) == len(shop.doc_ids) == len(shop.titles) + len(shop.articles)
    assert len({query.query_id for query in shop.queries}) == len(shop.queries)


def test_a_document_is_judged_once_per_query(shop: SampleShop) -> None:
    judged = [(judgement.query_id, judgement.doc_id) for judgement in shop.judgements]

    assert len(set(judged)) == len(judged)


def test_every_judged_query_and_document_exists(shop: SampleShop) -> None:
    assert {judgement.doc_id for judgement in shop.judgements} <= set(shop.doc_ids)
    assert {judgement.query_id for judgement in shop.judgements} == {query.query_id for query in shop.queries}


def test_every_query_has_an_answer_and_something_that_is_none(shop: SampleShop) -> None:
    grades: dict[str, set[int]] = {}
    for judgement in shop.judgements:
        grades.setdefault(judgement.query_id, set()).add(judgement.grade)

    assert set().union(*grades.values()) == {0, 1, 2}
    assert all({1, 2} & each for each in grades.values())
    assert all(0 in each for each in grades.values())


def test_every_reference_is_a_title(shop: SampleShop) -> None:
    references = {query.reference for query in shop.queries} - {None}

    assert references
    assert references <= {title.title_id for title in shop.titles}


def test_ingest_sets_none_of_its_rows_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shop: SampleShop) -> None:
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(tmp_path / "privacy.key"))
    write_shop_files(tmp_path / "sample")

    report = ingest_directory(Workspace.create(tmp_path / "shop"), tmp_path / "sample")

    assert {each.quarantined for each in report.reports} == {each.repeated for each in report.reports} == {0}
    rows = {each.kind: each.rows for each in report.reports}
    assert (rows["titles"], rows["articles"]) == (len(shop.titles), len(shop.articles))
    assert (rows["judged_queries"], rows["judgements"]) == (len(shop.queries), len(shop.judgements))


# Splits


def test_no_test_query_s_text_is_a_training_query_s(shop: SampleShop) -> None:
    training = {near_duplicates.normalise(text) for text in texts(shop, "train") + texts(shop, "dev")}

    assert not training & {near_duplicates.normalise(text) for text in texts(shop, "test")}


def test_sixty_test_queries_or_more_are_near_duplicates_of_training_ones_and_most_are_not(shop: SampleShop) -> None:
    """So that both the seen and the unseen cell are large enough to be judged."""
    index = NearDuplicateIndex(texts(shop, "train"))

    seen = sum(index.has_match(text) for text in texts(shop, "test"))

    assert 60 <= seen <= len(texts(shop, "test")) / 2


def test_a_reference_title_is_asked_for_in_one_split_only(shop: SampleShop) -> None:
    """Near-duplicates on purpose apart: they carry the seen cell."""
    index = NearDuplicateIndex(texts(shop, "train"))
    unseen = [query for query in shop.queries if query.split != "test" or not index.has_match(query.text)]
    splits: dict[str, set[str]] = {}
    for query in unseen:
        if query.reference:
            splits.setdefault(query.reference, set()).add(query.split)

    assert [reference for reference, found in splits.items() if {"train", "test"} <= found] == []


def test_cold_documents_are_fifteen_in_a_hundred_and_always_the_same(shop: SampleShop) -> None:
    assert len(shop.cold) == round(0.15 * len(shop.doc_ids))
    assert shop.cold == sample_shop().cold
    assert shop.cold < set(shop.doc_ids)


def test_shoppers_want_what_the_training_queries_ask_for(shop: SampleShop) -> None:
    needs = shop.needs()

    assert [need.text for need in needs] == texts(shop, "train")
    assert all(max(need.grades.values()) >= 1 for need in needs)
    assert any(need.aliases for need in needs)
    assert all(name in need.text and other for need in needs for name, other in need.aliases)


# The simulated log


def ranked_somehow(shop: SampleShop) -> Any:
    """A base retriever that finds every document, cold ones too, in an order drawn by the text."""

    def rank_all(typed: Sequence[str]) -> Mapping[str, Sequence[DocId]]:
        return {text: sorted(shop.doc_ids, key=lambda doc_id: drawn(text, doc_id)) for text in typed}

    def drawn(text: str, doc_id: DocId) -> bytes:
        return sha256(f"{text} {doc_id}".encode()).digest()

    return rank_all


def logged(shop: SampleShop, folder: Path, *, seed: int, amount: int | Targets = 150) -> dict[str, bytes]:
    write_log_files(shop, folder, ranked_somehow(shop), amount=amount, seed=seed)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def few_needs(shop: SampleShop) -> SampleShop:
    """The shop with every tenth query, so that fewer texts are ranked."""
    return SampleShop(shop.titles, shop.articles, shop.queries[::10], shop.judgements)


def test_equal_seeds_give_equal_bytes_and_another_seed_others(few_needs: SampleShop, tmp_path: Path) -> None:
    first = logged(few_needs, tmp_path / "first", seed=3)

    assert set(first) == {"queries.jsonl", "events.jsonl"}
    assert logged(few_needs, tmp_path / "again", seed=3) == first
    assert logged(few_needs, tmp_path / "other", seed=4) != first


def test_cold_documents_never_appear_in_a_log(few_needs: SampleShop, tmp_path: Path) -> None:
    files = logged(few_needs, tmp_path / "log", seed=0, amount=600)
    queries = [json.loads(line) for line in files["queries.jsonl"].splitlines()]
    events = [json.loads(line) for line in files["events.jsonl"].splitlines()]

    shown = {doc_id for query in queries for doc_id in query["query_response_hit_ids"]}
    shown |= {event["event_attributes"]["object"]["object_id"] for event in events}

    assert not shown & few_needs.cold
    assert len(shown) > 0.6 * len(few_needs.doc_ids)


def test_a_log_has_the_clicks_and_carts_asked_for(few_needs: SampleShop, tmp_path: Path) -> None:
    files = logged(few_needs, tmp_path / "log", seed=0, amount=Targets(clicks=90, carts=20))

    actions = Counter(json.loads(line)["action_name"] for line in files["events.jsonl"].splitlines())

    assert actions["click"] == 90
    assert actions["add_to_cart"] + actions["add_to_wishlist"] + actions["purchase"] == 20


def test_no_typed_query_has_the_id_of_a_judged_one(few_needs: SampleShop, tmp_path: Path) -> None:
    rows = logged(few_needs, tmp_path / "log", seed=0)["queries.jsonl"].splitlines()

    assert not {json.loads(row)["query_id"] for row in rows} & {query.query_id for query in few_needs.queries}


def test_a_log_that_is_cut_off_leaves_no_file_of_its_name(few_needs: SampleShop, tmp_path: Path) -> None:
    """The demo takes `events.jsonl` for a whole log."""

    class Failing(dict[str, Sequence[DocId]]):
        def __getitem__(self, text: str) -> Sequence[DocId]:
            if len(self) > 20:
                raise DataError("the retriever fails")
            self[f"asked {len(self)}"] = ()
            return few_needs.doc_ids

    with pytest.raises(DataError, match="the retriever fails"):
        write_log_files(few_needs, tmp_path, lambda _typed: Failing(), amount=500, seed=0)

    assert not (tmp_path / "events.jsonl").exists()
    assert not (tmp_path / "queries.jsonl").exists()


def test_the_first_run_s_log_is_the_documented_one() -> None:
    assert Targets(clicks=18_000, carts=4_000) == FIRST_RUN_LOG
