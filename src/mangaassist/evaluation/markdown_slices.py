"""The slices, the enrichment and the changed queries of a report's JSON in, their Markdown out."""

from collections.abc import Iterator, Mapping
from typing import Any

from mangaassist.evaluation.markdown_tables import TOO_SMALL, difference, mean, shortened, table, with_interval

Json = Mapping[str, Any]

_SYSTEMS = {"frozen": "frozen", "baseline": "live", "mlp": "first-run mlp", "candidate": "candidate"}
_METRICS = {"recall@3": "recall@3", "success@3": "success@3", "ndcg@10": "NDCG@10", "bad_top1_rate": "bad top-1"}
_FAMILIES = ("symptom", "intent", "language", "documents")
_DOCUMENTS = ("sparse", "rich", "articles", "all")


def slice_lines(report: Json) -> list[str]:
    """One table that compares the candidate with live on every slice, then every number of every system."""
    slices = [
        (family, name, found) for family in _FAMILIES for name, found in _by_size(report["slices"].get(family, {}))
    ]
    overview = [
        (
            f"{family}: {name}",
            f"{found['queries']:,}",
            f"{found['groups']:,}",
            *(mean(found[who], "recall@3") for who in ("baseline", "candidate")),
            difference(found["delta"] and found["delta"]["recall@3"]),
            found["claim"] or "–",
        )
        for family, name, found in slices
    ]
    header = ("slice", "queries", "groups", "recall@3 live", "candidate", "difference (95 %)", "claim")
    details = [row for family, name, found in slices if found["delta"] for row in _details(f"{family}: {name}", found)]
    return [
        "A claim speaks of recall@3 and is corrected after Holm over the slices of its kind.",
        "",
        *table(header, overview),
        "",
        *table(("slice", "system", *(f"{name} (95 %)" for name in _METRICS.values())), details),
    ]


def _details(label: str, found: Json) -> Iterator[tuple[str, ...]]:
    for who, name in _SYSTEMS.items():
        yield label, name, *(with_interval(found[who], metric) for metric in _METRICS)
    yield label, "candidate − live", *(difference(found["delta"][metric]) for metric in _METRICS)


def enrichment_lines(report: Json) -> list[str]:
    """What enriched texts find that plain ones do not."""
    rows = [
        (f"{part}, {who}", f"{found['queries']:,}", *_texts(found[who]))
        for part, found in ((name, report["enrichment"][name]) for name in _DOCUMENTS if name in report["enrichment"])
        for who in ("frozen", "candidate")
    ]
    header = ("relevant documents, system", "queries", "recall@3 plain", "enriched", "difference (95 %)")
    return [
        "Plain is a title and its description; enriched adds author, genre, tone, themes and more. Sparse titles have",
        "fewer than 20 words of description. Nothing enriches articles, but the titles beside them change.",
        "",
        *table((*header, "NDCG@10, difference (95 %)"), rows),
    ]


def _texts(found: Json | None) -> list[str]:
    if found is None:
        return [TOO_SMALL] * 4
    means = (mean(found[text], "recall@3") for text in ("plain", "enriched"))
    return [*means, difference(found["delta"]), difference(found["delta_ndcg@10"])]


def change_lines(report: Json) -> list[str]:
    """The queries that got better and worse most, with what came first before and after."""
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
        lines += ["", *table((f"{kind}: query", "NDCG@10", "first result, live", "candidate"), rows)]
    return lines[1:]


def _by_size(slices: Json) -> list[tuple[str, Any]]:
    """The largest first."""
    return sorted(slices.items(), key=lambda item: (-item[1]["queries"], item[0]))
