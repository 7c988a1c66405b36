"""The records of a catalogue and a request's filters in, which documents may be returned out."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from mangaassist.core.errors import DataError
from mangaassist.loop import FACETS, Record, facet_value, facet_values
from mangaassist.retrieval import Where
from mangaassist.serving.answers import Filters

Mask: TypeAlias = npt.NDArray[np.bool_]

RATINGS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("all", "allages", "everyone", "kids", "children"), 0),
    **dict.fromkeys(("teen", "teens", "youngteen", "13"), 1),
    **dict.fromkeys(("olderteen", "olderteens", "teenplus", "16"), 2),
    **dict.fromkeys(("mature", "18"), 3),
    **dict.fromkeys(("adult", "adultsonly", "explicit"), 4),
}
"""How grown-up a rating is. A title whose rating is not known here is above every limit."""


def rating_level(rating: str) -> int:
    """How grown-up a rating is; raises DataError for one that nobody knows."""
    level = RATINGS.get(facet_value(rating))
    if level is None:
        raise DataError(f"max_age_rating: there is no rating {rating!r}; use all, teen, older teen, mature or adult")
    return level


class FilterMasks:
    """Which documents have which value, ready for any filter. records: in the order of the documents."""

    def __init__(self, records: Sequence[Record]) -> None:
        values = [facet_values(record) for record in records]
        columns = {name: np.array([each[name] for each in values]) for name in FACETS}
        self._having = {
            name: {str(value): column == value for value in np.unique(column)} for name, column in columns.items()
        }
        self._size = len(records)
        self._articles = self._masked("kind", {"article"})
        self.out_of_print = self._masked("availability", {"outofprint"})

    def allowed(self, where: Where) -> Mask:
        """(documents,): which pass every facet named; articles pass those that only titles have."""
        passing = np.ones(self._size, dtype=np.bool_)
        for name, values in where.items():
            mask = self._masked(name, values)
            passing &= mask if name == "kind" else mask | self._articles
        return passing

    def _masked(self, name: str, values: Collection[str]) -> Mask:
        found = np.zeros(self._size, dtype=np.bool_)
        for value in values:
            if value in self._having[name]:
                found |= self._having[name][value]
        return found


def where_of(filters: Filters, *, shop_max_age_rating: str | None) -> dict[str, set[str]]:
    """A request's filters and the shop's own limit, facet → values that pass; a facet without a limit is left out."""
    asked = {
        "kind": filters.kinds,
        "age_rating": filters.age_rating,
        "availability": filters.availability,
        "demographic": filters.demographic,
        "language": filters.language,
    }
    where = {name: {facet_value(value) for value in values} for name, values in asked.items() if values}
    limits = [rating_level(limit) for limit in (filters.max_age_rating, shop_max_age_rating) if limit is not None]
    if limits:
        within = {rating for rating, level in RATINGS.items() if level <= min(limits)}
        where["age_rating"] = where.get("age_rating", within) & within
    return where
