"""The first shelf shown for a query and what is relevant to it in, how good the shelf is out.

Success alone cannot tell how to cut a catalogue: one shelf with all titles has the success of the plain ranking. Fit
can: it falls for a shelf that holds much else, and for one that holds little of what was asked for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from mangaassist.core.types import DocId
from mangaassist.evaluation.metrics import success

SHELF_METRICS: Final = ("success@3", "precision@3", "fit")


@dataclass(frozen=True, slots=True)
class ShelfScores:
    """Every shelf metric of one query, in [0, 1]; all 0 where no shelf is shown."""

    success_at_3: float = 0.0
    precision_at_3: float = 0.0
    fit: float = 0.0

    def value(self, metric: str) -> float:
        """The value of a metric by its name in `SHELF_METRICS`."""
        return float(getattr(self, metric.replace("@", "_at_")))


def score_shelf(shown: Sequence[DocId], members: Collection[DocId], relevant: Collection[DocId]) -> ShelfScores:
    """The scores of a shelf. shown: its best titles, best first.  members: all its titles.  relevant: to the query.

    success@3: whether any of the first three shown is relevant.  precision@3: how many of these three are.
    fit: 2 · relevant members ÷ (members + relevant), the F1 of the shelf as an answer (0 if both are empty).
    """
    wanted = set(relevant)
    shared, size = len(wanted & set(members)), len(wanted) + len(set(members))
    return ShelfScores(
        success_at_3=success(shown, wanted, k=3),
        precision_at_3=sum(title in wanted for title in shown[:3]) / 3,
        fit=2 * shared / size if size else 0.0,
    )
