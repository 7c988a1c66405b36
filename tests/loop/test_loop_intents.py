import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loop_child import killed_at
from loop_world import WordsEncoder, write_rows

from mangaassist.core.errors import DataError, EncoderMismatch
from mangaassist.core.types import Vectors, no_progress
from mangaassist.data import Workspace, ingest, judged_queries
from mangaassist.intents import Route
from mangaassist.loop import (
    describe_intents,
    evaluate_intent_classifier,
    live_intents,
    read_settings,
    registry_of,
    release_candidate,
    train_intent_classifier,
)
from mangaassist.loop.catalogue import workspace_encoder
from mangaassist.loop.contenders import adapter_of_release
from mangaassist.loop.intent_examples import intents_to_test, intents_to_train
from mangaassist.pairs import NearDuplicateIndex


def trained(workspace: Workspace, *, seed: int = 0) -> dict[str, Any]:
    return train_intent_classifier(workspace, read_settings(workspace.root), seed=seed, progress=no_progress)


def evaluated(workspace: Workspace) -> dict[str, Any]:
    return evaluate_intent_classifier(workspace, read_settings(workspace.root), progress=no_progress)


def stored(workspace: Workspace) -> dict[str, bytes]:
    """What lies in `intents/`, file by file."""
    found = sorted(path for path in workspace.intents.rglob("*") if path.is_file())
    return {str(path.relative_to(workspace.intents)): path.read_bytes() for path in found}


def log_queries(workspace: Workspace, *rows: tuple[str, str | None, float | None]) -> None:
    """Searches by (text, intent, confidence)."""
    logged = [
        {
            "query_id": f"more-{number}",
            "client_id": "c1",
            "user_query": text,
            "timestamp": "2026-05-01T12:00:00Z",
            "query_attributes": {"intent": intent, "intent_confidence": confidence},
        }
        for number, (text, intent, confidence) in enumerate(rows)
    ]
    ingest(workspace, "queries", write_rows(workspace.root / "more" / "queries.jsonl", logged))


def of_log(workspace: Workspace) -> Mapping[str, str]:
    """Text → intent of the logged messages that train."""
    return {each.text: each.intent for each in intents_to_train(workspace).examples if each.source == "log"}


def test_the_small_shop_s_messages_are_learnt_and_the_result_is_live(shop: Workspace) -> None:
    described = trained(shop)

    assert described["version"] == "intents-v01"
    assert described["encoder_id"] == "words@1"
    assert described["never_given"] == ["product_discovery", "product_question"]
    assert described["trained_on"]["messages"]["judged"].keys() == {"recommendation", "faq"}
    assert described["trained_on"]["messages"]["log"].keys() == {"recommendation", "faq"}
    assert described["trained_on"]["messages"]["built_in"].keys() == {"other"}
    assert described["cross_validation"]["one_kind"]["accuracy"] > 0.8
    assert describe_intents(shop) == described


def test_the_live_version_is_scored_on_the_judged_test_queries(shop: Workspace) -> None:
    trained(shop)

    result = evaluated(shop)

    assert (result["version"], result["test"]["messages"]) == ("intents-v01", 70)
    assert result["test"]["recall"].keys() == {"recommendation", "faq"}
    assert result["test"]["one_kind"]["accuracy"] > 0.8


def test_training_again_on_the_same_stores_nothing(shop: Workspace) -> None:
    first = trained(shop)
    before = stored(shop)

    assert trained(shop) == first
    assert stored(shop) == before


def test_equal_shops_store_equal_bytes(shop: Workspace, evaluated_shop: Path, tmp_path: Path) -> None:
    other = Workspace.open(shutil.copytree(evaluated_shop, tmp_path / "other"))

    assert trained(shop)["version"] == trained(other)["version"]
    assert stored(shop) == stored(other)


def test_new_inputs_make_a_new_version_and_old_ones_bring_the_old_back(shop: Workspace) -> None:
    trained(shop)

    assert trained(shop, seed=1)["version"] == "intents-v02"
    described = trained(shop)
    assert (described["version"], described["versions"]) == ("intents-v01", ["intents-v01", "intents-v02"])


def test_a_damaged_version_is_trained_anew_under_another_name(shop: Workspace) -> None:
    trained(shop)
    weights = shop.intents / "intents-v01" / "weights.safetensors"
    weights.chmod(0o644)
    weights.write_bytes(b"")

    assert trained(shop)["version"] == "intents-v02"


def test_a_kill_before_a_version_is_live_leaves_it_to_the_next_training(shop: Workspace, tmp_path: Path) -> None:
    place = ("mangaassist.intents.store.make_intents_live", 1)
    killed_at(place, ["intents", "train", "--workspace", str(shop.root)], tmp_path / "log")
    with pytest.raises(DataError, match="no intent classifier yet"):
        describe_intents(shop)

    assert trained(shop)["version"] == "intents-v01"
    assert describe_intents(shop)["versions"] == ["intents-v01"]


# What trains


def test_no_test_query_and_nothing_near_one_trains(shop: Workspace) -> None:
    """The small shop's first test query of each topic is its first training query with a question mark."""
    test = NearDuplicateIndex([query.text for query in judged_queries(shop) if query.split == "test"])

    gathered = intents_to_train(shop)

    assert gathered.left_out["near_test_query"] >= 14
    assert not [each.text for each in gathered.examples if test.has_match(each.text)]


def test_a_test_query_in_the_log_is_left_out_and_counted(shop: Workspace) -> None:
    before = intents_to_train(shop)
    [query] = [query for query in judged_queries(shop) if query.query_id == "test-pirates-1"]

    log_queries(shop, (query.text.upper(), "recommendation", 0.99), ("zorbil mangas", "recommendation", 0.99))

    after = intents_to_train(shop)
    assert after.left_out["near_test_query"] == before.left_out["near_test_query"] + 1
    assert len(after.examples) == len(before.examples) + 1


def test_each_distinct_text_trains_once_with_what_was_logged_most_often(shop: Workspace) -> None:
    log_queries(
        shop,
        ("Where is it??", "faq", 0.9),
        ("where is it??", "faq", 0.9),
        ("where is it??", "recommendation", 0.99),
        ("where is it??", "recommendation", 0.5),
        ("where is it??", "recommendation", 0.5),
    )

    assert {text: intent for text, intent in of_log(shop).items() if text.lower() == "where is it??"} == {
        "Where is it??": "faq"
    }


@pytest.mark.parametrize(
    ("confidence", "trains"), [(0.8, True), (0.79, False), (None, True)], ids=["sure", "unsure", "undoubted"]
)
def test_only_confident_intents_of_the_log_train(shop: Workspace, confidence: float | None, trains: bool) -> None:
    before = intents_to_train(shop).left_out["uncertain_in_log"]

    log_queries(shop, ("an unheard-of question", "faq", confidence))

    assert ("an unheard-of question" in of_log(shop)) == trains
    assert intents_to_train(shop).left_out["uncertain_in_log"] == before + (not trains)


def test_where_a_person_judged_a_near_duplicate_the_log_does_not_contradict(shop: Workspace) -> None:
    [query] = [query for query in judged_queries(shop) if query.query_id == "dev-pirates-0"]

    log_queries(shop, (f"{query.text}!", "faq", 0.99), (f"{query.text}?!", "recommendation", 0.99))

    assert f"{query.text}!" not in of_log(shop)
    assert of_log(shop)[f"{query.text}?!"] == "recommendation"
    assert intents_to_train(shop).left_out["contradicts_judged"] == 1


def test_what_a_judged_query_needs_is_the_kind_of_its_relevant_documents(shop: Workspace) -> None:
    needed = {each.text: each.needed for each in intents_to_test(shop)}
    split = {query.query_id: query.text for query in judged_queries(shop)}

    assert needed[split["test-pirates-0"]] == {"title"}
    assert needed[split["test-refund-0"]] == {"article"}


# No adapter can change what is searched


def routes_of_test_queries(shop: Workspace) -> list[Route]:
    encoder = workspace_encoder(shop, read_settings(shop.root), no_progress)
    classifier = live_intents(shop, encoder_id=encoder.encoder_id)
    assert classifier is not None
    return classifier.routes(encoder.encode([each.text for each in intents_to_test(shop)]))


def test_a_new_live_adapter_changes_no_route_and_no_training(shop: Workspace) -> None:
    trained(shop)
    before, files = routes_of_test_queries(shop), stored(shop)
    release = release_candidate(shop, actor="a test", why="to see", override="only routing matters here")

    assert registry_of(shop).aliases().live == release
    assert routes_of_test_queries(shop) == before
    trained(shop)
    assert stored(shop) == files

    encoder = workspace_encoder(shop, read_settings(shop.root), no_progress)
    base: Vectors = encoder.encode([each.text for each in intents_to_test(shop)])
    adapted = adapter_of_release(shop, release, encoder).adapt_queries(base)
    classifier = live_intents(shop, encoder_id=encoder.encoder_id)
    assert classifier is not None
    assert not np.allclose(adapted, base, atol=1e-3)
    assert classifier.routes(adapted) != before


# Errors


def test_a_shop_that_knows_no_intents_is_told_where_to_write_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"judge queries .* or log what the router says"):
        trained(Workspace.create(tmp_path / "empty"))


def test_before_training_there_is_nothing_to_show_or_evaluate(shop: Workspace, tmp_path: Path) -> None:
    for ask in (describe_intents, evaluated):
        with pytest.raises(DataError, match="no intent classifier yet; train one: `mangaassist intents train`"):
            ask(shop)
    assert live_intents(shop, encoder_id="words@1") is None
    with pytest.raises(DataError, match="no judged test query with an intent"):
        evaluated(Workspace.create(tmp_path / "empty"))


def test_after_a_change_of_encoder_the_error_names_both(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    class OtherEncoder(WordsEncoder):
        encoder_id = "words@2"

    trained(shop)
    monkeypatch.setattr("mangaassist.loop.catalogue.load_encoder", lambda *_, **__: OtherEncoder())

    with pytest.raises(EncoderMismatch, match="'words@1', not of 'words@2'"):
        evaluated(shop)
    assert trained(shop)["encoder_id"] == "words@2"
    assert evaluated(shop)["version"] == "intents-v02"
