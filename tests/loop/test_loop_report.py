"""The report on the small shop: every section, and what enriching its sparse titles is worth."""

import json
from typing import Any

import pytest
from loop_fixtures import NOON
from loop_world import STORIES, small_shop, write_rows

from mangaassist.core.types import no_progress
from mangaassist.data import Workspace, ingest
from mangaassist.loop import candidate_folder, evaluate_candidate, make_pairs, read_settings, train_candidate
from mangaassist.promotion import IDENTITY

SYSTEMS = {"frozen", "baseline", "composed", "mlp", "candidate"}
SMALL = {"delta": None, "p": None, "claim": None, **dict.fromkeys(SYSTEMS)}


def report(workspace: Workspace) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((candidate_folder(workspace) / "report.json").read_bytes())
    return told


def evaluated(workspace: Workspace) -> dict[str, Any]:
    settings = read_settings(workspace.root)
    return evaluate_candidate(workspace, settings, live=IDENTITY, seed=0, now=NOON, progress=no_progress)


def test_the_report_has_every_section(shop: Workspace) -> None:
    assert set(report(shop)) == {
        "live",
        "chosen",
        "because",
        "composition",
        "live_log",
        "texts",
        "encoder",
        "data_fingerprint",
        "test_fingerprint",
        "candidate_digest",
        "seed",
        "training_seed",
        "systems",
        "delta",
        "cells",
        "intents",
        "slices",
        "enrichment",
        "changes",
        "looks",
        "latency",
        "diagnoses",
    }


# Slices


def test_judged_queries_are_sliced_by_what_they_say_of_themselves(shop: Workspace) -> None:
    slices = report(shop)["slices"]

    assert {family: {name: part["queries"] for name, part in found.items()} for family, found in slices.items()} == {
        "symptom": {"phrasing": 50, "support": 20},
        "intent": {"recommendation": 50, "faq": 20},
        "language": {"en": 70},
        "documents": {"sparse": 50, "rich": 0, "articles": 20},
    }


def test_a_slice_sets_the_systems_side_by_side_with_the_difference_and_the_claim(shop: Workspace) -> None:
    told = report(shop)
    everything = told["slices"]["language"]["en"]

    assert {who: everything[who] for who in ("frozen", "baseline", "mlp")} == {
        who: told["systems"][who] for who in ("frozen", "baseline", "mlp")
    }
    assert everything["delta"] == told["delta"]
    assert everything["groups"] == told["systems"]["candidate"]["groups"]
    assert everything["claim"] == "gain"
    assert 0 < everything["p"] <= 0.05


def test_a_slice_under_fifty_queries_is_null_but_for_its_counts(shop: Workspace) -> None:
    support = report(shop)["slices"]["symptom"]["support"]

    assert support == {"queries": 20, "groups": support["groups"], **SMALL}
    assert 0 < support["groups"] <= 20


# Queries that changed most


def test_the_queries_that_changed_most_are_shown_with_what_came_first_before_and_after(shop: Workspace) -> None:
    changes = report(shop)["changes"]
    texts = {query.query_id: query.text for query in small_shop().queries}
    names = {title.title for title in small_shop().titles} | {article.title for article in small_shop().articles}

    assert 0 < len(changes["better"]) <= 10
    gains = [each["delta_ndcg@10"] for each in changes["better"]]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] > 0
    assert all(each["delta_ndcg@10"] < 0 for each in changes["worse"])
    for each in changes["better"] + changes["worse"]:
        assert each["query"] == texts[each["query_id"]]
        assert {each["before"], each["after"]} <= names


# Enriched text against plain


def test_texts_that_enrichment_does_not_change_gain_nothing(shop: Workspace) -> None:
    """The small shop's titles have a name and a description and nothing else."""
    enrichment = report(shop)["enrichment"]

    assert {name: part["queries"] for name, part in enrichment.items()} == {
        "sparse": 50,
        "rich": 0,
        "articles": 20,
        "all": 70,
    }
    for who in ("frozen", "candidate"):
        assert enrichment["sparse"][who]["plain"] == enrichment["sparse"][who]["enriched"]
        assert enrichment["sparse"][who]["delta"] == enrichment["sparse"][who]["delta_ndcg@10"] == [0, 0, 0]
        assert enrichment["rich"][who] is enrichment["articles"][who] is None
    assert enrichment["all"]["candidate"]["plain"]["ndcg@10"] == report(shop)["systems"]["candidate"]["ndcg@10"]


@pytest.fixture
def shop_of_plain_texts(shop: Workspace) -> Workspace:
    """A shop whose themes say what shoppers call them, and that does not use them; one story is told at length."""
    rows = [
        {
            **title.model_dump(),
            "themes": [slang],
            "description": title.description if story != "pirates" else " ".join([title.description or ""] * 10),
        }
        for story, slang in STORIES.items()
        for title in small_shop().titles
        if title.title_id.startswith(f"{story}-")
    ]
    ingest(shop, "titles", write_rows(shop.root / "themes.jsonl", rows))
    (shop.root / "mangaassist.toml").write_text("enrich = 'none'")
    make_pairs(shop, read_settings(shop.root))
    train_candidate(shop, read_settings(shop.root), seed=0, progress=no_progress)
    return shop


def test_enriched_text_is_weighed_against_plain_text_also_where_the_shop_uses_plain_text(
    shop_of_plain_texts: Workspace,
) -> None:
    """45 queries want a sparse title, 5 a rich one: with `all`, the only part of 50 queries or more is all of them."""
    told = evaluated(shop_of_plain_texts)
    everything = told["enrichment"]["all"]

    assert {name: part["queries"] for name, part in told["slices"]["documents"].items()} == {
        "sparse": 45,
        "rich": 5,
        "articles": 20,
    }
    assert everything["frozen"]["plain"] == told["systems"]["frozen"]
    assert everything["candidate"]["plain"]["recall@3"] == told["systems"]["candidate"]["recall@3"]
    assert everything["frozen"]["delta"][1] > 0.05
    assert everything["frozen"]["delta"][0] == pytest.approx(
        everything["frozen"]["enriched"]["recall@3"] - everything["frozen"]["plain"]["recall@3"]
    )


# Markdown


def test_the_report_lies_beside_its_json_as_markdown(shop: Workspace) -> None:
    text = (candidate_folder(shop) / "report.md").read_text(encoding="utf-8")

    told = report(shop)
    assert text.startswith(f"# Evaluation: {told['chosen']} against {IDENTITY}\n")
    assert told["changes"]["better"][0]["query"] in text
    assert f"{told['delta']['recall@3'][0]:+.3f}" in text
    assert told["test_fingerprint"] in text
