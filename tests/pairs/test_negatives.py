from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import pytest

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, Example, Pair, PairSource
from mangaassist.pairs import mine_hard_negatives, query_text_id, training_queries

TEXT = "dark fantasy"


def pair(positive: str, negatives: str = "", *, text: str = TEXT, source: PairSource = "click") -> Pair:
    return Pair(text, DocId(positive), source, negatives=tuple(DocId(each) for each in negatives.split()))


def mine(
    pairs: Sequence[Pair],
    scores: Mapping[str, float],
    *,
    per_query: int = 3,
    series: Mapping[str, str] | None = None,
    exposed: AbstractSet[str] | None = None,
    fill_from: Sequence[str] = (),
    seed: int = 0,
) -> list[Example]:
    return mine_hard_negatives(
        pairs,
        {query_text_id(TEXT): {DocId(doc_id): score for doc_id, score in scores.items()}},
        per_query=per_query,
        series={DocId(doc_id): name for doc_id, name in (series or {}).items()},
        exposed=None if exposed is None else {DocId(doc_id) for doc_id in exposed},
        rng=np.random.default_rng(seed),
        fill_from=[DocId(doc_id) for doc_id in fill_from],
    )


def negatives(pairs: Sequence[Pair], scores: Mapping[str, float], **how: object) -> tuple[str, ...]:
    return mine(pairs, scores, **how)[0].hard_negatives  # type: ignore[arg-type]


def test_documents_scored_above_the_margin_are_left_out_and_one_at_it_stays() -> None:
    scores = {"p": 1.0, "over": 0.951, "at": 0.95, "under": 0.949}

    assert negatives([pair("p")], scores) == ("at", "under")


def test_the_margin_lies_below_the_positive_also_where_scores_are_negative() -> None:
    scores = {"p": -0.20, "over": -0.205, "under": -0.22}

    assert negatives([pair("p")], scores) == ("under",)


def test_skipped_documents_come_before_mined_ones_even_if_they_score_less() -> None:
    scores = {"p": 1.0, "mined": 0.9, "skipped": 0.1, "also-skipped": 0.2, "last": 0.05}

    assert negatives([pair("p", "skipped also-skipped")], scores) == ("also-skipped", "skipped", "mined")


def test_a_skipped_document_above_the_margin_is_left_out_but_one_that_a_person_judged_is_not() -> None:
    scores = {"p": 1.0, "near": 0.99, "far": 0.1}

    assert negatives([pair("p", "near")], scores) == ("far",)
    assert negatives([pair("p", "near", source="editorial")], scores) == ("near", "far")


def test_other_positives_of_the_same_text_are_no_negatives_but_known_as_positives() -> None:
    pairs = [pair("p", "q"), pair("q", text="Ｄark Fantasy"), pair("elsewhere", text="cosy")]
    run = {
        text_id: {DocId(doc_id): score for doc_id, score in {"p": 1.0, "q": 0.9, "elsewhere": 0.5}.items()}
        for text_id in training_queries(pairs)
    }

    first, second, third = mine_hard_negatives(
        pairs, run, per_query=3, series={}, exposed=None, rng=np.random.default_rng(0)
    )

    assert (first.hard_negatives, first.also_positive) == (("elsewhere",), ("q",))
    assert second.also_positive == ("p",)
    assert third.also_positive == ()


def test_other_volumes_of_a_positive_series_are_no_negatives_wherever_they_come_from() -> None:
    series = {"berserk-1": "berserk", "berserk-2": "berserk", "berserk-3": "berserk", "a": "", "p": ""}
    scores = {"berserk-1": 1.0, "berserk-2": 0.8, "a": 0.7}

    assert negatives(
        [pair("berserk-1", "berserk-3")], scores, series=series, fill_from=["berserk-3", "berserk-2", "a"]
    ) == ("a",)


def test_documents_without_a_series_are_not_of_one_series() -> None:
    assert negatives([pair("p")], {"p": 1.0, "a": 0.5}, series={"p": "", "a": ""}) == ("a",)


def test_only_exposed_documents_are_mined() -> None:
    scores = {"p": 1.0, "shown": 0.5, "never-shown": 0.9}

    assert negatives([pair("p")], scores, exposed={"p", "shown"}) == ("shown",)


def test_random_titles_fill_what_is_missing_and_depend_on_the_generator_alone() -> None:
    catalogue = [f"m{number}" for number in range(100)]
    scores = {"p": 1.0, "mined": 0.5, "m7": 0.99}

    filled = negatives([pair("p")], scores, fill_from=[*catalogue, "p", "mined"], per_query=50, seed=3)

    assert filled[0] == "mined"
    assert len(set(filled)) == 50
    assert not {"p", "m7"} & set(filled)
    assert filled == negatives([pair("p")], scores, fill_from=[*catalogue, "p", "mined"], per_query=50, seed=3)
    assert filled != negatives([pair("p")], scores, fill_from=[*catalogue, "p", "mined"], per_query=50, seed=4)


def test_a_small_catalogue_is_used_up_rather_than_repeated() -> None:
    assert sorted(negatives([pair("p")], {"p": 1.0}, fill_from=["p", "a", "b"], per_query=7)) == ["a", "b"]


def test_a_positive_that_the_run_lacks_counts_as_its_last_result() -> None:
    assert negatives([pair("p", "skipped")], {"a": 0.9, "b": 0.5}) == ("skipped",)


def test_equal_scores_are_ordered_by_document() -> None:
    assert negatives([pair("p")], {"p": 1.0, "b": 0.5, "a": 0.5, "c": 0.5}, per_query=2) == ("a", "b")


def test_a_text_that_was_not_ranked_is_an_error_that_names_it() -> None:
    with pytest.raises(DataError, match=r"'cosy'.*training_queries"):
        mine([pair("p", text="cosy")], {"p": 1.0})
