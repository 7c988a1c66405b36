"""The pairs of a log as a table in, what of them stays within the caps out: `limits`, for more pairs than memory holds.

Every pair of one source weighs alike, so a client's weight is its number of pairs.
"""

from dataclasses import dataclass

import duckdb

from mangaassist.core.types import PairSource
from mangaassist.pairs.limits import client_level
from mangaassist.pairs.near_duplicates import normalise
from mangaassist.pairs.rules import PairRules


@dataclass(frozen=True, slots=True)
class LogCaps:
    """Pairs within the caps, events behind them, events behind repeats, the heaviest client's share of the weight."""

    pairs: int
    used: int
    repeated: int
    largest_client_share: float


def cap_log_pairs(db: duckdb.DuckDBPyConnection, source: PairSource, rules: PairRules) -> LogCaps:
    """Adds the view `SOURCE_capped`: the pairs of the table SOURCE within the caps, each with its weight.

    Adds the table `SOURCE_clients`, too: client, pairs.
    """
    _find_repeats(db, source, rules.max_repeats)
    made, events = _size(db, source)
    repeats, repeated = _size(db, f"{source} SEMI JOIN {source}_repeats USING (query_id, positive)")
    db.execute(
        f"CREATE TEMP TABLE {source}_clients AS SELECT client, count(*) AS pairs "
        f"FROM {source} ANTI JOIN {source}_repeats USING (query_id, positive) GROUP BY client"
    )
    sizes = db.execute(f"SELECT pairs::DOUBLE AS pairs FROM {source}_clients ORDER BY pairs DESC").fetchnumpy()
    heaviest_first: list[float] = sizes["pairs"].tolist()
    level = client_level(heaviest_first, 0.0, rules.max_client_share)
    db.execute(
        f"CREATE TEMP VIEW {source}_capped AS "
        f"SELECT * EXCLUDE (pairs) REPLACE (least(1.0, '{level!r}'::DOUBLE / pairs) AS weight) "
        f"FROM {source} ANTI JOIN {source}_repeats USING (query_id, positive) JOIN {source}_clients USING (client)"
    )
    levelled = [min(weight, level) for weight in heaviest_first]
    share = max(levelled, default=0.0) / (sum(levelled) or 1.0)
    return LogCaps(made - repeats, events - repeated, repeated, share)


def _size(db: duckdb.DuckDBPyConnection, pairs: str) -> tuple[int, int]:
    """How many pairs there are, and how many events behind them."""
    size = db.execute(f"SELECT count(*), coalesce(sum(len(evidence)), 0)::BIGINT FROM {pairs}").fetchone()
    assert size is not None
    return size[0], size[1]


def _find_repeats(db: duckdb.DuckDBPyConnection, source: PairSource, most: int) -> None:
    """`SOURCE_repeats`: the pairs of a client, text (NFKC, casefold) and document beyond the earliest so many.

    Texts are normalised only where a client has more pairs of a document than that, however they were typed.
    """
    db.execute(
        f"CREATE TEMP TABLE suspects AS SELECT query_id, positive, client, query_text, us FROM {source} SEMI JOIN "
        f"(SELECT client, positive FROM {source} GROUP BY ALL HAVING count(*) > {most}) USING (client, positive)"
    )
    texts = [text for (text,) in db.execute("SELECT DISTINCT query_text FROM suspects").fetchall()]
    forms = [normalise(text) for text in texts]
    db.execute(
        f"""
        CREATE TEMP TABLE {source}_repeats AS
        SELECT query_id, positive FROM suspects JOIN (
            SELECT unnest($1::VARCHAR[]) AS query_text, unnest($2::VARCHAR[]) AS form
        ) USING (query_text)
        QUALIFY row_number() OVER (PARTITION BY client, form, positive ORDER BY us, query_id) > {most}
        """,
        [texts, forms],
    )
    db.execute("DROP TABLE suspects")
