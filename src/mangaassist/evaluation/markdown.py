"""The JSON of a report, and of the gate's decision once there is one, in; the report as Markdown out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mangaassist.evaluation.cells import MIN_CELL_QUERIES, Exposure, cell_names
from mangaassist.evaluation.markdown_diagnoses import diagnosis_lines
from mangaassist.evaluation.markdown_parts import composition_lines, live_log_lines
from mangaassist.evaluation.markdown_slices import change_lines, enrichment_lines, slice_lines
from mangaassist.evaluation.markdown_tables import cell, difference, mean, number, table, with_interval

Json = Mapping[str, Any]

_SYSTEMS = ("frozen", "baseline", "composed", "mlp", "candidate")
_IN_CELLS = ("frozen", "baseline", "mlp", "candidate")
_METRICS = {
    "recall@3": "recall@3",
    "success@3": "success@3",
    "ndcg@10": "NDCG@10",
    "bad_top1_rate": "bad top-1",
    "judged@3": "judged@3",
}
_TIMED = {
    "addon": "adapter step",
    "routing": "routing: encoding and intent",
    "response": "complete answer, candidate",
    "live_response": "complete answer, live",
}


def report_markdown(report: Json, decision: Json | None = None) -> str:
    """The whole report; what it lacks, as one of an earlier version may, is left out."""
    title = f"# Evaluation: {cell(report['chosen'])} against {cell(report['live'])}"
    blocks = [[title], *([_decision(decision)] if decision is not None else [])]
    blocks += [[f"## {heading}", "", *lines(report)] for key, heading, lines in _SECTIONS if key in report]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _decision(decision: Json) -> list[str]:
    needed = decision["queries_needed"]
    settled = f" About {needed:,} queries would settle it." if needed else ""
    rows = [
        (rule["name"], number(rule["value"]), number(rule["bound"]), rule["outcome"], rule["because"])
        for rule in decision["rules"]
    ]
    return [
        f"## Decision: {cell(decision['outcome'])}",
        "",
        f"The gate against {cell(decision['live'])}.{settled}",
        "",
        *table(("rule", "value", "bound", "says", "because"), rows),
    ]


def _systems(report: Json) -> list[str]:
    """Systems side by side, each with its intervals."""
    names = {"baseline": f"live ({report['live']})", "candidate": f"candidate ({report['chosen']})"}
    names |= {"composed": "frozen, composed queries", "mlp": "first-run mlp"}
    rows = [
        (names.get(who, who), *(with_interval(report["systems"][who], metric) for metric in _METRICS))
        for who in _SYSTEMS
        if who in report["systems"]
    ]
    counts = report["systems"]["candidate"]
    said = f"{counts['queries']:,} judged queries in {counts['groups']:,} groups, which the 95 % intervals resample."
    header = ("system", *_METRICS.values())
    return [said, "", *table(header, rows), "", f"Chosen on validation: {cell(report['because'])}."]


def _differences(report: Json) -> list[str]:
    delta = report["delta"]
    rows = [(name, difference(delta[metric])) for metric, name in _METRICS.items() if metric in delta]
    return table(("metric", "candidate − live (95 %)"), rows)


def _cells(report: Json) -> list[str]:
    """What training has seen: queries (seen, unseen) and documents (warm, cold)."""
    ordered = [name for name in cell_names(Exposure(frozenset(), frozenset())) if name in report["cells"]]
    rows = [(name.replace("_", ", "), *_cell(report["cells"][name])) for name in ordered]
    means = ("recall@3 frozen", "live", "mlp", "candidate", "NDCG@10 frozen", "live", "mlp", "candidate")
    return table(("cell", "queries", "groups", *means), rows)


def _cell(systems: Json) -> list[str]:
    counted = systems["candidate"]
    queries, groups = (counted["queries"], counted["groups"]) if counted else (f"under {MIN_CELL_QUERIES}", "")
    means = [mean(systems[who], metric) for metric in ("recall@3", "ndcg@10") for who in _IN_CELLS]
    return [str(queries), str(groups), *means]


def _latency(report: Json) -> list[str]:
    added = number(report["systems"]["candidate"]["latency_addon_p99_ms"])
    said = f"The adapter step adds {added} ms to a query (99th percentile, one thread, batch 1)."
    timed = report.get("latency", {})
    if "unmeasured" in timed:
        return [said, "", f"Routing and whole answers were not measured: {cell(timed['unmeasured'])}."]
    if "routing" not in timed:  # a report from before they were
        return [said]
    rows = [(name, number(timed[key]["p50_ms"]), number(timed[key]["p99_ms"])) for key, name in _TIMED.items()]
    how = f"{timed['queries']:,} queries one at a time, medians of {timed['rounds']} rounds; both answer every query."
    return [said, "", how, "", *table(("what a query waits for", "p50, ms", "p99, ms"), rows)]


def _lineage(report: Json) -> list[str]:
    facts = {
        "encoder": report["encoder"],
        "candidate (digest of what would be served)": report["candidate_digest"],
        "compared with": report["live"],
        "data fingerprint": report["data_fingerprint"],
        "test set fingerprint": report["test_fingerprint"],
        "seed of training": str(report["training_seed"]),
        "seed of intervals and claims": str(report["seed"]),
        "looks at this test set": str(report["looks"]),
    }
    return table(("fact", "value"), facts.items())


_SECTIONS: Sequence[tuple[str, str, Callable[[Json], list[str]]]] = (
    ("systems", "Systems side by side", _systems),
    ("delta", "Candidate against live", _differences),
    ("cells", "Cells: what training has seen", _cells),
    ("diagnoses", "Diagnoses: known failures", diagnosis_lines),
    ("slices", "Slices", slice_lines),
    ("enrichment", "Enriched text against plain", enrichment_lines),
    ("composition", "What composing queries is worth", composition_lines),
    ("live_log", "The newest searches of the log", live_log_lines),
    ("changes", "Queries that changed most", change_lines),
    ("systems", "Latency", _latency),
    ("candidate_digest", "Lineage", _lineage),
)
"""(key that the section needs, heading, its lines), in the order in which they are read."""
