import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from loop_world import SEARCHES, log_a_click, small_shop

import mangaassist.loop.pairing
from mangaassist.core.errors import DataError, LeakageError
from mangaassist.core.types import DocId, Pair
from mangaassist.data import Workspace, ubi_events
from mangaassist.loop import StoredPairs, make_pairs, read_pair_counts, read_pairs, read_settings
from mangaassist.pairs import BalancedPairs

AT = datetime(2026, 5, 1, 9, 30, 0, 123456, tzinfo=UTC)


def stored_pairs(workspace: Workspace) -> StoredPairs:
    return read_pairs(workspace, read_settings(workspace.root))


def remade(workspace: Workspace) -> dict[str, Any]:
    return make_pairs(workspace, read_settings(workspace.root))


def test_pairs_are_read_back_as_they_were_stored(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [
        Pair('新刊 "ワンピース" \n, ok?', DocId("pirates-0"), "click", 0.1, evidence=("e1", "e2"), client="c", at=AT),
        Pair("plain", DocId("robots-1"), "cart", 2.5, negatives=(DocId("chefs-0"), DocId("chefs-1"))),
    ]
    balance = BalancedPairs(odd, share_by_source={"click": 1.0}, largest_client_share=0.5, repeats=0)
    monkeypatch.setattr(mangaassist.loop.pairing, "balance_pairs", lambda *_: balance)

    remade(shop)

    assert list(stored_pairs(shop).pairs) == odd


def test_the_same_log_makes_the_same_bytes(shop: Workspace) -> None:
    before = (shop.pairs / "pairs.parquet").read_bytes()

    remade(shop)

    assert (shop.pairs / "pairs.parquet").read_bytes() == before


def test_counts_of_every_source_add_up(shop: Workspace) -> None:
    counts = read_pair_counts(shop)

    click, cart = counts["sources"]["click"], counts["sources"]["cart"]
    assert click["raw_events"] == click["raw"]["click"] == click["pairs"] + sum(click["dropped"].values())
    assert set(cart["raw"]) == {"add_to_cart", "add_to_wishlist", "purchase"}
    assert sum(counts["share_by_source"].values()) == pytest.approx(1)
    assert counts["synthetic_share"] == 0
    assert len(stored_pairs(shop).pairs) == click["trained"] + cart["trained"]


def test_exposed_documents_are_those_with_an_impression_and_cold_ones_are_not_among_them(shop: Workspace) -> None:
    impressions = ubi_events(shop).filter(pl.col("action_name") == "impression")

    exposed = stored_pairs(shop).exposed

    assert exposed == set(impressions["object_id"])
    assert not exposed & small_shop().cold


def test_a_click_on_a_test_query_s_id_is_leakage(shop: Workspace) -> None:
    before = (shop.pairs / "pairs.parquet").read_bytes()
    log_a_click(shop, "test-pirates-1", "any text", "pirates-1")

    with pytest.raises(LeakageError, match=r"1 of \d+ training pairs know the test set.*test-pirates-1"):
        remade(shop)

    assert (shop.pairs / "pairs.parquet").read_bytes() == before


def test_a_click_on_a_new_query_with_a_test_query_s_text_is_no_leakage(shop: Workspace) -> None:
    text = next(query.text for query in small_shop().queries if query.query_id == "test-pirates-1")
    log_a_click(shop, "new-1", text, "pirates-1")

    remade(shop)

    assert text in {pair.query_text for pair in stored_pairs(shop).pairs}


def test_without_a_log_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no click.*ingest a search log"):
        remade(Workspace.create(tmp_path / "empty"))


def test_without_judged_test_queries_nothing_could_be_held_against_the_test(shop: Workspace) -> None:
    for kind in ("judged_queries", "judgements"):
        for part in (shop.root / "tables" / kind).glob("*.parquet"):
            pl.read_parquet(part).clear().write_parquet(part)

    with pytest.raises(DataError, match="no judged test query with a relevant document; ingest judged_queries"):
        remade(shop)


def test_what_the_log_came_to_is_told_whole_though_only_drawn_pairs_train(shop: Workspace) -> None:
    before = read_pair_counts(shop)["sources"]
    (shop.root / "mangaassist.toml").write_text("[pairs]\nmax_log_pairs = 50\n")

    counts = remade(shop)["sources"]

    told = ("raw", "used", "pairs", "unique", "dropped")
    assert {name: [counts[name][key] for key in told] for name in counts} == {
        name: [before[name][key] for key in told] for name in before
    }
    assert 40 <= sum(source["drawn"] for source in counts.values()) <= 50
    assert len(stored_pairs(shop).pairs) == sum(source["trained"] for source in counts.values()) <= 50
    stored = pl.read_parquet(shop.pairs / "log_pairs.parquet")
    assert stored.height == counts["click"]["pairs"] + counts["cart"]["pairs"]
    for source in counts.values():
        assert source["raw_events"] == source["used"] + sum(source["dropped"].values())


def test_every_pair_of_the_log_is_kept_in_a_file_of_the_same_bytes(shop: Workspace) -> None:
    before = (shop.pairs / "log_pairs.parquet").read_bytes()

    remade(shop)

    assert (shop.pairs / "log_pairs.parquet").read_bytes() == before
    rows = pl.read_parquet(shop.pairs / "log_pairs.parquet")
    trained = pl.read_parquet(shop.pairs / "pairs.parquet")
    assert rows.schema == trained.schema
    assert rows["at"].is_sorted()
    assert rows.height >= trained.height


@pytest.mark.parametrize("missing", ["pairs.parquet", "exposed.parquet", "report.json"])
def test_pairs_that_were_never_made_whole_are_an_error_that_names_the_command(shop: Workspace, missing: str) -> None:
    (shop.pairs / missing).unlink()

    with pytest.raises(DataError, match="has no pairs yet; make them: `mangaassist pairs`"):
        stored_pairs(shop)


def test_pairs_older_than_the_data_are_refused(shop: Workspace) -> None:
    """Nobody held them against test queries that came later."""
    log_a_click(shop, "new-1", "new text", "pirates-1")

    with pytest.raises(DataError, match="since its pairs were made; make them again: `mangaassist pairs`"):
        stored_pairs(shop)

    remade(shop)
    assert "new text" in {pair.query_text for pair in stored_pairs(shop).pairs}


def test_pairs_made_by_other_rules_are_refused(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text("[pairs]\nmax_repeats = 1\n")

    with pytest.raises(DataError, match="the rules for pairs were changed"):
        stored_pairs(shop)


def test_the_gate_s_settings_do_not_make_pairs_old(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text("[gate]\nrecall_at_3_floor = 0.1\n")

    assert stored_pairs(shop).pairs


def test_the_report_is_the_counts_that_were_given(shop: Workspace) -> None:
    assert remade(shop) == json.loads((shop.pairs / "report.json").read_bytes()) == read_pair_counts(shop)


def test_the_log_has_the_searches_it_was_made_of(shop: Workspace) -> None:
    sessions = ubi_events(shop)["session_id"].n_unique()

    assert SEARCHES * 0.9 < sessions <= SEARCHES
