"""`python -m benchmarks.encoding [--json FILE]`: texts a second of the local encoder, by one process and by several.

The texts are the sample's catalogue and its shoppers' queries, each numbered so that no two are equal. Seconds by the
clock are told beside CPU seconds of all processes: the second say what each text costs whatever else the machine does,
and that starting processes and talking to them costs next to nothing.
"""

import argparse
import os
import resource
import textwrap
import time
from collections.abc import Mapping
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import title_text
from mangaassist.encoders import LocalEncoder
from mangaassist.sample import sample_shop

RESULTS = Path(__file__).parent / "results" / "encoding.json"


def main() -> None:
    """Encode both kinds of texts by one and by more processes, and write what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--texts", type=int, default=10_000)
    given = parser.parse_args()
    cores = os.cpu_count() or 1
    cases = [
        {"what": what, "processes": processes, **measured(each, processes)}
        for what, each in texts(given.texts).items()
        for processes in sorted({1, cores})
    ]
    told = {"machine": machine(), "load": round(os.getloadavg()[0], 1), "texts": given.texts, "cases": cases}
    write_atomic(given.json, canonical_json(told))
    print(table(told))
    if given.json == RESULTS:
        rebuild("encoding", table(told), "docs/performance.md")


def texts(count: int) -> dict[str, list[str]]:
    """As many documents and queries as asked for, of the sample's, all different."""
    shop = sample_shop()
    documents = [title_text(title) for title in shop.titles]
    queries = [need.text for need in shop.needs()]
    return {
        what: [f"{text} {number}" for number, text in enumerate(islice(cycle(each), count))]
        for what, each in (("documents", documents), ("queries", queries))
    }


def measured(each: list[str], processes: int) -> dict[str, float]:
    """Texts a second by the clock and by CPU seconds, the encoder's loading included."""
    encoder = LocalEncoder(processes=processes)
    started, cpu_started = time.perf_counter(), _cpu_seconds()
    vectors = encoder.encode(each)
    seconds, cpu_seconds = time.perf_counter() - started, _cpu_seconds() - cpu_started
    assert len(vectors) == len(each)
    return {
        "texts_per_s": round(len(each) / seconds),
        "texts_per_cpu_second": round(len(each) / cpu_seconds),
        "cores_used": round(cpu_seconds / seconds, 2),
    }


def _cpu_seconds() -> float:
    """Of this process, and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def table(told: Mapping[str, Any]) -> str:
    """The page's table."""
    here = told["machine"]
    head = (
        f"{told['texts']:,} texts of the sample each, loading included; {here['cores']} cores of {here['processor']}, "
        f"load {told['load']}, {here['date']}:"
    )
    rows = [
        f"| {case['what']} | {case['processes']} | {case['texts_per_s']:,} | {case['texts_per_cpu_second']:,} "
        f"| {case['cores_used']:.2f} |"
        for case in told["cases"]
    ]
    columns = "| texts | processes | a second by the clock | a CPU second | cores used |"
    return "\n".join([textwrap.fill(head, 120), "", columns, "|---|---|---|---|---|", *rows])


if __name__ == "__main__":
    main()
