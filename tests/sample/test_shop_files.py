"""The sample shop holds what it promises, and its log is simulated the same way every time."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import pytest

from mangaassist.core.types import DocId
from mangaassist.data import is_sparse
from mangaassist.pairs import NearDuplicateIndex
from mangaassist.sample import SampleShop, sample_shop, write_log_files

SHOP = sample_shop()
TEST = [query for query in SHOP.queries if query.split == "test"]
TRAIN = [query for query in SHOP.queries if query.split == "train"]


def raw_tags(split: str) -> Counter[str]:
    lines = (resources.files("mangaassist.sample") / "shop" / "judged_queries.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return Counter(tag for row in rows if row["split"] == split for tag in row.get("tags", []))


def test_it_has_the_promised_size() -> None:
    assert len(SHOP.titles) >= 350
    assert len(SHOP.articles) == 50
    assert len(SHOP.queries) >= 800
    assert len(TEST) >= 400
    assert sum(is_sparse(title) for title in SHOP.titles) >= 70


def test_ids_are_unique_and_every_judgement_names_a_document_and_a_query() -> None:
    queries = {query.query_id for query in SHOP.queries}

    assert len(queries) == len(SHOP.queries)
    assert len(set(SHOP.doc_ids)) == len(SHOP.doc_ids)
    assert {judgement.doc_id for judgement in SHOP.judgements} <= set(SHOP.doc_ids)
    assert {judgement.query_id for judgement in SHOP.judgements} == queries


def test_every_query_has_an_answer_and_explicit_zeros_are_common() -> None:
    best: dict[str, int] = {}
    for judgement in SHOP.judgements:
        best[judgement.query_id] = max(best.get(judgement.query_id, 0), judgement.grade)

    assert min(best.values()) >= 1
    assert sum(judgement.grade == 0 for judgement in SHOP.judgements) > len(SHOP.judgements) / 2


@pytest.mark.parametrize(("language", "fewest"), [("romaji", 40), ("ja", 40)])
def test_languages_are_there(language: str, fewest: int) -> None:
    assert sum(query.language == language for query in SHOP.queries) >= fewest


@pytest.mark.parametrize(
    ("tag", "fewest"), [("negation", 40), ("shelf", 20), ("slang", 20), ("typo", 20), ("long", 15)]
)
def test_kinds_of_test_queries_are_there(tag: str, fewest: int) -> None:
    assert raw_tags("test")[tag] >= fewest


def test_no_test_query_is_a_training_query_but_enough_are_near_duplicates_of_one() -> None:
    index = NearDuplicateIndex([query.text for query in TRAIN])

    assert not {query.text.casefold() for query in TEST} & {query.text.casefold() for query in TRAIN}
    assert sum(index.has_match(query.text) for query in TEST) >= 60


def test_few_test_queries_are_made_of_their_answers_tags() -> None:
    """A query written from tags by template would share most of its words with the tags of what answers it."""
    tags = {
        title.title_id: {word for tag in (*title.genres, *title.tones, *title.themes) for word in tag.lower().split()}
        for title in SHOP.titles
    }
    relevant: dict[str, set[str]] = {}
    for judgement in SHOP.judgements:
        if judgement.grade:
            relevant.setdefault(judgement.query_id, set()).update(tags.get(judgement.doc_id, set()))
    english = [query for query in TEST if query.language == "en"]
    made_of_tags = [
        query
        for query in english
        if sum(word in relevant[query.query_id] for word in query.text.lower().split()) > len(query.text.split()) / 2
    ]

    assert len(made_of_tags) / len(english) < 0.05


def rank_all(typed: Sequence[str]) -> Mapping[str, Sequence[DocId]]:
    """A ranking that shows other documents for every text, cold ones among them."""
    ids = SHOP.doc_ids
    return {text: [ids[(len(text) * 7 + step) % len(ids)] for step in range(60)] for text in typed}


def log_of(shop: SampleShop, folder: Path, seed: int) -> tuple[bytes, bytes]:
    write_log_files(shop, folder, rank_all, amount=300, seed=seed)
    return (folder / "queries.jsonl").read_bytes(), (folder / "events.jsonl").read_bytes()


def test_equal_seeds_give_equal_logs_and_other_seeds_others(tmp_path: Path) -> None:
    first, again, other = (log_of(SHOP, tmp_path / name, seed) for name, seed in (("a", 0), ("b", 0), ("c", 1)))

    assert first == again
    assert first != other


def test_cold_documents_are_a_share_of_the_catalogue_and_never_in_the_log(tmp_path: Path) -> None:
    queries, events = log_of(SHOP, tmp_path, 0)
    shown = {json.loads(line)["event_attributes"]["object"]["object_id"] for line in events.splitlines()}
    hits = {doc_id for line in queries.splitlines() for doc_id in json.loads(line)["query_response_hit_ids"]}

    assert len(SHOP.cold) == pytest.approx(0.15 * len(SHOP.doc_ids), abs=1)
    assert not (shown | hits) & set(SHOP.cold)
