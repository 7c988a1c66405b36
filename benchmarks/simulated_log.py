"""A number of events and a seed in; a workspace whose UBI log has about so many out, written without a row in Python.

Texts, documents and clients follow Zipf's law. A session is four searches of a client, and sessions run beside each
other; in some blocks of searches all are one bot's, and what is wished for is so in a later session. Parts lie as
ingest leaves them: same columns, same row groups.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import duckdb
import polars as pl

from mangaassist.data import KINDS, KindName, Workspace
from mangaassist.data.ledger import Entry, record
from mangaassist.data.sql import ROW_GROUP, SQL_TYPES, identifier, text

EVENTS_PER_SEARCH = 8.68
"""What the shares below come to, measured."""

DAYS, PARTS_OF = 100, 5_000_000
DOCUMENTS, TEXTS = 100_000, 300_000
BEGIN_US = 1_767_225_600_000_000
"""2026-01-01 in UTC."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many searches there are, and how they follow each other."""

    searches: int
    seed: int

    @property
    def step_us(self) -> int:
        """Time between two searches of the log."""
        return DAYS * 86_400_000_000 // self.searches

    @property
    def block(self) -> int:
        """Searches whose sessions run beside each other: a session searches some 45 seconds apart."""
        return max(32, 4 * round(45_000_000 / self.step_us))

    @property
    def texts(self) -> int:
        """Different query texts there may be."""
        return min(TEXTS, max(100, self.searches // 4))

    @property
    def clients(self) -> int:
        """Different clients there may be."""
        return max(100, self.searches // 10)


def write_log(workspace: Workspace, events: int, *, seed: int = 0) -> dict[str, int]:
    """Write the parts and their ledger entries: searches, events, bytes."""
    shape = Shape(max(100, math.ceil(events / EVENTS_PER_SEARCH)), seed)
    parts = math.ceil(events / PARTS_OF)
    bounds = [shape.searches * part // parts for part in range(parts + 1)]
    written = {"searches": 0, "events": 0, "bytes": 0}
    with duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(workspace.scratch)}) as db:
        db.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        kinds: tuple[tuple[KindName, str], ...] = (("queries", _queries(shape)), ("events", _events(shape)))
        for name, rows in kinds:
            for part, (first, last) in enumerate(pairwise(bounds)):
                entry, size = _write_part(db, workspace, name, part, rows.format(first=first, last=last))
                record(workspace.engine, [entry])
                written["bytes"] += size
                written["searches" if name == "queries" else "events"] += entry.rows
    return written


def _write_part(
    db: duckdb.DuckDBPyConnection, workspace: Workspace, name: KindName, part: int, rows: str
) -> tuple[Entry, int]:
    sha256 = f"{part:064x}"
    target = workspace.part(name, sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(_column(column, dtype) for column, dtype in KINDS[name].columns.items())
    numbered = f"SELECT row_number() OVER () AS line, {columns} FROM ({rows} ORDER BY timestamp) AS made"
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"
    (count,) = db.execute(f"COPY ({numbered}) TO {text(str(target))} ({options})").fetchone() or (0,)
    return Entry(name, sha256, f"ubi_{name}-{part}.parquet", count, count, 0, 0), target.stat().st_size


def _column(name: str, dtype: pl.DataType) -> str:
    """The column as it was made, or NULL where no row says anything."""
    if name in MADE:
        return identifier(name)
    return f"NULL::{SQL_TYPES[dtype]} AS {identifier(name)}"


MADE = {
    *("query_id", "user_query", "client_id", "timestamp", "query_response_hit_ids", "intent", "intent_confidence"),
    *("event_id", "session_id", "action_name", "object_id", "ordinal"),
}


def _dice(number: int, *what: str) -> str:
    """A share in [0, 1) that depends on the seed's number and on what the row says."""
    key = what[0]
    for each in (*what[1:], str(number)):
        key = f"({key} * 1000 + {each})"
    return f"(hash({key}) / 18446744073709551616.0)"


def _zipf(share: str, amount: int) -> str:
    """A number from 0 on, the n-th with a chance of about 1 / n."""
    return f"(floor(exp({share} * ln({amount} + 1)))::BIGINT - 1)"


def _searches(shape: Shape) -> str:
    """One row per search: number, session, client, text, when."""
    dice, block = shape.seed * 100, shape.block
    is_bot = f"{_dice(dice + 1, f'number // {block}')} < 0.0025"
    session = (
        f"CASE WHEN is_bot THEN -(number // {block}) - 1 ELSE number // {block} * {block} + number % ({block} // 4) END"
    )
    client = f"floor({shape.clients} * pow({_dice(dice + 2, 'session')}, 2))::BIGINT"
    wait = f"CASE WHEN is_bot THEN number % {block} * 500000 ELSE number % {block} * {shape.step_us} END"
    return (
        f"SELECT *, {client} AS client, {_zipf(_dice(dice + 3, 'number'), shape.texts)} AS wording, "
        f"make_timestamptz({BEGIN_US} + number // {block} * {block} * {shape.step_us} + {wait}) AS asked_at, "
        f"6 + floor(5 * {_dice(dice + 4, 'number')})::BIGINT AS shown "
        f"FROM (SELECT *, {session} AS session FROM "
        f"(SELECT range AS number, {is_bot} AS is_bot FROM range({{first}}, {{last}})))"
    )


def _document(shape: Shape, place: str) -> str:
    return f"'m' || {_zipf(_dice(shape.seed * 100 + 5, 'wording', place), DOCUMENTS)}"


_QUERY_ID = "md5('q' || number) AS query_id"
_CLIENT_ID = "md5('c' || client) AS client_id"


def _queries(shape: Shape) -> str:
    dice = shape.seed * 100
    hits = f"list_transform(range(1, 11), lambda place: {_document(shape, 'place')})"
    words = "['dark', 'cosy', 'school', 'ghost', 'pirate', 'robot', 'chef', 'music', 'sport', 'love', 'war', '日常']"
    wording = f"{words}[1 + wording % 12] || ' ' || {words}[1 + wording // 12 % 12] || ' manga ' || wording"
    intent = f"CASE WHEN {_dice(dice + 6, 'number')} < 0.04 THEN 'other' ELSE 'recommendation' END"
    return (
        f"SELECT {_QUERY_ID}, {wording} AS user_query, {_CLIENT_ID}, asked_at AS timestamp, "
        f"{hits} AS query_response_hit_ids, {intent} AS intent, "
        f"0.4 + 0.6 * sqrt({_dice(dice + 7, 'number')}) AS intent_confidence FROM ({_searches(shape)})"
    )


def _events(shape: Shape) -> str:
    """Ten places at most are shown; one in five first places is clicked, and one in six clicks goes into the cart."""
    dice = shape.seed * 100
    shown = (
        f"SELECT *, {_dice(dice + 8, 'number', 'place')} * place < 0.2 OR (is_bot AND place = 1) AS clicked, "
        f"{_dice(dice + 9, 'number', 'place')} AS luck "
        f"FROM (SELECT *, unnest(range(1, shown + 1)) AS place FROM ({_searches(shape)}))"
    )
    acts = {
        "impression": (0, "true"),
        "click": (3, "clicked"),
        "add_to_cart": (20, "clicked AND luck < 0.15"),
        "purchase": (90, "clicked AND luck < 0.06"),
        "add_to_wishlist": (30, "clicked AND luck > 0.95"),
    }
    each = " UNION ALL ".join(
        f"SELECT *, {after_s} AS after_s, '{name}' AS action_name FROM shown WHERE {if_}"
        for name, (after_s, if_) in acts.items()
    )
    return (
        f"SELECT md5('e' || number || ' ' || place || action_name) AS event_id, "
        f"CASE WHEN {_dice(dice + 10, 'number', 'place', 'after_s')} >= 0.002 THEN md5('q' || number) END AS query_id, "
        f"left(md5('s' || session || if(action_name = 'add_to_wishlist', ' later', '')), 20) AS session_id, "
        f"{_CLIENT_ID}, action_name, "
        f"asked_at + to_milliseconds(after_s * 1000 + place * 200) AS timestamp, "
        f"CASE WHEN {_dice(dice + 11, 'number', 'place', 'after_s')} >= 0.001 THEN {_document(shape, 'place')} END "
        f"AS object_id, place AS ordinal FROM (WITH shown AS MATERIALIZED ({shown}) {each})"
    )
