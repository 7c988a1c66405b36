"""The pairs of a log within the caps in, those that train out: all, or those of whole clients up to a number.

Clients are drawn, and not pairs: what a client may repeat, and what it liked before, is the same as without a draw.
"""

from collections.abc import Iterable

import duckdb

from mangaassist.core.types import PairSource
from mangaassist.pairs.log_pairs import LOG_SOURCES


def draw_pairs(db: duckdb.DuckDBPyConnection, *, most: int, seed: int) -> None:
    """Adds the views `click_drawn` and `cart_drawn`: at most so many pairs together, the same ones for the same seed.

    Clients come in an order that depends on the seed and their id; each whose pairs still fit is drawn.
    """
    clients = " UNION ALL ".join(f"FROM {source}_clients" for source in LOG_SOURCES)
    db.execute(
        f"""
        CREATE TEMP TABLE lots AS
        SELECT client, pairs, row_number() OVER (ORDER BY md5('{seed} ' || client), client) AS lot
        FROM (SELECT client, sum(pairs)::BIGINT AS pairs FROM ({clients}) GROUP BY client)
        """
    )
    (made,) = db.execute("SELECT coalesce(sum(pairs), 0)::BIGINT FROM lots").fetchone() or (0,)
    if made <= most:
        drawn = "lots"
    else:
        sizes = db.execute("SELECT pairs FROM lots ORDER BY lot").fetchnumpy()["pairs"].tolist()
        fitting = "SELECT unnest($1::BIGINT[]) AS lot"
        db.execute(
            f"CREATE TEMP TABLE drawn AS SELECT client FROM lots SEMI JOIN ({fitting}) USING (lot)",
            [_lots_that_fit(sizes, most)],
        )
        drawn = "drawn"
    for source in LOG_SOURCES:
        _add_view(db, source, drawn)


def _add_view(db: duckdb.DuckDBPyConnection, source: PairSource, drawn: str) -> None:
    db.execute(f"CREATE TEMP VIEW {source}_drawn AS FROM {source}_capped SEMI JOIN {drawn} USING (client)")


def _lots_that_fit(sizes: Iterable[int], most: int) -> list[int]:
    fitting = []
    for lot, size in enumerate(sizes, start=1):
        if size <= most:
            fitting.append(lot)
            most -= size
        if not most:
            break
    return fitting
