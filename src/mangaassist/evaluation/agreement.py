"""Two verdicts on the same documents in, how far they agree beyond chance out: Cohen's κ.

κ = (agreed - expected) / (1 - expected), where `expected` is how often two judges would agree who say "relevant" as
often as these do but know nothing. 1 is full agreement, 0 is chance. The interval resamples groups, as everywhere.

Source: Cohen 1960, "A Coefficient of Agreement for Nominal Scales"; weights of verdicts count as multiples of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One document of one query, called relevant or not by two judges. group: what hangs together (a query's text)."""

    group: str
    first: bool
    second: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """κ with its two-sided 95 % interval, the share agreed on, and what both rest on.

    kappa and its ends are None where one judge always says the same, so that chance agreement is full agreement.
    """

    kappa: float | None
    low: float | None
    high: float | None
    agreed: float
    verdicts: int
    groups: int


def agreement(verdicts: Sequence[Verdicts], *, seed: int) -> Agreement | None:
    """How far two judges agree; None without verdicts."""
    if not verdicts:
        return None
    groups, group_of = np.unique([each.group for each in verdicts], return_inverse=True)
    tables = np.zeros((len(groups), 4))
    kinds = np.array([2 * each.first + each.second for each in verdicts])
    np.add.at(tables, (group_of, kinds), [each.weight for each in verdicts])
    total = tables.sum(axis=0)
    draws = np.random.default_rng(seed).multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=RESAMPLES)
    found = _kappa(total[None, :])[0]
    drawn = _kappa(draws @ tables)
    known = drawn[~np.isnan(drawn)]
    low, high = np.quantile(known, [0.025, 0.975]).tolist() if len(known) else (None, None)
    is_known = not np.isnan(found)
    return Agreement(
        kappa=float(found) if is_known else None,
        low=low if is_known else None,
        high=high if is_known else None,
        agreed=float((total[0] + total[3]) / total.sum()),
        verdicts=len(verdicts),
        groups=len(groups),
    )


def _kappa(tables: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(tables,): κ of counts (tables, 4): neither, only the second, only the first, both say relevant."""
    shares = tables / tables.sum(axis=1, keepdims=True)
    first, second = shares[:, 2] + shares[:, 3], shares[:, 1] + shares[:, 3]
    expected = first * second + (1 - first) * (1 - second)
    agreed = shares[:, 0] + shares[:, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa: npt.NDArray[np.float64] = np.where(expected < 1 - 1e-12, (agreed - expected) / (1 - expected), np.nan)
    return kappa
