"""The newest searches of a log: they train nothing, and are scored beside the judged queries."""

import json
import re
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from loop_fixtures import NOON
from loop_world import A_DAY_HELD_OUT, log_a_click, small_shop, write_rows
from rich.console import Console

import mangaassist.loop.log_mining
from mangaassist.commands.making_pairs import draw_pairs
from mangaassist.commands.report_tables import draw_report
from mangaassist.core.errors import DataError, LeakageError
from mangaassist.core.types import DocId, GroupId, PairSource, Query, QueryId, no_progress
from mangaassist.data import Workspace, ingest, judged_queries, ubi_events, ubi_queries
from mangaassist.evaluation import PositionBias, debiased_sentences
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
from mangaassist.loop.live_log_choices import position_bias
from mangaassist.loop.live_log_debiased import answer, debiased_live_log
from mangaassist.pairs import (
    HeldOut,
    LiveLogTest,
    LogSource,
    PairRules,
    SyntheticPair,
    hold_out_newest,
    mine_log,
)
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

    def forgetful(db: duckdb.DuckDBPyConnection, rules: PairRules) -> dict[PairSource, LogSource]:
        db.execute("CREATE TEMP TABLE forgotten AS FROM held_searches; DELETE FROM held_searches")
        found = mine_log(db, rules)
        db.execute("INSERT INTO held_searches FROM forgotten")
        return found

    monkeypatch.setattr(mangaassist.loop.log_mining, "mine_log", forgetful)

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
    before = without_times(path)
    unlike = {"queries": 9_999, "systems": None, "delta": None}
    monkeypatch.setattr("mangaassist.loop.evaluating.live_log_section", lambda *_, **__: unlike)

    assert evaluated(shop)["live_log"] == unlike
    assert without_times(path) == before


def without_times(path: Path) -> dict[str, Any]:
    """The evidence but for the latencies, which no two runs share."""
    told: dict[str, Any] = json.loads(path.read_bytes())
    return {name: value for name, value in told.items() if name != "latency"}


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


# Debiased


def test_the_section_debiases_and_says_how_much_of_the_candidate_was_ever_shown(half_tests: Workspace) -> None:
    report, said = evaluated(half_tests), StringIO()
    draw_report(Console(file=said, width=300), report, Path("report.md"))

    section = report["live_log"]
    assert section["position_bias"] is None  # a few days of fifty titles tell too little
    mean, low, high = section["choices"]["delta"]["chosen@3"]["as_clicked"]
    assert low <= mean <= high
    assert section["choices"]["choices"] >= section["queries"]
    assert sum(section["exposure"]["candidate_shown_of_3"]) == section["queries"]
    shares = [count / 3 for count in range(4)]
    mean = sum(s * n for s, n in zip(shares, section["exposure"]["candidate_shown_of_3"], strict=True))
    assert section["exposure"]["coverage"]["candidate"][0] == pytest.approx(mean / section["queries"])
    assert section["answer"]["says"] in {"inconclusive", "better", "worse", "no difference shown"}
    assert f"What the log answers: {section['answer']['says']}" in said.getvalue()
    for written in ("report.md", "report.html"):
        assert "What the log answers" in (candidate_folder(half_tests) / written).read_text(encoding="utf-8")


def delta(debiased: list[float] | None) -> dict[str, list[float] | None]:
    return {"as_clicked": [-0.1, -0.2, -0.05], "debiased": debiased}


@pytest.mark.parametrize(
    ("debiased", "coverage", "says", "because"),
    [
        ([0.1, 0.05, 0.15], 0.80, "better", r"\+0\.050 to \+0\.150"),
        ([-0.1, -0.15, -0.05], 1.0, "worse", "-0.150 to -0.050"),
        ([0.1, -0.05, 0.25], 0.9, "no difference shown", "-0.050"),
        ([0.1, 0.05, 0.15], 0.7999, "inconclusive", r"only 80% .*`mangaassist experiment`"),
        ([-0.1, -0.15, -0.05], 0.36, "inconclusive", r"only 36% .*`mangaassist experiment`"),
        (None, 0.9, "inconclusive", "how much a position is looked at"),
    ],
)
def test_under_80_percent_exposure_the_log_has_no_answer_and_points_to_interleaving(
    debiased: list[float] | None, coverage: float, says: str, because: str
) -> None:
    found = answer(delta(debiased), coverage)

    assert found["says"] == says
    assert re.search(because, found["because"])


def shown_at(places: dict[str, int], *, searches: int) -> pl.DataFrame:
    rows = [(f"q{n}", f"q{n}", doc_id, place, False) for n in range(searches) for doc_id, place in places.items()]
    return pl.DataFrame(rows, schema=["query_id", "user_query", "object_id", "position", "clicked"], orient="row")


def test_weights_turn_the_answer_where_the_old_ranking_hid_what_shoppers_wanted() -> None:
    """Six shoppers chose what stood first, four what stood where a fourth looks; the candidate shows the latter."""
    test = planted(searches=10)
    chosen = {query.query_id: DocId("top" if number < 6 else "deep") for number, query in enumerate(test.queries)}
    test = replace(
        test,
        qrels={query_id: {doc_id: 1} for query_id, doc_id in chosen.items()},
        positions={query_id: {DocId("top"): 1, DocId("deep"): 4} for query_id in chosen},
    )
    old = {
        query_id: {DocId(name): -float(place) for place, name in enumerate(["top", "x", "y", "deep"])}
        for query_id in chosen
    }
    new = {
        query_id: {DocId(name): -float(place) for place, name in enumerate(["deep", "x", "y", "top"])}
        for query_id in chosen
    }
    bias = PositionBias((1.0, 0.5, 0.3, 0.25), 1000, 10)
    shown = shown_at({"top": 1, "x": 2, "y": 3, "deep": 4}, searches=10)

    found = debiased_live_log(test, {"candidate": new, "baseline": old}, shown, bias, {}, seed=0)

    gains = found["choices"]["delta"]["chosen@3"]
    assert gains["as_clicked"][0] == pytest.approx(0.4 - 0.6)
    assert gains["debiased"][0] == pytest.approx((4 * 4 - 6) / (4 * 4 + 6))
    assert found["exposure"]["coverage"]["candidate"][0] == 1.0
    assert found["agreement"] == {"as_clicked": None, "debiased": None}


def test_agreement_is_with_the_grades_that_people_gave_the_same_text() -> None:
    test = planted(searches=4)
    runs = {who: rankings(test, "right") for who in ("candidate", "baseline")}
    judged = {"q0": {DocId("right"): 2, DocId("wrong"): 0}, "q1": {DocId("right"): 0, DocId("wrong"): 0}, "else": {}}

    found = debiased_live_log(test, runs, shown_at({"right": 1}, searches=4), None, judged, seed=0)

    clicked = found["agreement"]["as_clicked"]
    assert (clicked["judgements"], clicked["texts"], clicked["agreed"]) == (4, 2, 0.75)
    assert clicked["kappa"][0] == pytest.approx(0.5)
    assert found["agreement"]["debiased"] is None
    assert found["position_bias"] is None


def test_a_log_without_impressions_cannot_be_debiased_and_says_so() -> None:
    test = planted(searches=4)
    nothing = shown_at({}, searches=0).cast({"user_query": pl.String, "object_id": pl.String, "query_id": pl.String})

    bias = position_bias(nothing, without=())
    runs = {who: rankings(test, "right") for who in ("candidate", "baseline")}
    found = debiased_live_log(test, runs, nothing, bias, {}, seed=0)

    assert bias is None
    assert found["choices"]["delta"]["chosen@3"]["debiased"] is None
    assert found["answer"]["says"] == "inconclusive"
    assert any("cannot be told" in sentence for sentence in debiased_sentences(found))


def test_a_report_from_before_has_no_such_sentences() -> None:
    assert debiased_sentences({"queries": 3, "systems": None}) == []


def test_a_judged_query_that_was_made_up_stops_the_evaluation(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A synthetic query in a gate metric: the first test query has the text of a proposal."""
    before = (candidate_folder(shop) / "evidence.json").read_bytes()
    first = next(query for query in judged_queries(shop) if query.split == "test")
    proposal = SyntheticPair("syn-1", first.text, DocId("pirates-1"), "facets", "accepted", "mina")
    monkeypatch.setattr("mangaassist.loop.evaluating.read_proposals", lambda _: [proposal])

    with pytest.raises(LeakageError, match="judged queries are synthetic"):
        evaluated(shop)

    assert (candidate_folder(shop) / "evidence.json").read_bytes() == before
