"""The gate's calibration: its populations hold what they name, its evidence is that of `evaluate`, and it can fail."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.gate import RowResult, as_json, clopper_pearson, judged_row
from benchmarks.gate_population import Population, Truth, population
from benchmarks.gate_scenarios import ELSEWHERE, OPEN, ROWS, Row
from benchmarks.gate_settling import Settled, typical_evidence
from benchmarks.gate_tables import page_tables, readme_lines
from benchmarks.gate_trials import FINE_CELLS, Layout, decisions, drawn, even_layout, evidences, layout

from mangaassist.core.types import QueryId
from mangaassist.evaluation import QueryScores, paired_gain, summarise
from mangaassist.promotion import FIRST_RUN

ROOT = Path(__file__).parents[2]
FEW = 3_000
"""Queries of a population: enough for tests."""

LIVE, BETTER = Truth(0.68, 0.71, 0.14), Truth(0.84, 0.82, 0.05)


@pytest.fixture(scope="module")
def better() -> Population:
    return population(LIVE, BETTER, alike=0.5, seed=0, queries=FEW)


def row(name: str) -> Row:
    return next(each for each in ROWS if each.name == name)


def test_a_population_has_exactly_the_truths_it_was_made_for(better: Population) -> None:
    assert better.mean(better.live) == pytest.approx(LIVE.means(), abs=1e-6)
    assert better.mean(better.candidate) == pytest.approx(BETTER.means(), abs=1e-6)
    assert better.effective_share() > 0.9


def test_the_metrics_of_one_query_go_together_and_so_do_both_systems(better: Population) -> None:
    recall, ndcg, bad = (better.candidate[:, column] for column in range(3))

    assert 0.5 < np.corrcoef(recall, ndcg)[0, 1] < 0.9
    assert not recall[(bad == 1) & (ndcg == 0)].any()
    assert 0.3 < better.likeness() < 0.6


def test_truths_that_no_ranking_can_have_together_are_refused() -> None:
    with pytest.raises(ValueError, match="truths that go together"):
        population(LIVE, Truth(0.84, 0.60, 0.03), alike=0.5, seed=0, queries=FEW)


def test_every_query_lies_in_one_fine_cell_and_one_intent_and_unions_hold_their_parts() -> None:
    test = even_layout(500, coarse=True)

    for slices in ([test.cells[cell] for cell in FINE_CELLS], list(test.intents.values())):
        assert [len(rows) for rows in slices] == [125] * 4
        assert sorted(np.concatenate(slices)) == list(range(500))
    assert set(test.cells["cold"]) == {*test.cells["seen_cold"], *test.cells["unseen_cold"]}
    assert even_layout(503).queries == 503


def test_simulated_evidence_is_what_evaluate_makes_of_the_same_scores(better: Population) -> None:
    populations, test = dict.fromkeys(FINE_CELLS, better), even_layout(120)

    _, second = evidences(populations, test, sets=2, rng=np.random.default_rng(3), bootstrap_seed=5)

    live, candidate = (_scores(found[1]) for found in drawn(populations, test, 2, np.random.default_rng(3)))
    summary = summarise(candidate, {}, seed=5)
    for metric in ("recall@3", "ndcg@10"):
        interval, gain = summary.metrics[metric], second.gains[metric]
        measured = second.metrics[metric]
        assert (measured.value, measured.low, measured.high) == pytest.approx(tuple(interval.as_list()), abs=1e-12)
        wide, narrow = (paired_gain(candidate, live, metric, {}, seed=5, tail=tail) for tail in (0.01, 0.05))
        assert (gain.mean, gain.low99, gain.high99) == pytest.approx(tuple(wide.as_list()), abs=1e-12)
        assert (gain.low95, gain.high95, gain.queries, gain.groups) == pytest.approx(
            (narrow.low, narrow.high, 120, 120)
        )
    assert second.bad_top1.high.value == pytest.approx(summary.metrics["bad_top1_rate"].mean)
    rows = [QueryId(f"q{number:06}") for number in test.cells["seen_cold"]]
    live, candidate = ({key: found[key] for key in rows} for found in (live, candidate))
    of_cell = paired_gain(candidate, live, "recall@3", {}, seed=5, tail=0.05)
    assert second.cells["seen_cold"].low95 == pytest.approx(of_cell.low, abs=1e-12)


def _scores(values: np.ndarray) -> dict[QueryId, QueryScores]:
    return {
        QueryId(f"q{number:06}"): QueryScores(recall, 0.0, ndcg, bad, 1.0, 1.0)
        for number, (recall, ndcg, bad) in enumerate(values.tolist())
    }


def test_the_same_seed_gives_the_same_decisions_and_another_one_others(better: Population) -> None:
    populations = dict.fromkeys(FINE_CELLS, better)

    def decided(seed: int) -> list[tuple[str, float | None]]:
        made = decisions(populations, even_layout(100), runs=20, seed=seed, settings=FIRST_RUN)
        return [(each.outcome, each.rules[0].value) for each in made]

    assert decided(0) == decided(0) != decided(1)


def test_harm_in_a_cell_too_small_to_judge_is_promoted_so_it_is_the_cell_s_rule_that_stops_it_elsewhere() -> None:
    populations = row("cold_harm").populations(seed=0, queries=FEW)
    too_small = layout({"seen_warm": 160, "seen_cold": 150, "unseen_warm": 150, "unseen_cold": 40})

    def promoted(test: Layout) -> float:
        made = decisions(populations, test, runs=100, seed=0, settings=FIRST_RUN)
        return sum(each.outcome == "promote" for each in made) / 100

    assert promoted(row("cold_harm").layout) <= 0.02
    assert promoted(too_small) >= 0.9


def test_the_harmed_candidate_is_better_on_average_and_its_cold_cell_is_down_by_a_tenth() -> None:
    populations = row("cold_harm").populations(seed=0, queries=FEW)

    def gain(cell: str) -> float:
        of_cell = populations[cell]
        return float(of_cell.mean(of_cell.candidate[:, 0] - of_cell.live[:, 0]))

    assert gain("unseen_cold") == pytest.approx(-0.10, abs=1e-5)
    assert np.mean([gain(cell) for cell in FINE_CELLS]) > 0.1
    assert len(row("cold_harm").layout.cells["unseen_cold"]) == 125


def test_typical_evidence_has_the_truth_as_its_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.gate_settling.TYPICAL_OF", 30)
    scenario = OPEN[-1]
    populations = scenario.populations(seed=0, queries=FEW)

    found = typical_evidence(populations, even_layout(200), seed=0)

    live, candidate = ELSEWHERE
    assert found.cells["seen_warm"].mean == pytest.approx(candidate.recall_at_3 - live.recall_at_3, abs=1e-5)
    assert found.cells["unseen_cold"].mean == pytest.approx(-0.02, abs=1e-5)
    assert found.gains["recall@3"].mean == pytest.approx((2 * 0.25 - 2 * 0.02) / 4, abs=1e-5)


def test_a_promise_is_kept_by_the_upper_end_where_it_is_a_ceiling() -> None:
    assert row("aa").is_kept(0.005, 0.0099) is True
    assert row("aa").is_kept(0.009, 0.0101) is False
    assert row("seed_gain").is_kept(0.9, 0.95) is True
    assert row("seed_gain").is_kept(0.8999, 0.95) is False
    assert row("at_floors").is_kept(0.3, 0.32) is None


@pytest.mark.parametrize(
    ("found", "runs", "ends"), [(0, 100, (0.0, 0.0295)), (100, 100, (0.9705, 1.0)), (5, 100, (0.0199, 0.1023))]
)
def test_clopper_pearson_ends_are_those_of_the_tables(found: int, runs: int, ends: tuple[float, float]) -> None:
    assert clopper_pearson(found, runs) == pytest.approx(ends, abs=1e-4)


def test_the_json_names_the_figures_that_others_read() -> None:
    small = replace(row("aa"), layout=layout(dict.fromkeys(FINE_CELLS, 12)))
    result = judged_row(small, runs=10, seed=0)
    settled = Settled("x", "y", {"recall@3": 900}, 900, 0.8, 0.75, 1.0, [600, 900, 2000], 10)

    found = as_json([replace(result, name=name) for name in ("aa", "seed_gain", "cold_harm")], [settled])

    assert {
        "aa_promoted",
        "aa_upper95",
        "seed_gain_promoted",
        "cold_harm_promoted",
        "inconclusive_n_error",
        "runs",
    } <= set(found)
    assert (found["runs"], found["inconclusive_n_error"]) == (10, pytest.approx(0.05))
    assert isinstance(result, RowResult)
    assert result.promoted + result.rejected + result.inconclusive == pytest.approx(1)


def test_the_docs_show_the_stored_figures_and_all_promises_are_kept() -> None:
    stored = json.loads((ROOT / "benchmarks" / "results" / "gate.json").read_text(encoding="utf-8"))
    where = f"{stored['machine']['cores']} cores of {stored['machine']['processor']}, {stored['machine']['date']}"

    assert page_tables(stored, where) in (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    assert readme_lines(stored, where) in (ROOT / "README.md").read_text(encoding="utf-8")
    assert stored["runs"] >= 5_000
    assert not [row["name"] for row in stored["rows"] if row["kept"] is False]


def test_a_layout_of_uneven_cells_keeps_their_sizes() -> None:
    test: Layout = layout({"seen_warm": 10, "seen_cold": 20, "unseen_warm": 30, "unseen_cold": 40})

    assert {cell: len(test.cells[cell]) for cell in FINE_CELLS} == {
        "seen_warm": 10,
        "seen_cold": 20,
        "unseen_warm": 30,
        "unseen_cold": 40,
    }
