"""What the feedback loop keeps of a forgotten client is gone, and what others said stays."""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "loop" / "world"))

import polars as pl
import pytest
from erased_world import NOON, pseudonym, traces
from failing_searches import NEW_WORD, TEXTS, log_failures
from loop_fixtures import settle_in

from mangaassist.core.types import DocId, no_progress
from mangaassist.data import Erasure, Workspace
from mangaassist.erasure import forget_client
from mangaassist.feedback import Edit, Reviewer, ReviewItem, read_bucket, read_clusters, read_members
from mangaassist.loop import (
    cluster_failures,
    fill_bucket,
    make_pairs,
    propose_feedback,
    read_pairs,
    read_settings,
    review_store,
)

SECRETS = [f"{NEW_WORD} for Nobuo {number}" for number in range(4)]
ADA, BEN = Reviewer("ada", "admin"), Reviewer("ben", "admin")


@pytest.fixture(scope="module")
def reviewed_root(evaluated_shop: Path, privacy_key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop of `reviewed`, made once."""
    root = tmp_path_factory.mktemp("reviewed") / "shop"
    shutil.copytree(evaluated_shop, root)
    with pytest.MonkeyPatch.context() as patch:
        settle_in(patch, privacy_key_file, tmp_path_factory.mktemp("cache"))
        make_reviewed(Workspace.open(root))
    return root


@pytest.fixture
def reviewed(reviewed_root: Path, tmp_path: Path) -> Workspace:
    """Nobuo ("g client 0") typed four texts of his own and one that others typed; an item on them was accepted."""
    shutil.copytree(reviewed_root, tmp_path / "shop")
    return Workspace.open(tmp_path / "shop")


def make_reviewed(shop: Workspace) -> None:
    log_failures(shop)
    log_failures(shop, [*SECRETS, TEXTS[0]], clients=1, name="g")
    settings = read_settings(shop.root)
    fill_bucket(shop, settings, progress=no_progress)
    cluster_failures(shop, settings, seed=0, progress=no_progress)
    propose_feedback(shop, settings, progress=no_progress)
    store = review_store(shop)
    both = ReviewItem(
        "both",
        "positive",
        "a test",
        texts=(TEXTS[0], SECRETS[0]),
        doc_id=DocId("pirates-0"),
        evidence={TEXTS[0]: ("f0-0", "g4-0"), SECRETS[0]: ("g0-0",)},
        is_private=True,
    )
    alone = ReviewItem(
        "alone",
        "positive",
        "a test",
        texts=tuple(SECRETS),
        doc_id=DocId("pirates-0"),
        evidence={text: (f"g{number}-0",) for number, text in enumerate(SECRETS)},
        is_private=True,
    )
    store.add([both, alone])
    store.decide("both", ADA, "accept")
    store.decide("alone", ADA, "edit", edit=Edit(texts=(SECRETS[1],)), note=f"asks for {SECRETS[1]}")
    make_pairs(shop, settings)


def forget(shop: Workspace) -> Erasure:
    return forget_client(shop, pseudonym(shop, "g client 0"), at=NOON, actor="mina", why="asked for it")


def test_nothing_of_the_client_is_left_in_any_file(reviewed: Workspace) -> None:
    needles = (*SECRETS, "Nobuo", "nobuo", pseudonym(reviewed, "g client 0"), "g0-0", "g4-0")
    assert {"feedback/texts.parquet", "feedback/members.parquet", "workspace.sqlite"} <= set(traces(reviewed, *needles))

    erasure = forget(reviewed)

    left = [name for name in traces(reviewed, *needles) if not name.startswith("runs/")]
    assert left == ["erasures.jsonl"] * ("erasures.jsonl" in left)
    assert erasure.counts["failed searches"] >= 5
    assert erasure.counts["failed texts"] == 2 * len(SECRETS)  # each was typed again in other words
    assert erasure.counts["review items"] >= 2


def test_what_others_typed_stays_with_its_pairs_and_loses_the_clients_lines(reviewed: Workspace) -> None:
    forget(reviewed)

    pairs = pl.read_parquet(reviewed.pairs / "pairs.parquet").filter(pl.col("source") == "feedback")
    assert pairs["query_text"].to_list() == [TEXTS[0]]
    assert pairs["evidence"].to_list() == [["both", "f0-0"]]
    assert review_store(reviewed).item("both", ADA).texts == (TEXTS[0],)
    assert set(read_bucket(reviewed)["key"]) >= set(TEXTS)
    assert read_members(reviewed).filter(pl.col("key").is_in(TEXTS)).height == len(TEXTS)


def test_clusters_are_named_anew_without_the_clients_words(reviewed: Workspace) -> None:
    forget(reviewed)

    told = " ".join(f"{each.name} {each.terms} {each.shown}" for each in read_clusters(reviewed).clusters)
    assert "obuo" not in told
    assert NEW_WORD in told


def test_a_blanked_item_keeps_who_decided_and_trains_nothing(reviewed: Workspace) -> None:
    forget(reviewed)
    store = review_store(reviewed)

    item = store.item("alone", ADA)
    (decision,) = store.decisions(item_id="alone")

    assert (item.state, item.texts, dict(item.evidence)) == ("erased", (), {})
    assert (decision.reviewer, decision.action, decision.edit, decision.note) == ("ada", "edit", None, "")
    assert "alone" not in [each.id for each, _ in store.settled()]
    make_pairs(reviewed, read_settings(reviewed.root))
    assert not [p for p in read_pairs(reviewed, read_settings(reviewed.root)).pairs if "obuo" in p.query_text]


def test_the_next_bucket_and_clusters_do_not_bring_it_back(reviewed: Workspace) -> None:
    forget(reviewed)
    settings = read_settings(reviewed.root)

    fill_bucket(reviewed, settings, progress=no_progress)
    cluster_failures(reviewed, settings, seed=0, progress=no_progress)
    propose_feedback(reviewed, settings, progress=no_progress)

    assert not [name for name in traces(reviewed, "obuo", "g0-0") if not name.startswith(("runs/", "erasures"))]


def test_a_dry_run_erases_nothing(reviewed: Workspace) -> None:
    before = {path: path.read_bytes() for path in (reviewed.root / "feedback").rglob("*.parquet")}

    erasure = forget_client(
        reviewed, pseudonym(reviewed, "g client 0"), at=NOON, actor="mina", why="asked for it", dry_run=True
    )

    assert erasure.counts["review items"] >= 2
    assert {path: path.read_bytes() for path in before} == before
    assert review_store(reviewed).item("alone", ADA).state == "accepted"
