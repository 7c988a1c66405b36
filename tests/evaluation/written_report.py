"""The JSON of a small report and of a decision on it, every section once, for the tests of its pages."""

from typing import Any

from mangaassist.evaluation import METRICS

SYSTEMS = ("frozen", "baseline", "mlp", "candidate")
HOSTILE = 'a | b\n\n# <script>alert("1")</script> `code` [x](http://x) **bold** \\| &lt;'


def summary(value: float = 0.5) -> dict[str, Any]:
    means = dict.fromkeys(METRICS, value)
    return {**means, **{f"{name}_interval": [0.4, 0.6] for name in METRICS}, "queries": 60, "groups": 30}


def part(*, queries: int = 60, claim: str | None = None, systems: tuple[str, ...] = SYSTEMS) -> dict[str, Any]:
    if queries < 50:
        small = dict.fromkeys(systems)
        return {"queries": queries, "groups": 9, **small, "delta": None, "p": None, "claim": None}
    delta = {name: [0.1, 0.05, 0.15] for name in ("recall@3", "success@3", "ndcg@10", "bad_top1_rate")}
    found = {name: summary() for name in systems}
    return {"queries": queries, "groups": 30, **found, "delta": delta, "p": 0.01, "claim": claim}


def texts(*, queries: int = 60) -> dict[str, Any]:
    told = {"plain": summary(0.25), "enriched": summary(0.375), "delta": [0.125, 0.1, 0.15]}
    told["delta_ndcg@10"] = [0.1, 0.0, 0.2]
    small = queries < 50
    return {"queries": queries, "groups": 30, "frozen": None if small else told, "candidate": None if small else told}


def change(query: str) -> dict[str, Any]:
    return {
        "query_id": "q1",
        "query": query,
        "delta_ndcg@10": 0.75,
        "delta_recall@3": 1.0,
        "before": None,
        "after": "Yotsuba&!",
    }


def report(query: str = "cozy manga") -> dict[str, Any]:
    return {
        "live": "embed-adapter-v00",
        "chosen": "residual",
        "because": "gains .1 on unknown documents",
        "encoder": "words@1",
        "data_fingerprint": "d" * 64,
        "test_fingerprint": "e" * 64,
        "candidate_digest": "c" * 64,
        "seed": 0,
        "training_seed": 1,
        "looks": 3,
        "systems": {
            **{name: summary() for name in SYSTEMS},
            "candidate": {**summary(), "latency_addon_p99_ms": 0.0625},
        },
        "latency": {
            "addon": {"p50_ms": 0.05, "p99_ms": 0.0625},
            "routing": {"p50_ms": 2.0, "p99_ms": 3.0},
            "response": {"p50_ms": 4.0, "p99_ms": 6.25},
            "live_response": {"p50_ms": 3.5, "p99_ms": 5.5},
            "queries": 2_000,
            "rounds": 5,
        },
        "delta": {name: [0.1, 0.05, 0.15] for name in ("recall@3", "success@3", "ndcg@10", "bad_top1_rate")},
        "cells": {"unseen_cold": dict.fromkeys(SYSTEMS), "seen": {name: summary() for name in SYSTEMS}},
        "slices": {
            "symptom": {"tone": part(claim="gain"), "similar_title": part(queries=49)},
            "intent": {"faq": part(queries=70, claim="loss")},
            "language": {"romaji": part(queries=12)},
            "documents": {"sparse": part(), "rich": part(), "articles": part(queries=0)},
        },
        "enrichment": {"sparse": texts(), "rich": texts(), "articles": texts(queries=49), "all": texts()},
        "changes": {"better": [change(query)], "worse": []},
    }


DECISION = {
    "outcome": "inconclusive",
    "live": "embed-adapter-v00",
    "queries_needed": 1234,
    "rules": [
        {
            "name": "recall@3",
            "value": 0.75,
            "bound": 0.8,
            "outcome": "inconclusive",
            "because": "the floor lies inside",
        },
        {"name": "diagnoses", "value": None, "bound": None, "outcome": "promote", "because": "none failed"},
    ],
}
