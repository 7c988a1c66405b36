"""Two releases of the small shop are really opened and really timed; only the numbers of queries are small."""

from typing import Any

import pytest
from live_world import RELEASE, queries_of

from mangaassist.core.errors import RegistryError
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace
from mangaassist.evaluation import ServiceLatency
from mangaassist.evaluation.latency import WARM_UP
from mangaassist.evaluation.own_time import own_time_ns
from mangaassist.loop import read_settings
from mangaassist.promotion import IDENTITY
from mangaassist.queries.wishes import wishes_of
from mangaassist.serving import in_memory, time_candidate
from mangaassist.serving.answering import Answering
from mangaassist.serving.ranking import RanksAll, RanksCandidates
from mangaassist.serving.served_release import assembled


def timed(workspace: Workspace, *, live: str = IDENTITY) -> ServiceLatency:
    texts = [query.text for query in queries_of(workspace)]
    return time_candidate(
        workspace,
        read_settings(workspace.root),
        live=live,
        texts=texts,
        seed=0,
        progress=no_progress,
        queries=100,
        rounds=1,
    )


def test_candidate_and_live_release_are_timed_side_by_side(shop: Workspace) -> None:
    found = timed(shop)

    assert (found.queries, found.rounds) == (100, 1)
    assert 0 < found.addon.p50_ms < found.response.p50_ms
    assert 0 < found.routing.p50_ms < min(found.response.p50_ms, found.live_response.p50_ms)


def test_a_slower_candidate_shows_and_leaves_live_and_routing_alone(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an answer takes is in its response, to the end, and in no other number."""
    real = Answering.answer

    def slower(self: Answering, served: Any, *given: Any, **more: Any) -> Any:
        answer = real(self, served, *given, **more)
        until = own_time_ns() + 50_000_000 * (served.release == in_memory.CANDIDATE)
        while own_time_ns() < until:
            pass
        return answer

    monkeypatch.setattr(Answering, "answer", slower)
    found = timed(shop)

    assert found.response.p50_ms >= 50
    assert found.live_response.p50_ms < 50
    assert found.routing.p50_ms < 50


def test_what_was_read_before_is_read_anew(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading from memory would make every answer but the first look quicker than it is."""
    read = list[str]()

    def noted(text: str, *given: Any, **more: Any) -> Any:
        read.append(text)
        return wishes_of(text, *given, **more)

    monkeypatch.setattr("mangaassist.queries.reading.wishes_of", noted)
    timed(shop)

    assert len(read) == 2 * (2 * WARM_UP + 100)


def test_a_published_release_is_timed_as_the_live_one(released: Workspace) -> None:
    assert timed(released, live=RELEASE).live_response.p50_ms > 0


def test_a_live_release_that_is_not_there_is_an_error(shop: Workspace) -> None:
    with pytest.raises(RegistryError, match="v07"):
        timed(shop, live="embed-adapter-v07")


def test_a_large_catalogue_is_timed_on_an_index_as_it_is_served(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks = set[type]()

    def noted(*given: Any) -> Any:
        ranks.add(type(given[-1]))
        return assembled(*given)

    monkeypatch.setattr(in_memory, "assembled", noted)
    timed(shop)
    assert ranks == {RanksAll}

    ranks.clear()
    monkeypatch.setattr(in_memory, "EXACT_UP_TO", 20)
    timed(shop)
    assert ranks == {RanksCandidates}
