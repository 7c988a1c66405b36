"""`python -m benchmarks.ingest [--events N] [--json FILE]`: what it takes to ingest a UBI log of so many events.

The log is the sample simulator's, tiled: every tile has clients, sessions, queries and events of its own. It is
streamed to disk, and ingested by a fresh process, whose time and peak memory are measured.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import DocId
from mangaassist.data import Workspace, ingest_directory
from mangaassist.data.keyfile import KEY_VARIABLE
from mangaassist.sample import SampleShop, sample_shop, simulate

SESSIONS = 2_000
PEAK_LIMIT_MB = 1_000
RESULTS = Path(__file__).parent / "results" / "ingest.json"
IDS = ("query_id", "client_id", "session_id", "event_id", "query_response_id")
TILE = "@tile@"


def main() -> None:
    """Write the log, ingest it, say what it took; exits 1 above the limit of memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path, help="where the log and the workspace lie meanwhile")
    parser.add_argument("--json", type=Path, default=RESULTS)
    given = parser.parse_args()
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        measured = {"machine": machine(), **measure(Path(folder), given.events)}
    write_atomic(given.json, canonical_json(measured))
    print(line(measured))
    if given.json == RESULTS:
        rebuild("ingest", line(measured), "docs/ingest.md")
    if measured["peak_mb"] > PEAK_LIMIT_MB:
        sys.exit(f"the peak lies above {PEAK_LIMIT_MB} MB")


def line(measured: Mapping[str, Any]) -> str:
    """What the documentation says."""
    here = measured["machine"]
    told = (
        f"Measured: {measured['events']:,} UBI events and their {measured['queries']:,} queries "
        f"({measured['input_mb']:,} MB of JSONL) in {measured['cpu_seconds']:,.0f} CPU seconds "
        f"({measured['seconds']:,.0f} s by the clock), which is {measured['rows_per_cpu_second']:,} rows a CPU second, "
        f"with a peak of {measured['peak_mb']:,} MB of memory. `python -m benchmarks.ingest --events "
        f"{measured['events']}`, {here['cores']} cores of {here['processor']}, Python {here['python']}, {here['date']}."
    )
    return textwrap.fill(told, 120, break_on_hyphens=False)


def measure(folder: Path, events: int) -> dict[str, Any]:
    """What ingesting a log of so many events took, in a process of its own."""
    log, key = folder / "log", folder / "privacy.key"
    queries = write_tiled_log(log, events)
    key.touch(mode=0o600)
    key.write_text("a key for this measurement only")
    workspace = Workspace.create(folder / "shop")
    command = [sys.executable, "-c", "import sys; from benchmarks.ingest import child; child(*sys.argv[1:])"]
    environment = {**os.environ, KEY_VARIABLE: str(key)}
    done = subprocess.run(
        [*command, str(workspace.root), str(log)], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    size = sum(path.stat().st_size for path in log.iterdir())
    return {"events": events, "queries": queries, "input_mb": round(size / 1e6), **json.loads(done.stdout)}


def child(root: str, log: str) -> None:
    """Ingest the log, and print what this process used."""
    begin = time.perf_counter()
    report = ingest_directory(Workspace.open(Path(root)), Path(log))
    seconds = time.perf_counter() - begin
    used = resource.getrusage(resource.RUSAGE_SELF)
    rows = sum(each.rows for each in report.reports)
    assert all(each.accepted == each.rows for each in report.reports)
    unit = 1 if sys.platform == "darwin" else 1024
    measured = {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "rows_per_second": round(rows / seconds),
        "rows_per_cpu_second": round(rows / (used.ru_utime + used.ru_stime)),
        "peak_mb": round(used.ru_maxrss * unit / 1e6),
    }
    print(json.dumps(measured))


def write_tiled_log(folder: Path, events: int) -> int:
    """Write `queries.jsonl` and `events.jsonl` with exactly so many events; the number of queries."""
    folder.mkdir(parents=True)
    tile, queries, left = _tile(), 0, events
    with (folder / "queries.jsonl").open("w") as query_file, (folder / "events.jsonl").open("w") as event_file:
        for number, (query, its_events) in _endless(tile):
            name = f"{number:05d}"
            query_file.write(query.replace(TILE, name))
            event_file.writelines(event.replace(TILE, name) for event in its_events[:left])
            queries += 1
            left -= len(its_events)
            if left <= 0:
                return queries
    raise AssertionError


def _endless(tile: list[tuple[str, list[str]]]) -> Iterator[tuple[int, tuple[str, list[str]]]]:
    number = 0
    while True:
        yield from ((number, search) for search in tile)
        number += 1


def _tile() -> list[tuple[str, list[str]]]:
    """The searches of some sessions as JSON lines, with a mark for the tile's number in every id."""
    shop = sample_shop()
    popularity = {DocId(title.title_id): title.popularity or 0.0 for title in shop.titles}
    log = simulate(shop.needs(), popularity, lambda text: _ranked(shop, text), amount=SESSIONS, seed=0, cold=shop.cold)
    return [(_line(search.query), [_line(event) for event in search.events]) for search in log]


def _ranked(shop: SampleShop, text: str) -> list[DocId]:
    """Some ranking: what is measured does not depend on a good one."""
    start = sum(text.encode()) % len(shop.doc_ids)
    return list(islice(shop.doc_ids[start:] + shop.doc_ids, 100))


def _line(row: dict[str, Any]) -> str:
    return json.dumps({**row, **{name: f"{row[name]}-{TILE}" for name in IDS if name in row}}) + "\n"


if __name__ == "__main__":
    main()
