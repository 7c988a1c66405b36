"""Shelves of the live release: which are shown, what stands on them, and that they follow the index."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from live_world import RELEASE, promote, rollback
from loop_world import write_rows

from mangaassist.core.files import sha256_of
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace, forget_file, ingest
from mangaassist.loop import index_folder, read_settings, update_index
from mangaassist.promotion import IDENTITY
from mangaassist.serving import AnswerShelf, Filters, LiveEngine, RetrieveRequest
from mangaassist.shelves import MOST_SHELVES, MOST_TITLES, SHELVES_FILE

Open = Callable[..., LiveEngine]


def asked(query: str = "zorbil amber", intent: str = "recommendation", **others: object) -> RetrieveRequest:
    return RetrieveRequest(query, intent, **others)  # type: ignore[arg-type]


def shelves(engine: LiveEngine, request: RetrieveRequest | None = None) -> tuple[AnswerShelf, ...]:
    return engine.answer(request or asked(), query_id="q").shelves


def standing(found: tuple[AnswerShelf, ...]) -> set[str]:
    return {title.id for shelf in found for title in shelf.titles}


def updated(workspace: Workspace, release: str = RELEASE) -> str:
    return update_index(workspace, read_settings(workspace.root), release, progress=no_progress).action


def test_the_first_shelf_holds_what_was_asked_for(released: Workspace, opened: Open) -> None:
    found = shelves(opened(released), asked("zorbil zorbil"))

    assert 1 <= len(found) <= MOST_SHELVES
    assert all(2 <= len(shelf.titles) <= MOST_TITLES and shelf.name and shelf.id for shelf in found)
    assert {title.id.split("-")[0] for title in found[0].titles[:3]} == {"pirates"}
    assert found[0].titles[0].title.endswith("Pirates")
    assert [shelf.score for shelf in found] == sorted((shelf.score for shelf in found), reverse=True)


@pytest.mark.parametrize(
    ("intent", "confidence", "is_shown"),
    [
        ("recommendation", None, True),
        ("product_discovery", 0.9, True),
        ("recommendation", 0.1, False),
        ("product_question", None, False),
        ("faq", None, False),
        ("other", None, False),
        (None, None, False),
    ],
)
def test_only_who_certainly_asks_for_titles_is_shown_shelves(
    released: Workspace, opened: Open, intent: str, confidence: float | None, is_shown: bool
) -> None:
    assert bool(shelves(opened(released), asked(intent=intent, intent_confidence=confidence))) == is_shown


def test_shelves_do_not_depend_on_how_many_results_are_asked_for(released: Workspace, opened: Open) -> None:
    engine = opened(released)

    assert shelves(engine, asked(k=1)) == shelves(engine, asked(k=50))


def test_a_title_that_is_never_shown_is_on_no_shelf(released: Workspace, opened: Open) -> None:
    settings = read_settings(released.root)
    hidden = tuple(sorted(standing(shelves(opened(released))))[::2])
    shop = replace(settings.shop, never_show=hidden)

    found = shelves(opened(released, settings=settings.model_copy(update={"shop": shop})))

    assert found
    assert not standing(found) & set(hidden)


def test_a_buried_title_stands_last_on_its_shelf(released: Workspace, opened: Open) -> None:
    settings = read_settings(released.root)
    first = shelves(opened(released))[0].titles[0].id
    shop = replace(settings.shop, bury=(first,))

    found = shelves(opened(released, settings=settings.model_copy(update={"shop": shop})))

    assert all(shelf.titles[-1].id == first for shelf in found if first in standing((shelf,)))
    assert found[0].titles[0].id != first


def test_filters_hold_on_shelves_also_for_titles_that_fill_them(released: Workspace, opened: Open) -> None:
    rated = [
        {"title_id": f"pirates-{number}", "title": f"Rated {number} Pirates", "age_rating": "mature"}
        for number in (0, 2)
    ]
    ingest(released, "titles", write_rows(released.root / "more" / "catalogue.jsonl", rated))
    updated(released)
    engine = opened(released)

    assert standing(shelves(engine)) & {"pirates-0", "pirates-2"}
    assert standing(shelves(engine, asked(filters=Filters(age_rating=("mature",))))) == {"pirates-0", "pirates-2"}
    assert shelves(engine, asked(filters=Filters(kinds=("article",)))) == ()


def test_a_title_that_is_named_is_not_recommended_back_on_a_shelf(released: Workspace, opened: Open) -> None:
    engine = opened(released)

    assert "pirates-1" in standing(shelves(engine, asked("tall stories about pirates", "product_discovery")))
    assert "pirates-1" not in standing(shelves(engine, asked("manga like Tall Pirates")))


def test_there_are_no_shelves_while_the_encoder_is_away(released: Workspace, opened: Open) -> None:
    class Away:
        encoder_id, dimension = "words@1", 96

        def encode(self, texts: object) -> None:
            raise OSError

    answer = opened(released, encoder=Away()).answer(asked("tall pirates"), query_id="q")

    assert (answer.degraded, bool(answer.results), answer.shelves) == (True, True, ())


def test_a_new_title_joins_a_shelf_and_a_removed_one_leaves_it_without_a_new_build(
    released: Workspace, opened: Open
) -> None:
    engine = opened(released)
    before = {shelf.id for shelf in shelves(engine)}
    path = write_rows(released.root / "more" / "catalogue.jsonl", [{"title_id": "x", "title": "Amber Zorbil Pirates"}])
    ingest(released, "titles", path)

    assert updated(released) == "changed"
    assert engine.look()
    assert "x" in standing(shelves(engine))
    assert before & {shelf.id for shelf in shelves(engine)}

    forget_file(released, "titles", sha256_of(path), "a test", at=datetime(2026, 11, 3, tzinfo=UTC))
    assert updated(released) == "changed"
    assert engine.look()
    assert "x" not in standing(shelves(engine))


def test_each_release_shows_shelves_of_its_own(released: Workspace, opened: Open) -> None:
    engine = opened(released)
    ours = {shelf.id for shelf in shelves(engine)}
    rollback(released)
    assert engine.look()
    theirs = {shelf.id for shelf in shelves(engine)}

    assert ours
    assert theirs
    assert not ours & theirs
    promote(released, RELEASE)
    assert engine.look()
    assert {shelf.id for shelf in shelves(engine)} == ours


def test_shelves_are_the_same_however_often_an_index_is_built(released: Workspace) -> None:
    folder = index_folder(released, IDENTITY)
    updated(released, IDENTITY)
    (first,) = folder.glob(f"build-*/{SHELVES_FILE}")
    once = first.read_bytes()
    (folder / "made_of.json").unlink()
    updated(released, IDENTITY)

    (again,) = folder.glob(f"build-000002/{SHELVES_FILE}")
    assert again.read_bytes() == once
    assert sum(len(shelf["titles"]) for shelf in json.loads(once)["shelves"]) == 50


def test_an_index_of_before_there_were_shelves_is_built_anew(released: Workspace) -> None:
    updated(released)
    path = index_folder(released, RELEASE) / "made_of.json"
    made_of = json.loads(path.read_bytes())
    del made_of["shelves"]
    path.write_text(json.dumps(made_of))

    assert updated(released) == "built"
    assert updated(released) == "up to date"
