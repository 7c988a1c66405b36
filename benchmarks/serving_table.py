"""The kept scenarios in, the table of docs/serving.md out."""

from collections.abc import Mapping
from typing import Any

_LABELS = {"even": "evenly spaced", "poisson": "Poisson"}


def page_table(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """One row per scenario, by titles."""
    first = next(iter(kept.values()))
    here = first["machine"]
    how = (
        f"{first['rate']:g} requests a second, open loop, each message once; medians of runs of "
        f"{first['seconds']:g} s; {here['cores']} shared cores of {here['processor']}, one for the server and one for "
        f"the generator, {here['date']}:"
    )
    header = (
        "titles | arrivals | runs | p50, ms | p99, ms | CPU, ms a request | errors | recall | filtered | "
        "add-on p99, ms | memory own + mapped, MB | index built in, s | opened in, s"
    )
    rows = sorted(kept.values(), key=lambda each: (each["titles"], each["arrivals"]))
    ruled = "|---" * (header.count("|") + 1) + "|"
    return "\n".join([how, "", f"| {header} |", ruled, *(_row(each) for each in rows)])


def _row(each: Mapping[str, Any]) -> str:
    memory, catalogue = each["memory_mb"], each["catalogue"]
    cells = (
        f"{each['titles']:,}",
        _LABELS[each["arrivals"]],
        f"{each['runs']}",
        f"{each['p50_ms']:.1f}",
        f"{each['p99_ms']:.1f}",
        f"{each['cpu_ms_per_request']:.2f}",
        f"{each['errors']}",
        f"{each['recall_vs_exact']:.4f}",
        f"{each['filtered_recall_vs_exact']:.4f}",
        f"{each['latency_addon_p99_ms']:.3f}",
        f"{memory['own']:,} + {memory['mapped']:,}",
        f"{catalogue['build_s']:.1f}",
        f"{each['open_s']:.1f}",
    )
    return f"| {' | '.join(cells)} |"
