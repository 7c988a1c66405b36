"""The composition and the live-log section of a report's JSON in, their Markdown out."""

from collections.abc import Mapping
from typing import Any

from mangaassist.evaluation.live_log_words import debiased_sentences
from mangaassist.evaluation.markdown_tables import cell, difference, number, table, with_interval

Json = Mapping[str, Any]

_SYSTEMS = {"frozen": "frozen", "baseline": "live", "composed": "composed", "mlp": "mlp", "candidate": "candidate"}


def composition_lines(report: Json) -> list[str]:
    """Every weight of query composition, and what the candidate loses without that part."""
    weights, without = report["composition"]["weights"], report["composition"]["without"]
    rows = [
        (
            name.replace("_", " "),
            f"{weights[name]:g}" if name in weights else "",
            with_interval(found, "recall@3"),
            difference(found["worth"]["recall@3"]),
            difference(found["worth"]["ndcg@10"]),
        )
        for name, found in without.items()
    ]
    unused = ", ".join(name.replace("_", " ") for name, weight in weights.items() if not weight)
    header = ("part", "weight", "recall@3 without it", "worth, recall@3 (95 %)", "worth, NDCG@10 (95 %)")
    said = "Worth is the candidate with the part minus without it; `all` leaves every part out."
    return [said, *([f"Validation gave no weight to: {unused}."] if unused else []), "", *table(header, rows)]


def live_log_lines(report: Json) -> list[str]:
    """Click evidence beside the judgements; it decides nothing."""
    found = report["live_log"]
    if found["systems"] is None:
        return [f"{found['queries']} usable searches are too small a test."]
    rows = []
    for who, name in _SYSTEMS.items():
        if who in found["systems"]:
            system = found["systems"][who]
            low, high = system["bad_top1_rate_range"]
            bad = f"{number(low)} to {number(high)}"
            rows.append((name, *(with_interval(system, metric) for metric in ("recall@3", "ndcg@10")), bad))
    deltas = [(metric, difference(delta)) for metric, delta in found["delta"].items()]
    return [
        f"{found['queries']:,} usable searches from {cell(found['since'])} on. {cell(found['caution'])}",
        "",
        *table(("system", "recall@3", "NDCG@10", "bad top-1, from all unjudged good to all bad"), rows),
        "",
        *table(("metric", "candidate − live (95 %)"), deltas),
        "",
        *(f"- {cell(sentence)}" for sentence in debiased_sentences(found)),
    ]
