"""Pairs in, the rows of their table out; and back."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np
import polars as pl

from mangaassist.core.types import DocId, Pair, QueryId

PAIR_COLUMNS: Final = pl.Schema(
    {
        "query_text": pl.String(),
        "positive": pl.String(),
        "source": pl.String(),
        "weight": pl.Float64(),
        "negatives": pl.List(pl.String()),
        "query_id": pl.String(),
        "client": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "evidence": pl.List(pl.String()),
    }
)


def pair_rows(pairs: Sequence[Pair]) -> pl.DataFrame:
    """A row per pair, in their order."""
    columns = {
        "query_text": [pair.query_text for pair in pairs],
        "positive": [pair.positive for pair in pairs],
        "source": [pair.source for pair in pairs],
        "weight": [pair.weight for pair in pairs],
        "negatives": _lists([pair.negatives for pair in pairs]),
        "query_id": [pair.query_id for pair in pairs],
        "client": [pair.client for pair in pairs],
        "at": [pair.at for pair in pairs],
        "evidence": _lists([pair.evidence for pair in pairs]),
    }
    return pl.DataFrame(columns, schema=PAIR_COLUMNS)


def _lists(values: Sequence[Sequence[str]]) -> pl.Series:
    """A column of lists; polars gathers them from a flat column ten times as fast as it reads them one by one."""
    rows = np.repeat(np.arange(len(values)), [len(each) for each in values])
    flat = pl.DataFrame({"row": rows, "value": list(chain.from_iterable(values))}, schema=_FLAT)
    gathered = flat.group_by("row").agg("value")
    every = pl.DataFrame({"row": np.arange(len(values))}, schema={"row": pl.Int64()})
    return every.join(gathered, on="row", how="left", maintain_order="left")["value"].fill_null([])


_FLAT: Final = pl.Schema({"row": pl.Int64(), "value": pl.String()})


def pairs_of_rows(rows: pl.DataFrame) -> list[Pair]:
    """A pair per row, in their order."""
    return [
        Pair(
            query_text=row["query_text"],
            positive=DocId(row["positive"]),
            source=row["source"],
            weight=row["weight"],
            negatives=tuple(DocId(doc_id) for doc_id in row["negatives"]),
            query_id=QueryId(row["query_id"]) if row["query_id"] else None,
            client=row["client"],
            at=row["at"],
            evidence=tuple(row["evidence"]),
        )
        for row in rows.iter_rows(named=True)
    ]
