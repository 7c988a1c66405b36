"""Values such as an age rating in, small integer columns out, and a filter on them as a mask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mangaassist.core.errors import DataError
from mangaassist.retrieval.scoring import Mask
from mangaassist.retrieval.store import Where

MOST_VALUES = 2**16
"""A facet is a handful of values; codes take two bytes."""


@dataclass(frozen=True, slots=True)
class Facets:
    """One column of codes per facet, (facets, n) uint16, and what the codes mean: facet → its values, sorted."""

    values: Mapping[str, tuple[str, ...]]
    codes: npt.NDArray[np.uint16]

    def mask(self, where: Where) -> Mask:
        """Which documents pass; raises DataError for a facet that was not indexed."""
        passing = np.ones(self.codes.shape[1], dtype=np.bool_)
        for name, wanted in where.items():
            if name not in self.values:
                known = ", ".join(self.values) or "none"
                raise DataError(f"there is no facet {name!r} in this index; it has: {known}")
            if isinstance(wanted, str):
                raise DataError(f"the filter on {name!r} is the string {wanted!r}; give a list of values that pass")
            column = self.codes[list(self.values).index(name)]
            passing &= np.array([value in wanted for value in self.values[name]], dtype=np.bool_)[column]
        return passing

    def columns(self) -> dict[str, list[str]]:
        """The values of every document again, by facet."""
        return {
            name: [values[code] for code in column.tolist()]
            for (name, values), column in zip(self.values.items(), self.codes, strict=True)
        }


def encoded(columns: Mapping[str, Sequence[str]], count: int) -> Facets:
    """Facets of `count` documents, in the order of their names; raises DataError for one of too many values."""
    values: dict[str, tuple[str, ...]] = {}
    codes = np.empty((len(columns), count), dtype=np.uint16)
    for row, name in enumerate(sorted(columns)):
        values[name] = tuple(sorted({"", *columns[name]}))
        if len(values[name]) > MOST_VALUES:
            raise DataError(f"facet {name!r} has {len(values[name])} values, at most {MOST_VALUES} fit; filter by less")
        code = {value: number for number, value in enumerate(values[name])}
        codes[row] = [code[value] for value in columns[name]]
    return Facets(values, codes)


def completed(columns: Mapping[str, Sequence[str]], names: Sequence[str], count: int) -> dict[str, Sequence[str]]:
    """The columns of exactly these facets, "" where one is not given; raises DataError for one that is not known."""
    unknown = sorted(set(columns) - set(names))
    if unknown:
        raise DataError(
            f"facet {unknown[0]!r} is not in this index, which has: {', '.join(names) or 'none'}; "
            "build it anew to add a facet"
        )
    return {name: columns.get(name, [""] * count) for name in names}
