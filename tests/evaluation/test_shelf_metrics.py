import pytest

from mangaassist.core.types import DocId
from mangaassist.evaluation import SHELF_METRICS, ShelfScores, score_shelf

A, B, C, D, E, F = map(DocId, "abcdef")


def test_a_shelf_with_one_of_three_shown_right_is_a_success_of_precision_a_third() -> None:
    scores = score_shelf([A, B, C], [A, B, C, D], {C, D})

    assert scores.success_at_3 == 1.0
    assert scores.precision_at_3 == pytest.approx(1 / 3)
    assert scores.fit == pytest.approx(2 * 2 / (4 + 2))


def test_what_is_relevant_only_behind_the_third_title_is_no_success_but_fits() -> None:
    assert score_shelf([A, B, C, D], [A, B, C, D], {D}) == ShelfScores(0.0, 0.0, 0.4)


def test_a_shelf_of_just_what_was_asked_for_fits_and_one_of_everything_does_not() -> None:
    assert score_shelf([A, B], [A, B], {A, B}).fit == 1.0
    assert score_shelf([A, B], [A, B, C, D, E, F], {A, B}).fit == 0.5


def test_no_shelf_scores_nothing() -> None:
    assert score_shelf([], [], {A}) == score_shelf([], [], set()) == ShelfScores()
    assert [ShelfScores(0.1, 0.2, 0.3).value(metric) for metric in SHELF_METRICS] == [0.1, 0.2, 0.3]
