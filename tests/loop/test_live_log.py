"""The newest searches of a log: they train nothing, and are scored beside the judged queries."""

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from loop_fixtures import NOON
from loop_world import A_DAY_HELD_OUT, log_a_click, small_shop, write_rows
from rich.console import Console

import mangaassist.loop.pairing
from mangaassist.commands.making_pairs import draw_pairs
from mangaassist.commands.report_tables import draw_report
from mangaassist.core.errors import DataError, LeakageError
from mangaassist.core.types import DocId, GroupId, Query, QueryId, no_progress
from mangaassist.data import Workspace, ingest, ubi_events, ubi_queries
from mangaassist.loop import (
    candidate_folder,
    evaluate_candidate,
    make_pairs,
    read_pair_counts,
    read_pairs,
    read_settings,
    train_candidate,
)
from mangaassist.loop.live_log import CAUTION, scored_live_log
from mangaassist.pairs import HeldOut, LiveLogTest, PairsReport, click_pairs, hold_out_newest
from mangaassist.promotion import IDENTITY

HALF = "[live_log]\nnewest_share = 0.5\n"


def held_out(workspace: Workspace) -> HeldOut:
    settings = read_settings(workspace.root)
    return hold_out_newest(ubi_queries(workspace), ubi_events(workspace), settings.live_log)


def evaluated(workspace: Workspace) -> dict[str, Any]:
    return evaluate_candidate(
        workspace, read_settings(workspace.root), live=IDENTITY, seed=0, now=NOON, progress=no_progress
    )


@pytest.fixture
def half_tests(shop: Workspace) -> Workspace:
    """The small shop, half of whose days are held out: enough searches to score."""
    (shop.root / "mangaassist.toml").write_text(HALF)
    settings = read_settings(shop.root)
    make_pairs(shop, settings)
    train_candidate(shop, settings, seed=0, progress=no_progress)
    return shop


# What trains


def test_no_pair_is_of_a_held_out_search_and_the_counts_tell_where_its_events_went(shop: Workspace) -> None:
    found, counts = held_out(shop), read_pair_counts(shop)

    assert found.since == date(2026, 4, 24)
    assert counts["held_out"] == {"since": "2026-04-24", "searches": len(found.query_ids)}
    pairs = read_pairs(shop, read_settings(shop.root)).pairs
    assert not {pair.query_id for pair in pairs} & found.query_ids
    clicks = ubi_events(shop).filter(pl.col("action_name") == "click")
    assert counts["sources"]["click"]["raw"] == {"click": clicks.height}
    dropped = counts["sources"]["click"]["dropped"]["held_out_for_test"]
    assert 0 < dropped <= clicks.filter(pl.col("query_id").is_in(list(found.query_ids))).height


def test_what_only_held_out_searches_showed_is_not_exposed(shop: Workspace) -> None:
    new = sorted(small_shop().cold)[0]
    log_a_click(shop, "late", "pirates", new, at=A_DAY_HELD_OUT)
    settings = read_settings(shop.root)
    make_pairs(shop, settings)

    assert new not in read_pairs(shop, settings).exposed

    log_a_click(shop, "early", "pirates", new)
    make_pairs(shop, settings)
    assert new in read_pairs(shop, settings).exposed


def test_pairs_of_held_out_searches_that_nobody_left_out_stop_everything(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (shop.pairs / "pairs.parquet").read_bytes()

    def forgetful(*given: Any, held_out: frozenset[QueryId]) -> PairsReport:
        assert held_out
        return click_pairs(*given)

    monkeypatch.setattr(mangaassist.loop.pairing, "click_pairs", forgetful)

    with pytest.raises(
        LeakageError, match=r"\d+ of \d+ training pairs know the test set; the first: held-out search: "
    ):
        make_pairs(shop, read_settings(shop.root))

    assert (shop.pairs / "pairs.parquet").read_bytes() == before


def test_a_log_whose_only_clicks_are_held_out_says_so(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "new")
    (workspace.root / "mangaassist.toml").write_text(HALF)
    old = {"query_id": "old", "user_query": "ghosts", "timestamp": "2026-04-01T00:00:00Z"}
    ingest(workspace, "queries", write_rows(tmp_path / "queries.jsonl", [old]))
    log_a_click(workspace, "late", "pirates", "pirates-1", at=A_DAY_HELD_OUT)

    with pytest.raises(DataError, match=r"shown result before 2026-04-30 \(later ones are held out for testing\)"):
        make_pairs(workspace, read_settings(workspace.root))


def test_another_share_makes_the_pairs_old(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text(HALF)

    with pytest.raises(DataError, match="the rules for pairs were changed"):
        read_pairs(shop, read_settings(shop.root))


def test_people_are_told_what_was_held_out(shop: Workspace) -> None:
    said = StringIO()

    draw_pairs(Console(file=said, width=200), read_pair_counts(shop))

    assert f"Held out for testing: {len(held_out(shop).query_ids)} searches, from 2026-04-24 on." in said.getvalue()
    assert "the search is held out for testing" in said.getvalue()


# The report's section


def test_too_few_searches_are_too_small_and_the_counts_say_how_few(shop: Workspace) -> None:
    report: dict[str, Any] = json.loads((candidate_folder(shop) / "report.json").read_bytes())
    said = StringIO()

    draw_report(Console(file=said, width=200), report, Path("report.md"))

    section = report["live_log"]
    assert 0 < section["queries"] < 50
    assert (section["systems"], section["delta"], section["seen_share"]) == (None, None, None)
    assert f"Newest searches of the log: {section['queries']} usable ones are too small a test." in said.getvalue()


def test_the_newest_searches_are_scored_beside_the_judged_ones(half_tests: Workspace) -> None:
    report, said = evaluated(half_tests), StringIO()
    draw_report(Console(file=said, width=300), report, Path("report.md"))

    section = report["live_log"]
    assert section["since"] == "2026-03-31"
    assert section["searches"] > section["queries"] > 200
    assert 1 < section["groups"]["texts"] < section["groups"]["sessions"] < section["queries"]
    assert 0.5 < section["seen_share"] <= 1
    assert set(section["systems"]) == {"frozen", "baseline", "composed", "mlp", "candidate"}
    assert section["systems"]["frozen"] == section["systems"]["baseline"]
    for system in section["systems"].values():
        low, high = system["bad_top1_rate_range"]
        assert 0 <= low <= high <= 1
        assert high - low == pytest.approx(1 - system["judged@1"])
        assert {"recall@3", "success@3", "ndcg@10", "judged@1", "judged@3"} <= set(system)
    for metric, (mean, low, high) in section["delta"].items():
        assert low <= mean <= high
        assert mean == pytest.approx(section["systems"]["candidate"][metric] - section["systems"]["baseline"][metric])
    assert "favour that ranking" in section["caution"] == CAUTION
    assert CAUTION in said.getvalue()


def test_the_old_ranking_s_own_clicks_favour_it_where_judgements_do_not(half_tests: Workspace) -> None:
    """Why the section decides nothing: the same candidate, a clear gain by judgements, gains less by clicks."""
    report = evaluated(half_tests)

    assert report["delta"]["recall@3"][1] > 0
    assert report["live_log"]["delta"]["recall@3"][0] < report["delta"]["recall@3"][0]


def test_the_section_is_no_evidence_for_the_gate(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    path = candidate_folder(shop) / "evidence.json"
    before = path.read_bytes()
    unlike = {"queries": 9_999, "systems": None, "delta": None}
    monkeypatch.setattr("mangaassist.loop.evaluating.live_log_section", lambda *_, **__: unlike)

    assert evaluated(shop)["live_log"] == unlike
    assert path.read_bytes() == before


# The scores, by hand


def planted(*, searches: int, session_of: Any = str, text_of: Any = str) -> LiveLogTest:
    """Searches in which `right` was clicked and `wrong` was passed over."""
    ids = [QueryId(f"q{number}") for number in range(searches)]
    return LiveLogTest(
        queries=[Query(query_id, query_id) for query_id in ids],
        qrels={query_id: {DocId("right"): 1, DocId("wrong"): 0} for query_id in ids},
        sessions={query_id: GroupId(session_of(number)) for number, query_id in enumerate(ids)},
        texts={query_id: GroupId(text_of(number)) for number, query_id in enumerate(ids)},
    )


def rankings(test: LiveLogTest, *firsts: str) -> dict[QueryId, dict[DocId, float]]:
    """A run with this document first for one query after the other, and `right` in the fourth place if not above."""
    run = {}
    for number, query in enumerate(test.queries):
        order = [firsts[number % len(firsts)], "x", "y"]
        order += [] if "right" in order else ["right"]
        run[query.query_id] = {DocId(doc_id): -float(place) for place, doc_id in enumerate(order)}
    return run


def test_an_unjudged_first_result_is_good_at_one_end_of_the_range_and_bad_at_the_other() -> None:
    test = planted(searches=4)
    found = scored_live_log(
        test,
        {"candidate": rankings(test, "right", "wrong", "new", "new"), "baseline": rankings(test, "right")},
        seed=0,
    )

    candidate = found["systems"]["candidate"]
    assert candidate["bad_top1_rate_range"] == [0.25, 0.75]
    assert (candidate["recall@3"], candidate["success@3"], candidate["judged@1"]) == (0.25, 0.25, 0.5)
    assert found["systems"]["baseline"]["bad_top1_rate_range"] == [0.0, 0.0]
    assert found["delta"]["recall@3"][0] == pytest.approx(-0.75)


@pytest.mark.parametrize("one", ["sessions", "texts"])
def test_an_interval_is_the_wider_of_sessions_and_texts(one: str) -> None:
    """Twenty alternating searches on their own tell much; in four groups of five alike they tell little."""
    grouped = {"sessions": "session_of", "texts": "text_of"}[one]
    alone = planted(searches=20)
    together = planted(searches=20, **{grouped: lambda number: str(number % 4)})

    def width(test: LiveLogTest) -> float:
        runs = {"candidate": rankings(test, "right", "new", "right", "new"), "baseline": rankings(test, "new")}
        _, low, high = scored_live_log(test, runs, seed=0)["delta"]["success@3"]
        return float(high - low)

    assert width(together) > 1.5 * width(alone)
