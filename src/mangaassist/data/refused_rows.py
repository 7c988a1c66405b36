"""Refused rows and an erasure in; those that do not speak of the client out.

Ids were blotted out when the rows were refused, so a row is known by the search that it names or by a text that nobody
else typed.
"""

import json

import polars as pl

from mangaassist.data.erasures import Erasure


def refused_rows_left(rows: pl.DataFrame, erasure: Erasure) -> pl.DataFrame:
    """The rows that stay."""
    told = [json.dumps(each, ensure_ascii=False) for each in (*erasure.query_ids, *erasure.texts)]
    if not told:
        return rows
    return rows.filter(~pl.col("raw").str.contains_any(told))
