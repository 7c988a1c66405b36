"""The JSON of a report, and of the gate's decision once there is one, in; the report as Markdown out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mangaassist.evaluation.cells import Exposure, cell_names
from mangaassist.evaluation.markdown_tables import cell, shortened, table

Json = Mapping[str, Any]

_SYSTEMS = ("frozen", "baseline", "mlp", "candidate")
_METRICS = {
    "recall@3": "recall@3",
    "success@3": "success@3",
    "ndcg@10": "NDCG@10",
    "bad_top1_rate": "bad top-1",
    "judged@3": "judged@3",
}
_TOO_SMALL = "too small"


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
        (rule["name"], _number(rule["value"]), _number(rule["bound"]), rule["outcome"], rule["because"])
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
    names["mlp"] = "first-run mlp"
    rows = [
        (names.get(who, who), *(_with_interval(report["systems"][who], metric) for metric in _METRICS))
        for who in _SYSTEMS
    ]
    counts = report["systems"]["candidate"]
    said = f"{counts['queries']:,} judged queries in {counts['groups']:,} groups, which the 95 % intervals resample."
    return [
        said,
        "",
        *table(("system", *_METRICS.values()), rows),
        "",
        f"Chosen on validation: {cell(report['because'])}.",
    ]


def _differences(report: Json) -> list[str]:
    rows = [(name, _delta(report["delta"][metric])) for metric, name in _METRICS.items() if metric in report["delta"]]
    return table(("metric", "candidate − live (95 %)"), rows)


def _cells(report: Json) -> list[str]:
    """What training has seen: queries (seen, unseen) and documents (warm, cold)."""
    known = report["cells"]
    ordered = [name for name in cell_names(Exposure(frozenset(), frozenset())) if name in known]
    rows = [(name.replace("_", ", "), *_counts(known[name]["candidate"]), *_means(known[name])) for name in ordered]
    return table(("cell", "queries", "groups", *_MEANS), rows)


_MEANS = ("recall@3 frozen", "live", "mlp", "candidate", "NDCG@10 live", "candidate")


def _means(systems: Json) -> list[str]:
    recall = [_mean(systems[who], "recall@3") for who in _SYSTEMS]
    return [*recall, *(_mean(systems[who], "ndcg@10") for who in ("baseline", "candidate"))]


def _slices(report: Json) -> list[str]:
    said = "A claim is of recall@3, corrected after Holm over the slices of its table."
    return [said, *(line for family, found in _ordered(report["slices"]) if found for line in _family(family, found))]


def _family(name: str, slices: Json) -> list[str]:
    rows = [
        (
            value,
            f"{found['queries']:,}",
            f"{found['groups']:,}",
            *_means(found),
            *(_mean(found[who], "success@3") for who in ("baseline", "candidate")),
            *(_mean(found[who], "bad_top1_rate") for who in ("baseline", "candidate")),
            _delta(found["delta"]["recall@3"]) if found["delta"] else _TOO_SMALL,
            found["claim"] or "–",
        )
        for value, found in _by_size(slices)
    ]
    more = ("success@3 live", "candidate", "bad top-1 live", "candidate", "Δ recall@3 (95 %)", "claim")
    return ["", *table((f"by {name}", "queries", "groups", *_MEANS, *more), rows)]


def _enrichment(report: Json) -> list[str]:
    """Scenario 3: what enriched texts find that plain ones do not."""
    rows = [
        (f"{part}, {who}", f"{found['queries']:,}", *_texts(found[who]))
        for part, found in _ordered(report["enrichment"])
        for who in ("frozen", "candidate")
    ]
    header = ("relevant documents, system", "queries", "recall@3 plain", "enriched", "Δ recall@3 (95 %)")
    said = (
        "Plain is title and description; enriched adds author, genre, tone, themes and more. Sparse titles have under"
    )
    return [
        f"{said} 20 words of description; articles have no enriched text.",
        "",
        *table((*header, "Δ NDCG@10"), rows),
    ]


def _texts(found: Json | None) -> list[str]:
    if found is None:
        return [_TOO_SMALL] * 4
    means = (_mean(found[text], "recall@3") for text in ("plain", "enriched"))
    return [*means, _delta(found["delta"]), _delta(found["delta_ndcg@10"])]


def _changes(report: Json) -> list[str]:
    lines = []
    for kind in ("better", "worse"):
        rows = [
            (
                shortened(each["query"]),
                f"{each['delta_ndcg@10']:+.3f}",
                *(shortened(each[when] or "nothing") for when in ("before", "after")),
            )
            for each in report["changes"][kind]
        ]
        lines += ["", *table((f"{kind}: query", "Δ NDCG@10", "first result, live", "candidate"), rows)]
    return lines[1:]


def _latency(report: Json) -> list[str]:
    added = report["systems"]["candidate"]["latency_addon_p99_ms"]
    return [f"The adapter step adds {added:.3f} ms to a query (99th percentile, one thread, batch 1)."]


def _lineage(report: Json) -> list[str]:
    facts = {
        "encoder": report["encoder"],
        "candidate (digest of what would be served)": report["candidate_digest"],
        "compared with": report["live"],
        "data fingerprint": report["data_fingerprint"],
        "test set fingerprint": report["test_fingerprint"],
        "seed of training": str(report["training_seed"]),
        "seed of intervals": str(report["seed"]),
        "looks at this test set": str(report["looks"]),
    }
    return table(("fact", "value"), facts.items())


_SECTIONS: Sequence[tuple[str, str, Callable[[Json], list[str]]]] = (
    ("systems", "Systems side by side", _systems),
    ("delta", "Candidate against live", _differences),
    ("cells", "Cells: what training has seen", _cells),
    ("slices", "Slices", _slices),
    ("enrichment", "Scenario 3: enriched text against plain", _enrichment),
    ("changes", "Queries that changed most", _changes),
    ("systems", "Latency", _latency),
    ("candidate_digest", "Lineage", _lineage),
)
"""(key that the section needs, heading, its lines), in the order in which they are read."""

_ORDER = ("symptom", "intent", "language", "documents", "sparse", "rich", "articles", "all")


def _ordered(named: Json) -> Iterator[tuple[str, Any]]:
    """In reading order; JSON files sort their keys."""
    yield from ((name, named[name]) for name in _ORDER if name in named)


def _by_size(slices: Json) -> list[tuple[str, Any]]:
    """The largest first."""
    return sorted(slices.items(), key=lambda item: (-item[1]["queries"], item[0]))


def _counts(summary: Json | None) -> tuple[str, str]:
    return ("< 50", "") if summary is None else (f"{summary['queries']:,}", f"{summary['groups']:,}")


def _mean(summary: Json | None, metric: str) -> str:
    return _TOO_SMALL if summary is None else _number(summary[metric])


def _with_interval(summary: Json, metric: str) -> str:
    low, high = summary[f"{metric}_interval"]
    return f"{summary[metric]:.3f} ({low:.3f} to {high:.3f})"


def _delta(found: Sequence[float]) -> str:
    mean, low, high = found
    return f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
