"""What is served is left alone by the garbage collector, and freed without it."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest
from live_world import rollback

from mangaassist.data import Workspace
from mangaassist.serving import LiveEngine, RetrieveRequest
from mangaassist.serving.lasting_memory import lasting

Open = Callable[..., LiveEngine]


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_an_open_engine_is_not_looked_at_by_the_garbage_collector(released: Workspace, opened: Open) -> None:
    before = gc.get_freeze_count()

    engine = opened(released)

    assert gc.get_freeze_count() > before + 1_000
    assert gc.isenabled()
    engine.close()
    assert gc.get_freeze_count() == 0


def test_a_release_that_is_no_longer_served_is_freed_without_the_garbage_collector(
    released: Workspace, opened: Open
) -> None:
    """Frozen objects in a circle would never be freed: each switch would cost a catalogue's memory."""
    engine = opened(released)
    engine.answer(RetrieveRequest("pirates"), query_id="q")
    served = engine._live.now.served
    parts = [weakref.ref(part) for part in (served.composer, served.composer.reader, served.filters)]
    del served
    rollback(released)

    gc.disable()
    try:
        assert engine.look()
        assert [part() for part in parts] == [None, None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was_also_after_an_error(was_enabled: bool) -> None:
    if not was_enabled:
        gc.disable()
    try:
        with pytest.raises(RuntimeError, match="rests"):
            _raise_while_lasting()
        assert gc.isenabled() is was_enabled
    finally:
        gc.enable()


def _raise_while_lasting() -> None:
    with lasting():
        raise RuntimeError("awake" if gc.isenabled() else "it rests")


def test_what_is_remembered_of_answers_stops_growing(
    released: Workspace, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mangaassist.serving.served_release.REMEMBERED", 5)
    engine = opened(released)

    for number in range(20):
        engine.answer(RetrieveRequest(f"pirates {number}"), query_id="q")

    assert engine._live.now.served.composer.reader._remembered.cache_info().currsize == 5
