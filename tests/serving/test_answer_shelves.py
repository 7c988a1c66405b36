"""Which titles stand on the shelves of an answer, on a catalogue that one can check in the head."""

import numpy as np
import pytest
from small_release import WEIGHTS, served

from mangaassist.core.shop_settings import ShopSettings
from mangaassist.core.types import Adjustment, DocId
from mangaassist.serving.shelving import shelves_for

SHELVES = {"Fantasy": ("berserk", "claymore", "frieren", "monster"), "Cozy": ("yotsuba", "barakamon", "pluto")}

SHOP = ShopSettings()


def standing(
    query: str, *found: str, allowed: set[str] | None = None, shop: ShopSettings = SHOP
) -> dict[str, list[str]]:
    """Shelf → its titles, for a ranking that found these alone, a tenth apart."""
    release = served(shelves=SHELVES)
    reading = release.composer.reader.read(query, "recommendation")
    may = release.composer.adjustment(reading, WEIGHTS).allowed
    assert may is not None
    if allowed is not None:
        may &= np.array([doc_id in allowed for doc_id in release.rows])
    ranking = {DocId(title): 1.0 - place / 10 for place, title in enumerate(found)}
    shelves = shelves_for(release, reading, ranking, Adjustment(None, may), shop)
    return {shelf.name: [title.id for title in shelf.titles] for shelf in shelves}


def test_found_titles_come_first_and_typical_ones_fill_the_shelf() -> None:
    assert standing("something", "frieren") == {"Fantasy": ["frieren", "berserk", "claymore", "monster"]}


def test_a_title_with_a_facet_that_was_turned_down_fills_no_shelf() -> None:
    assert standing("fantasy but not brutal", "frieren") == {"Fantasy": ["frieren", "claymore", "monster"]}


def test_a_named_title_fills_no_shelf() -> None:
    assert standing("like Berserk", "frieren") == {"Fantasy": ["frieren", "claymore", "monster"]}


def test_what_a_filter_shuts_out_fills_no_shelf() -> None:
    assert standing("something", "frieren", allowed={"claymore"}) == {"Fantasy": ["frieren", "claymore"]}


@pytest.mark.parametrize(
    ("shop", "expected"),
    [
        (ShopSettings(bury=("frieren",)), ["berserk", "claymore", "monster", "frieren"]),
        (ShopSettings(bury=("berserk",)), ["frieren", "claymore", "monster", "berserk"]),
        (ShopSettings(pin=("monster",)), ["monster", "frieren", "berserk", "claymore"]),
    ],
)
def test_the_shops_rules_order_a_shelf(shop: ShopSettings, expected: list[str]) -> None:
    assert standing("something", "frieren", shop=shop) == {"Fantasy": expected}


def test_a_shelf_names_its_titles_as_the_catalogue_does() -> None:
    release = served(shelves=SHELVES)
    reading = release.composer.reader.read("something", "recommendation")

    (shelf,) = shelves_for(release, reading, {DocId("pluto"): 0.5}, Adjustment(), ShopSettings())

    assert (shelf.id, shelf.name, round(shelf.score, 6)) == ("id of Cozy", "Cozy", 0.5)
    first = shelf.titles[0]
    assert (first.id, first.title, first.url) == ("pluto", "Pluto", None)
