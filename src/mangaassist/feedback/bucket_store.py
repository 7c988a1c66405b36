"""The bucket in a workspace: failed searches by day, each day computed anew only when something of it has changed.

feedback/bucket/<day>.parquet   entries of searches of that day (UTC), by time
feedback/bucket.json            what each day, and all of them, were made from
feedback/texts.parquet          every text of the bucket: who typed it, how often, whom it hurt
"""

import io
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from mangaassist.core.errors import WorkspaceError
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import Workspace
from mangaassist.data.sql import scan
from mangaassist.feedback.bucket import ENTRY

STATE: Final = "bucket.json"
TEXTS: Final = pl.Schema(
    {
        "key": pl.String(),
        "text": pl.String(),
        "searches": pl.Int64(),
        "clients": pl.Int64(),
        "entries": pl.Int64(),
        "hurt": pl.Int64(),
        "teachable": pl.Int64(),
        "first_at": pl.Datetime("us", "UTC"),
        "last_at": pl.Datetime("us", "UTC"),
        "is_private": pl.Boolean(),
    }
)
"""text: as most typed it.  searches, clients: of the whole log.  entries: in the bucket.  hurt: clients whom it hurt.
teachable: entries whose cause an adapter can learn from.  is_private: for admins only."""


@dataclass(frozen=True, slots=True)
class BucketState:
    """made_from: digest of everything that days share (rules, words, thresholds, catalogue).  days: day → digest.

    inputs: digest of the files and settings behind all of it: where that is the same, nobody has to look into the log.
    told: what was said of the thresholds.
    """

    made_from: str
    days: Mapping[str, str]
    inputs: str
    told: Mapping[str, Any]


def feedback_folder(workspace: Workspace) -> Path:
    """Where the feedback loop keeps its files."""
    return workspace.root / "feedback"


def read_state(workspace: Workspace) -> BucketState:
    """What the bucket was made from; an empty state where there is none, or one that cannot be read."""
    try:
        found = json.loads((feedback_folder(workspace) / STATE).read_bytes())
        return BucketState(**found)
    except (FileNotFoundError, ValueError, TypeError):
        return BucketState("", {}, "", {})


def write_state(workspace: Workspace, state: BucketState) -> None:
    """From now on the days are just what they were made from."""
    write_atomic(feedback_folder(workspace) / STATE, canonical_json(asdict(state)))


def day_digests(db: duckdb.DuckDBPyConnection, searches: Path) -> dict[str, str]:
    """Day → digest of all its searches with what followed them."""
    query = (
        f"FROM {scan([searches])} s SELECT strftime(\"at\", '%Y-%m-%d') AS day, count(*), bit_xor(hash(s)), "
        "sum(hash(s) % 1000003) GROUP BY day ORDER BY day"
    )
    return {day: f"{count}-{mixed:016x}-{added}" for day, count, mixed, added in db.execute(query).fetchall()}


def changed_days(state: BucketState, made_from: str, days: Mapping[str, str]) -> list[str]:
    """The days to compute: new or changed ones; all of them if what they share has changed."""
    known = state.days if state.made_from == made_from else {}
    return [day for day, digest in days.items() if known.get(day) != digest]


def write_days(workspace: Workspace, entries: pl.DataFrame, days: Collection[str], *, kept: Collection[str]) -> None:
    """Write each of `days` whole, also one without entries; remove what is neither among these nor `kept`."""
    folder = feedback_folder(workspace) / "bucket"
    dated = entries.with_columns(day=pl.col("at").dt.strftime("%Y-%m-%d"))
    parts = {str(name[0]): part.drop("day") for name, part in dated.partition_by("day", as_dict=True).items()}
    empty = pl.DataFrame(schema=ENTRY)
    for day in days:
        write_atomic(folder / f"{day}.parquet", parquet_bytes(parts.get(day, empty).sort("at", "query_id")))
    for path in folder.glob("*.parquet"):
        if path.stem not in {*days, *kept}:
            path.unlink()


def bucket_files(workspace: Workspace) -> list[Path]:
    """The files of the bucket, by day."""
    return sorted((feedback_folder(workspace) / "bucket").glob("*.parquet"))


def read_bucket(workspace: Workspace, *, columns: Iterable[str] | None = None) -> pl.DataFrame:
    """Every entry, by time; see `ENTRY`. Raises WorkspaceError if there is no bucket yet."""
    files = bucket_files(workspace)
    if not files:
        raise _no_bucket(workspace)
    names = list(ENTRY) if columns is None else list(columns)
    return pl.concat([pl.read_parquet(path, columns=names, glob=False) for path in files])


def write_texts(workspace: Workspace, texts: pl.DataFrame) -> None:
    """Write the texts of the bucket."""
    write_atomic(texts_file(workspace), parquet_bytes(texts.select(list(TEXTS)).cast(TEXTS)))


def texts_file(workspace: Workspace) -> Path:
    """Where the texts of the bucket lie."""
    return feedback_folder(workspace) / "texts.parquet"


def read_texts(workspace: Workspace) -> pl.DataFrame:
    """Every text of the bucket, those that hurt most first; see `TEXTS`. Raises WorkspaceError without a bucket."""
    if not texts_file(workspace).is_file():
        raise _no_bucket(workspace)
    return pl.read_parquet(texts_file(workspace), glob=False)


def parquet_bytes(rows: pl.DataFrame) -> bytes:
    """The rows as a Parquet file."""
    content = io.BytesIO()
    rows.write_parquet(content)
    return content.getvalue()


def _no_bucket(workspace: Workspace) -> WorkspaceError:
    told = f"{workspace.root}: has no bucket of failed searches yet"
    return WorkspaceError(f"{told}; fill it: `mangaassist feedback bucket`")
