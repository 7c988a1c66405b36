"""The small shop served as a large one: candidates of the compressed scan, scored exactly, must answer as all do."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from live_world import RELEASE
from loop_world import FILLERS, STORIES, write_rows

from mangaassist.core.types import no_progress
from mangaassist.data import Workspace, ingest
from mangaassist.loop import index_folder, read_settings, update_index, workspace_encoder
from mangaassist.retrieval import compact
from mangaassist.serving import Filters, RetrieveRequest, ranking
from mangaassist.serving.answering import Answering, Stages
from mangaassist.serving.ranking import RanksAll, RanksCandidates
from mangaassist.serving.served_release import ServedRelease, open_release

FEW = 50
"""Documents that are all scored here; the shop has two thousand."""

DEMOGRAPHICS = ("shounen", "seinen", "josei")
QUERIES = ("zorbil amber brisk", "tall pirates", "like Red Robots but less late", "krattle refund", "quenda cedar 7")


def many_titles(count: int) -> list[Mapping[str, Any]]:
    stories, rng = list(STORIES), np.random.default_rng(0)
    words = FILLERS.split()
    return [
        {
            "title_id": f"more-{number:04}",
            "title": f"{rng.choice(words).capitalize()} {rng.choice(words)} {number}",
            "description": f"{stories[number % 10]} {' '.join(rng.choice(words, size=4))} {number}",
            "demographic": DEMOGRAPHICS[number % 3],
            "genres": [str(rng.choice(words)), str(rng.choice(words))],
        }
        for number in range(count)
    ]


@pytest.fixture
def large(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    ingest(released, "titles", write_rows(released.root / "more.jsonl", many_titles(2_000)))
    update_index(released, read_settings(released.root), RELEASE, progress=no_progress)
    compact(index_folder(released, RELEASE), exact_up_to=FEW)
    return released


def served(workspace: Workspace, *, exact_up_to: int) -> ServedRelease:
    settings = read_settings(workspace.root)
    encoder = workspace_encoder(workspace, settings, no_progress)
    return open_release(workspace, settings, RELEASE, encoder, exact_up_to=exact_up_to)


def scores(workspace: Workspace, release: ServedRelease, text: str, **asked: Any) -> list[float]:
    settings = read_settings(workspace.root)
    base = workspace_encoder(workspace, settings, no_progress).encode([text])[0]
    how = Answering(None, settings.pairs.min_intent_confidence, settings.shop)
    answer = how.answer(release, RetrieveRequest(text, **asked), base, Stages(), query_id="q")
    return [result.score for result in answer.results]


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(demographic=("Seinen",)),
        Filters(kinds=("article",)),
        Filters(demographic=("josei", "shounen")),
    ],
)
def test_a_large_catalogue_is_answered_as_a_small_one(large: Workspace, filters: Filters) -> None:
    exact, quick = served(large, exact_up_to=10_000), served(large, exact_up_to=FEW)
    assert isinstance(exact.ranks, RanksAll)
    assert isinstance(quick.ranks, RanksCandidates)

    for text in QUERIES:
        expected = scores(large, exact, text, filters=filters)
        assert scores(large, quick, text, filters=filters) == pytest.approx(expected, abs=1e-5)


def test_titles_that_changed_since_the_build_are_answered_too(large: Workspace) -> None:
    changed = [{**row, "description": "pirates amber brisk"} for row in many_titles(40)]
    ingest(large, "titles", write_rows(large.root / "changed.jsonl", changed))
    update = update_index(large, read_settings(large.root), RELEASE, progress=no_progress)
    assert (update.action, update.written) == ("changed", 40)

    exact, quick = served(large, exact_up_to=10_000), served(large, exact_up_to=FEW)

    for text in (*QUERIES, "amber brisk pirates"):
        assert scores(large, quick, text) == pytest.approx(scores(large, exact, text), abs=1e-5)


def test_what_only_its_words_speak_for_is_a_candidate_too(large: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """With hardly any candidates by vector, those by bonus must still be found."""
    monkeypatch.setattr(ranking, "BY_VECTOR", 1)
    quick = served(large, exact_up_to=FEW)
    wordy = replace(quick, weights=replace(quick.weights, lexical=5.0))

    best = scores(large, wordy, "cedar 7", k=1)

    assert best[0] > 4
