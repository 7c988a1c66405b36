"""Needs, popularities and a base ranking in, a search log out: shoppers whose habits are known.

A session belongs to a client (Zipf) and follows one or more needs (Zipf). A need is typed in one of its forms; the page
comes from the logging policy, the visit from the click model. A shopper who clicked nothing relevant may type another
form within 30 seconds. A few sessions are bots, at a rate no human reaches. Sessions are spread evenly over the days,
in no time order; the events of a search are in order. Rows stream: memory grows with the texts, not with the log.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import count

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId
from mangaassist.sample.click_model import ClickModel
from mangaassist.sample.simulator_habits import Habits
from mangaassist.sample.simulator_policy import Rank
from mangaassist.sample.simulator_quota import Quota, Targets
from mangaassist.sample.simulator_rows import LoggedSearch
from mangaassist.sample.simulator_shopper import Shop, Shoppers
from mangaassist.sample.simulator_texts import Need

_PATIENCE = 2_000
"""Sessions without one more event that counts, after which the targets are out of reach."""


def simulate(
    needs: Sequence[Need],
    popularity: Mapping[DocId, float],
    rank: Rank,
    *,
    amount: int | Targets,
    seed: int,
    cold: AbstractSet[DocId] = frozenset(),
    habits: Habits | None = None,
    click_model: ClickModel | None = None,
) -> Iterator[LoggedSearch]:
    """The searches of so many sessions, or of as many as it takes to log the target clicks and cart events.

    popularity: of every title; explored titles come from here.  rank: the base retriever, called once per typed text
    (`all_typed_forms` lists them beforehand).  cold: documents that are never shown, so that no row names them.
    Equal arguments give equal rows, byte for byte. Raises DataError if the targets cannot be reached.
    """
    if not needs:
        raise DataError("there is no need to simulate; pass at least one training query with its judgements")
    quota = Quota(amount if isinstance(amount, Targets) else None)
    shop = Shop(needs, popularity, rank, cold)
    shoppers = Shoppers(shop, habits or Habits(), click_model or ClickModel(), quota, seed)
    return _sessions(shoppers, quota, range(amount) if isinstance(amount, int) else count())


def _sessions(shoppers: Shoppers, quota: Quota, numbers: Iterable[int]) -> Iterator[LoggedSearch]:
    """The searches of these sessions, or of those that it takes to meet the quota."""
    missing_before = -1
    for number in numbers:
        if quota.is_met:
            return
        if quota.missing and number % _PATIENCE == 0:
            if quota.missing == missing_before:
                raise DataError(
                    f"{_PATIENCE} sessions brought no event that the targets still want, after {quota.clicks} clicks "
                    f"and {quota.carts} cart events; check that `rank` returns documents outside `cold`, and that "
                    "some needs are no help questions"
                )
            missing_before = quota.missing
        yield from shoppers.session(number)
