"""A ranking of one question in, the shelves that its answer shows out, under the same rules as its results."""

from collections.abc import Mapping

from mangaassist.core.shop_settings import ShopSettings
from mangaassist.core.types import Adjustment, DocId
from mangaassist.queries import Reading
from mangaassist.serving.answers import AnswerShelf, ShelfTitle
from mangaassist.serving.served_release import ServedRelease
from mangaassist.serving.shop_rules import placed
from mangaassist.shelves import MOST_TITLES, SuitingShelf


def shelves_for(
    served: ServedRelease,
    reading: Reading,
    found: Mapping[DocId, float],
    adjustment: Adjustment,
    shop: ShopSettings,
) -> tuple[AnswerShelf, ...]:
    """The best shelves. found: the ranking, which holds only what may be returned, as the adjustment says of others.

    A title that was not found and has a facet that was turned down is left out.
    """
    facets, allowed = served.composer.reader.facets, adjustment.allowed

    def may_show(title: DocId) -> bool:
        is_allowed = allowed is None or bool(allowed[served.rows[title]])
        return is_allowed and not (reading.rejected and facets.of(title) & reading.rejected)

    return tuple(_shown(served, suiting, shop) for suiting in served.shelves.suiting(found, may_show))


def _shown(served: ServedRelease, suiting: SuitingShelf, shop: ShopSettings) -> AnswerShelf:
    shelf = suiting.shelf
    order = placed(suiting.standings, shop, MOST_TITLES, out_of_print=served.out_of_print)
    titles = tuple(_title(served, each.doc_id) for each in order)
    return AnswerShelf(shelf.id, shelf.name, shelf.facets, suiting.score, titles)


def _title(served: ServedRelease, doc_id: DocId) -> ShelfTitle:
    shown = served.shown_of(doc_id)
    return ShelfTitle(doc_id, shown.title, shown.url)
