"""From failed searches to pairs that train, on the small shop."""

import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from failing_searches import MORNING, NEW_WORD, TEXTS, failing_searches, log_failures
from loop_fixtures import settle_in
from loop_world import write_rows

from mangaassist.core.errors import DataError, WorkspaceError
from mangaassist.core.types import DocId, no_progress
from mangaassist.data import Workspace, ingest, log_lines
from mangaassist.feedback import Reviewer, ReviewItem, read_bucket, read_clusters, read_members, read_texts
from mangaassist.loop import (
    cluster_failures,
    feedback_stats,
    fill_bucket,
    make_pairs,
    propose,
    propose_feedback,
    read_pairs,
    read_proposals,
    read_settings,
    review_store,
    train_candidate,
)
from mangaassist.loop.review_queue import lexicon_to_train

ADA = Reviewer("ada", "admin")


@pytest.fixture
def failing(shop: Workspace) -> Workspace:
    log_failures(shop)
    return shop


@pytest.fixture(scope="module")
def proposed_root(evaluated_shop: Path, privacy_key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The failing shop after bucket, clusters and proposals, made once."""
    root = tmp_path_factory.mktemp("proposed") / "shop"
    shutil.copytree(evaluated_shop, root)
    with pytest.MonkeyPatch.context() as patch:
        settle_in(patch, privacy_key_file, tmp_path_factory.mktemp("cache"))
        workspace = Workspace.open(root)
        log_failures(workspace)
        bucket(workspace)
        cluster(workspace)
        propose_all(workspace)
    return root


@pytest.fixture
def proposed_shop(proposed_root: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(proposed_root, tmp_path / "shop")
    return Workspace.open(tmp_path / "shop")


def bucket(workspace: Workspace) -> dict[str, object]:
    return fill_bucket(workspace, read_settings(workspace.root), progress=no_progress)


def cluster(workspace: Workspace) -> None:
    cluster_failures(workspace, read_settings(workspace.root), seed=0, progress=no_progress)


def propose_all(workspace: Workspace) -> dict[str, dict[str, int]]:
    return propose_feedback(workspace, read_settings(workspace.root), progress=no_progress)


def new_need(workspace: Workspace) -> str:
    """The cluster of the planted texts."""
    members = read_members(workspace).filter(pl.col("key").is_in(TEXTS))
    (found,) = members["cluster_id"].unique().to_list()
    assert found is not None
    return str(found)


def content(workspace: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((workspace.root / "feedback").rglob("*")) if path.is_file()}


def test_planted_failures_are_in_the_bucket_with_what_users_did_next(failing: Workspace) -> None:
    bucket(failing)

    found = read_bucket(failing).filter(pl.col("key").is_in(TEXTS))

    assert found.height == len(TEXTS) * 4
    assert set(found["cause"]) == {"wording"}
    assert set(found["next"]) == {"tried_again"}
    assert all(set(reasons) >= {"no_click", "reformulated"} for reasons in found["reasons"].to_list())
    assert {tuple(each) for each in found["next_clicked"].to_list()} == {("pirates-0",)}


def test_the_same_log_again_computes_nothing_and_changes_no_byte(failing: Workspace) -> None:
    first = bucket(failing)
    before = content(failing)

    again = bucket(failing)

    assert first["days_computed"] != 0
    assert (again["days_computed"], content(failing)) == (0, before)
    assert {**first, "days_computed": 0} == again


def test_a_bucket_whose_record_is_lost_is_made_again_and_is_the_same(failing: Workspace) -> None:
    first = bucket(failing)
    before = content(failing)
    (failing.root / "feedback" / "bucket.json").unlink()

    assert bucket(failing)["days_computed"] == first["days_computed"]
    assert content(failing) == before


def test_new_searches_compute_their_days_only(failing: Workspace) -> None:
    days = bucket(failing)["days_computed"]
    log_failures(failing, [f"{NEW_WORD} opal"], start=MORNING + timedelta(days=3), name="g")

    again = bucket(failing)

    assert again["days_computed"] == 1 < days  # type: ignore[operator]
    assert read_bucket(failing).filter(pl.col("key") == f"{NEW_WORD} opal").height == 4


def test_a_click_that_comes_late_takes_the_failure_back(failing: Workspace) -> None:
    log_failures(failing, ["lonely text"], clients=1, name="g")
    bucket(failing)
    assert read_bucket(failing).filter(pl.col("query_id") == "g0-0").height == 1
    _, events = failing_searches(["lonely text"], clients=1, name="g")
    late = {**events[0], "event_id": "late", "action_name": "click"}
    ingest(failing, "events", write_rows(failing.root / "more" / "events-late.jsonl", [late]))

    bucket(failing)

    (reasons,) = read_bucket(failing).filter(pl.col("query_id") == "g0-0")["reasons"].to_list()
    assert set(reasons) == {"foreign_words"}


def test_a_text_of_fewer_than_three_clients_is_private(failing: Workspace) -> None:
    log_failures(failing, ["secret wish"], clients=2, name="g")
    bucket(failing)

    texts = {row["key"]: row for row in read_texts(failing).iter_rows(named=True)}

    assert (texts["secret wish"]["clients"], texts["secret wish"]["is_private"]) == (2, True)
    assert (texts[TEXTS[0]]["clients"], texts[TEXTS[0]]["is_private"]) == (4, False)


def test_without_a_bucket_stats_say_so_and_the_error_names_the_command(shop: Workspace) -> None:
    assert feedback_stats(shop, with_private=False)["bucket"] is None
    with pytest.raises(WorkspaceError, match="fill it: `mangaassist feedback bucket`"):
        cluster(shop)


def test_the_planted_need_is_one_cluster_with_its_users_and_weeks(proposed_shop: Workspace) -> None:
    found = read_clusters(proposed_shop).by_id()[new_need(proposed_shop)]

    assert NEW_WORD in found.name
    assert (found.entries, found.hurt) == (len(TEXTS) * 4, 4)
    assert found.weeks == {"2026-W14": 4}
    assert not found.is_private
    assert set(found.shown) == set(TEXTS)


def test_a_need_keeps_its_id_next_week_and_shows_its_growth(failing: Workspace) -> None:
    bucket(failing)
    cluster(failing)
    before = new_need(failing)
    more = [f"{NEW_WORD} {word}" for word in ("opal", "jade", "ruby")]
    log_failures(failing, more, clients=7, start=MORNING + timedelta(days=26), name="g")
    bucket(failing)
    cluster(failing)

    found = read_clusters(failing).by_id()[new_need(failing)]

    assert found.id == before
    assert set(read_members(failing).filter(pl.col("cluster_id") == before)["key"]) >= {*TEXTS, *more}
    assert found.weeks == {"2026-W14": 4, "2026-W18": 7}
    assert found.hurt_lately == 7
    assert found.growth > 1


def test_a_cluster_of_private_texts_is_private_and_so_are_its_items(failing: Workspace) -> None:
    log_failures(failing, [f"grumfo {number}x" for number in range(6)], clients=1, name="g")
    bucket(failing)
    cluster(failing)
    propose_all(failing)

    private = [each for each in read_clusters(failing).clusters if any("grumfo" in text for text in each.shown)]

    assert private
    assert all(each.is_private for each in private)
    queue = review_store(failing)
    shown_to_reviewers = [item for item in queue.items() if any("grumfo" in text for text in item.texts)]
    shown_to_admins = [item for item in queue.items(with_private=True) if any("grumfo" in text for text in item.texts)]
    assert (shown_to_reviewers, bool(shown_to_admins)) == ([], True)


def proposed(workspace: Workspace) -> dict[str, ReviewItem]:
    """The items on the planted need, by kind and document."""
    items = review_store(workspace).items(cluster_id=new_need(workspace), with_private=True)
    return {f"{item.kind} {item.doc_id}": item for item in items}


def test_proposals_say_why_and_name_the_log_lines(proposed_shop: Workspace) -> None:
    items = proposed(proposed_shop)

    item = items["positive pirates-0"]

    assert "4 shoppers ended with a click on it" in item.reason
    assert set(item.texts) == set(TEXTS)
    assert {line.line for line in log_lines(proposed_shop, item.evidence[TEXTS[0]])} == {1, 3, 5, 7}
    assert all(len(ids) == 4 for ids in item.evidence.values())


def test_proposing_again_adds_nothing(proposed_shop: Workspace) -> None:
    assert propose_all(proposed_shop)["new"] == {}


def test_an_accepted_proposal_trains_and_its_lookalikes_are_negatives(proposed_shop: Workspace) -> None:
    items, store = proposed(proposed_shop), review_store(proposed_shop)
    wrong = items["positive pirates-0"]
    store.add(
        [
            ReviewItem(
                "by-hand",
                "negative",
                "shown first",
                texts=wrong.texts,
                doc_id=DocId("robots-0"),
                evidence=wrong.evidence,
            )
        ]
    )
    for item_id in (items["positive pirates-0"].id, "by-hand"):
        for reviewer in (ADA, Reviewer("ben", "admin")):
            if store.item(item_id, ADA).state in ("open", "half"):
                store.decide(item_id, reviewer, "accept")

    counts = make_pairs(proposed_shop, read_settings(proposed_shop.root))

    pairs = [
        pair for pair in read_pairs(proposed_shop, read_settings(proposed_shop.root)).pairs if pair.source == "feedback"
    ]
    assert {pair.query_text for pair in pairs} == set(TEXTS)
    assert all(pair.positive == "pirates-0" and "robots-0" in pair.negatives for pair in pairs)
    assert all(pair.evidence[0] == items["positive pirates-0"].id and len(pair.evidence) == 5 for pair in pairs)
    assert counts["sources"]["feedback"]["trained"] == len(TEXTS)
    assert counts["share_by_source"]["feedback"] > 0


def test_a_decision_makes_the_stored_pairs_out_of_date(proposed_shop: Workspace) -> None:
    items, settings = proposed(proposed_shop), read_settings(proposed_shop.root)
    make_pairs(proposed_shop, settings)
    read_pairs(proposed_shop, settings)
    store = review_store(proposed_shop)

    store.decide(items["positive pirates-0"].id, ADA, "accept")
    if store.item(items["positive pirates-0"].id, ADA).state == "half":
        store.decide(items["positive pirates-0"].id, Reviewer("ben"), "accept")

    with pytest.raises(DataError, match="make them again: `mangaassist pairs`"):
        read_pairs(proposed_shop, settings)


def item_about(text: str, item_id: str = "by-hand", **others: object) -> ReviewItem:
    said = {"kind": "positive", "reason": "a test", "texts": (text,), "doc_id": DocId("pirates-0")}
    return ReviewItem(item_id, **{**said, "evidence": {text: ("f0-0",)}, **others})  # type: ignore[arg-type]


def test_a_text_that_failed_only_in_held_out_searches_does_not_train(shop: Workspace) -> None:
    log_failures(shop, ["late wish"], start=MORNING + timedelta(days=28), name="h")
    store = review_store(shop)
    store.add([item_about("late wish", evidence={"late wish": ("h0-0", "h0-1")})])
    store.decide("by-hand", ADA, "accept")

    counts = make_pairs(shop, read_settings(shop.root))

    assert counts["sources"]["feedback"]["dropped"] == {"held_out_for_test": 1}


def test_a_pair_that_knows_a_test_judgement_is_left_out_and_counted(shop: Workspace) -> None:
    rows = (shop.root / "files" / "judged_queries.jsonl").read_text().splitlines()
    judged = next(row for row in rows if '"test-pirates-1"' in row)
    text = judged.split('"text": "')[1].split('"')[0]
    store = review_store(shop)
    store.add([item_about(text, evidence={text: ("f0-0",)})])
    store.decide("by-hand", ADA, "accept")

    counts = make_pairs(shop, read_settings(shop.root))

    assert counts["sources"]["feedback"]["dropped"] == {"near_test_query": 1}


def test_a_rejected_proposal_becomes_a_hard_negative_of_its_text(shop: Workspace) -> None:
    text = next(pair.query_text for pair in read_pairs(shop, read_settings(shop.root)).pairs if pair.source == "click")
    store = review_store(shop)
    store.add([item_about(text, doc_id=DocId("ghosts-4"))])
    store.decide("by-hand", ADA, "reject")
    make_pairs(shop, read_settings(shop.root))

    pairs = [pair for pair in read_pairs(shop, read_settings(shop.root)).pairs if pair.query_text == text]

    assert all("ghosts-4" in pair.negatives for pair in pairs if pair.positive != "ghosts-4")


def test_an_accepted_word_is_the_candidates_and_serves_only_with_it(shop: Workspace) -> None:
    settings = read_settings(shop.root)
    before = train_candidate(shop, settings, seed=0, progress=no_progress)
    store = review_store(shop)
    store.add([ReviewItem("word", "lexicon", "a test", phrase=NEW_WORD, facets=("healing",), texts=(NEW_WORD,))])

    assert NEW_WORD not in lexicon_to_train(shop).facets
    store.decide("word", ADA, "accept")

    assert lexicon_to_train(shop).facets[NEW_WORD] == ("healing",)
    make_pairs(shop, settings)
    assert train_candidate(shop, settings, seed=0, progress=no_progress)["inputs"] != before["inputs"]


def test_synthetic_pairs_pass_the_same_queue(shop: Workspace) -> None:
    propose(shop, amount=3, rng=np.random.default_rng(0))
    bucket(shop)
    cluster(shop)
    propose_all(shop)
    store = review_store(shop)
    first, second, *_ = store.items(kinds=["synthetic"])

    store.decide(first.id, ADA, "accept")
    store.decide(second.id, ADA, "reject")
    decided = {each.id: (each.status, each.reviewer) for each in read_proposals(shop)}
    store.undo(ADA)

    assert (decided[first.id], decided[second.id]) == (("accepted", "ada"), ("rejected", "ada"))
    assert {each.id: each.status for each in read_proposals(shop)}[second.id] == "pending"


def test_stats_tell_reviewers_and_the_queue(proposed_shop: Workspace) -> None:
    items = proposed(proposed_shop)
    review_store(proposed_shop).decide(items["positive pirates-0"].id, ADA, "accept")

    found = feedback_stats(proposed_shop, with_private=True)

    assert found["reviewers"] == {"ada": {"accept": 1}}
    assert found["bucket"]["entries"] >= len(TEXTS) * 4
    assert any(each["id"] == new_need(proposed_shop) for each in found["clusters"]["clusters"])
