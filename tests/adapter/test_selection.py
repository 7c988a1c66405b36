"""Choosing: identity is always in the race, the worst cell decides, and the simplest of equals wins."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import as_training_set, turned_world, unit

from mangaassist.adapter import race as racing
from mangaassist.adapter.fitting import fit, fit_rounds
from mangaassist.adapter.known_moves import MOVE_SHARES
from mangaassist.adapter.ladder import LADDER, Adapter, SideMap
from mangaassist.adapter.race import TRY_ROUNDS, Fold, Trial, worth
from mangaassist.adapter.recipes import (
    FIRST_RUN,
    STRENGTHS,
    GradientRecipe,
    Recipe,
    RidgeRecipe,
    recipes_for,
)
from mangaassist.adapter.selection import Choice, _simplest_of_the_best, choose
from mangaassist.adapter.validation import HeldOut, hold_out
from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, GroupId, Pair, QueryId
from mangaassist.evaluation import QueryScores


def race(queries: np.ndarray, documents: np.ndarray, *, known: int, name: str = "v") -> Fold:
    """Queries up to `known` train; the rest validate, half of them on documents that training knows."""
    doc_ids = [DocId(f"d{row:04}") for row in range(len(documents))]
    ids = [QueryId(f"{name}{row:04}") for row in range(len(queries))]
    half = [row for row in range(len(queries)) if row >= known or row < known // 2]
    return Fold(
        training=as_training_set(queries[:known], documents, hard=3),
        query_ids=[ids[row] for row in half],
        queries=queries[half],
        qrels={ids[row]: {doc_ids[row]: 1} for row in half},
        groups={},
        doc_ids=doc_ids,
        documents=documents,
        warm=frozenset(doc_ids[:known]),
    )


@pytest.fixture(scope="module")
def turned_choice() -> Choice:
    return choose([race(*turned_world(documents=300), known=200)], LADDER, seed=0)


def test_a_learnable_turn_is_learned(turned_choice: Choice) -> None:
    assert turned_choice.chosen != "identity"
    assert turned_choice.trials[turned_choice.chosen].worth[0] > 0.1


def test_every_rung_has_a_trial_and_its_seconds(turned_choice: Choice) -> None:
    assert tuple(turned_choice.trials) == LADDER
    assert set(turned_choice.cpu_seconds) == set(LADDER)


def test_identity_is_worth_exactly_nothing(turned_choice: Choice) -> None:
    assert turned_choice.trials["identity"].worth == (0.0, 0.0)


def test_both_cells_were_looked_at(turned_choice: Choice) -> None:
    assert set(turned_choice.trials["linear"].gains) == {"warm", "cold"}


def test_where_nothing_can_be_learned_the_frozen_encoder_is_kept() -> None:
    """Queries are their documents plus noise: there is no turn to learn."""
    rng = np.random.default_rng(3)
    documents = rng.normal(size=(240, 32)).astype(np.float32)
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    queries = documents + 0.5 * rng.normal(size=documents.shape).astype(np.float32) / 32**0.5
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)

    choice = choose([race(queries, documents, known=160)], ("identity", "centring", "ridge", "mlp"), seed=0)

    assert choice.chosen == "identity"


def test_gain_on_known_documents_does_not_buy_harm_on_unknown_ones() -> None:
    """Queries of known documents are turned, those of unknown ones are not: what helps the first harms the second."""
    queries, documents = turned_world(documents=300, noise=0.3)
    loose = documents[200:] + np.random.default_rng(1).normal(size=(100, 32)).astype(np.float32) / 32**0.5
    queries = np.concatenate([queries[:200], loose / np.linalg.norm(loose, axis=1, keepdims=True)])

    fold = race(queries, documents, known=200)
    recipe = GradientRecipe("linear", learning_rate=5e-3, corpus_weight=0.0)
    frozen, learned = fold.score(Adapter("identity", 32)), fold.score(fit(recipe, fold.training, seed=0))

    choice = choose([fold], ("identity", "linear"), seed=0)

    assert mean_ndcg(learned["warm"]) > mean_ndcg(frozen["warm"])
    assert mean_ndcg(learned["cold"]) < mean_ndcg(frozen["cold"])
    assert choice.chosen == "identity"


GAINS = st.dictionaries(st.sampled_from(["warm", "cold", "third"]), st.floats(-1, 1), min_size=1)


@given(GAINS)
def test_gains_are_worth_between_the_worst_cell_and_the_mean_and_a_loss_is_all_that_counts(
    gains: dict[str, float],
) -> None:
    worst, mean = min(gains.values()), sum(gains.values()) / len(gains)

    assert worst - 1e-12 <= worth(gains) <= mean + 1e-12
    assert worst >= 0 or worth(gains) == worst


@given(GAINS, st.data())
def test_to_gain_more_in_one_cell_is_never_worth_less(gains: dict[str, float], data: st.DataObject) -> None:
    cell = data.draw(st.sampled_from(sorted(gains)))
    more = {**gains, cell: data.draw(st.floats(gains[cell], 1))}

    assert worth(more) >= worth(gains) - 1e-12


def test_chance_in_the_worst_cell_does_not_outweigh_what_the_other_gains() -> None:
    """Gains on scifact's folds after two and after nine rounds: by the worst cell alone training stopped at once."""
    early, late = {"warm": 0.38, "cold": 0.032}, {"warm": 0.47, "cold": 0.021}

    assert worth(late) > worth(early)
    assert min(late.values()) < min(early.values())


def test_known_needs_do_not_buy_what_unknown_ones_lose() -> None:
    """Gains on stackfaq's folds after three and after ten rounds: known questions gain on, unknown ones fall back."""
    early, late = {"warm": 0.234, "cold": 0.169}, {"warm": 0.250, "cold": 0.160}

    assert worth(early) > worth(late)


def a_trial(warm: float, cold: float) -> Trial:
    gains = {"warm": warm, "cold": cold}
    return Trial(GradientRecipe("linear"), rounds=1, gains=gains, recall_gains=gains, scores={})


@pytest.mark.parametrize(
    ("before", "later", "is_better"),
    [(0.1, 0.104, False), (0.1, 0.106, True), (0.0, 0.001, True), (-0.1, -0.097, False), (-0.1, -0.09, True)],
)
def test_what_is_tried_later_has_to_be_clearly_worth_more(before: float, later: float, is_better: bool) -> None:
    """Longer training for a thousandth on validation lost points on questions that validation did not ask."""
    assert a_trial(later, later).is_clearly_better(a_trial(before, before)) is is_better


def test_what_was_worth_more_before_training_on_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later rounds are looked at with a part of the move, which may suit them more than the whole did."""
    at_best_strength, found = racing.Running.at_best_strength, list[Trial]()

    def worse_later(running: racing.Running) -> Trial:
        trial = at_best_strength(running)
        if trial.recipe.rung != "linear":
            return trial
        found.append(replace(trial, gains=dict.fromkeys(trial.gains, (0.15, 0.11)[len(found)])))
        return found[-1]

    monkeypatch.setattr(racing.Running, "at_best_strength", worse_later)

    choice = choose([race(*turned_world(documents=120), known=80)], ("identity", "linear"), seed=0)

    assert len(found) == 2
    assert choice.trials["linear"] is found[0]


def scored(recipe: Recipe, *, warm: float, cold: float, spread: float) -> Trial:
    """A trial whose queries gain so much on average, every second one `spread` more and the others less."""
    scores = {
        cell: {
            QueryId(f"0:{cell}{row}"): QueryScores(0, 0, 0.5 + gain + (spread if row % 2 else -spread), 0, 1, 1)
            for row in range(100)
        }
        for cell, gain in (("warm", warm), ("cold", cold))
    }
    return Trial(recipe, 1, gains={"warm": warm, "cold": cold}, recall_gains={"warm": 0, "cold": 0}, scores=scores)


@pytest.mark.parametrize(("cold", "chosen"), [(0.004, "ridge"), (-0.004, "linear")])
def test_the_simplest_of_equals_is_chosen_unless_it_loses_in_a_cell(cold: float, chosen: str) -> None:
    best = scored(GradientRecipe("linear"), warm=0.2, cold=0.01, spread=0.3)
    near = scored(RidgeRecipe(1.0), warm=0.19, cold=cold, spread=-0.3)
    far = scored(RidgeRecipe(1.0), warm=0.0, cold=0.0, spread=0.0)

    found, _ = _simplest_of_the_best({"identity": far, "ridge": near, "linear": best}, {}, 0)

    assert found == chosen


def test_other_rungs_take_over_the_negatives_that_helped_and_find_their_own_strength() -> None:
    helped = GradientRecipe("linear", random_negatives=512, strength=1.0)

    assert recipes_for("lowrank", like=helped) == (GradientRecipe("lowrank", random_negatives=512),)


def counted_rounds(monkeypatch: pytest.MonkeyPatch) -> Counter[Recipe]:
    """Counts from now on how many rounds each recipe trains that is looked at after each."""
    rounds: Counter[Recipe] = Counter()

    def counted(recipe: Recipe, *args: Any, **options: Any) -> Iterator[Adapter]:
        for adapter in fit_rounds(recipe, *args, **options):
            rounds[recipe] += 1
            yield adapter

    monkeypatch.setattr(racing, "fit_rounds", counted)
    return rounds


def test_of_several_recipes_one_trains_on_after_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = counted_rounds(monkeypatch)
    choose([race(*turned_world(documents=120), known=80)], ("identity", "linear"), seed=0)

    trained = {recipe: count for recipe, count in rounds.items() if isinstance(recipe, GradientRecipe)}
    assert len(trained) == 3
    assert sum(count > TRY_ROUNDS for count in trained.values()) == 1


def test_of_all_rungs_the_best_after_a_try_trains_on(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = counted_rounds(monkeypatch)
    choice = choose([race(*turned_world(documents=120), known=80)], LADDER, seed=0)

    trained = {recipe: count for recipe, count in rounds.items() if isinstance(recipe, GradientRecipe)}
    went_on = [recipe.rung for recipe, count in trained.items() if count > TRY_ROUNDS]
    assert {recipe.rung for recipe in trained} == {"lowrank", "linear", "residual"}
    assert len(went_on) == 1
    assert all(choice.trials[rung].rounds <= TRY_ROUNDS for rung in LADDER if rung not in {*went_on, "mlp"})


def test_a_recipe_that_never_stops_early_trains_to_its_end_at_once() -> None:
    racing_now = racing.Race([race(*turned_world(documents=120), known=80)], seed=0)

    tried = racing_now.tried([replace(FIRST_RUN, rounds=TRY_ROUNDS + 2)])

    assert tried.best.rounds == TRY_ROUNDS + 2
    assert not tried.may_go_on


def fits(monkeypatch: pytest.MonkeyPatch) -> Counter[Recipe]:
    """Counts from now on how often each recipe is fitted that is looked at when it is done."""
    count: Counter[Recipe] = Counter()

    def counted(recipe: Recipe, *args: Any, **options: Any) -> Adapter:
        count[recipe] += 1
        return fit(recipe, *args, **options)

    monkeypatch.setattr(racing, "fit", counted)
    return count


def nothing_to_learn(noise: float, seed: int) -> Fold:
    """Queries are their documents plus noise, which the frozen encoder knows as well as can be."""
    rng = np.random.default_rng(seed)
    documents = unit(rng.normal(size=(240, 32)))
    queries = unit(documents + noise * rng.normal(size=documents.shape) / 32**0.5)
    return race(queries, documents, known=160, name=f"v{seed}-")


def test_what_loses_on_the_first_fold_beyond_chance_is_not_tried_on_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map from a random start, hardly trained, forgets what the encoder knows."""
    count = fits(monkeypatch)
    hopeless = replace(FIRST_RUN, rounds=1)

    lost = racing.Race([nothing_to_learn(1.0, seed) for seed in range(3)], seed=0).at_once(hopeless)

    assert count == {hopeless: 1}
    assert max(lost.gains.values()) < -0.4
    assert len(lost.adapters) == 1
    assert {query_id.split(":")[0] for query_id in lost.scores["warm"]} == {"0"}


def test_a_loss_within_chance_is_looked_at_on_every_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    count = fits(monkeypatch)
    gentle = RidgeRecipe(10.0)
    now = racing.Race([nothing_to_learn(1.5, seed) for seed in range(3)], seed=0)

    trial = now.at_once(gentle)

    assert trial.gains["cold"] < 0
    assert count == {gentle: 3}
    assert trial == now.trial(gentle, trial.adapters, 1)


@pytest.mark.parametrize(
    ("worth_of", "asked", "best"),
    [
        ({0.4: 0.1, 0.6: 0.2, 0.8: 0.3, 1.0: 0.4}, [0.8, 1.0], 1.0),
        ({0.4: 0.1, 0.6: 0.2, 0.8: 0.3, 1.0: 0.2}, [0.8, 1.0], 0.8),
        ({0.4: 0.3, 0.6: 0.2, 0.8: 0.1, 1.0: 0.0}, [0.8, 0.4], 0.4),
        ({0.4: 0.1, 0.6: 0.2, 0.8: 0.1, 1.0: 0.0}, [0.8, 0.4], 0.6),
    ],
)
def test_strengths_are_tried_upwards_while_it_is_worth_more_or_else_downwards(
    worth_of: dict[float, float], asked: list[float], best: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = racing.Race([race(*turned_world(documents=120), known=80)], seed=0).tried([GradientRecipe("linear")])
    looked: list[float] = []

    def at(recipe: GradientRecipe, *_: Any) -> Trial:
        looked.append(recipe.strength)
        return replace(a_trial(worth_of[recipe.strength], worth_of[recipe.strength]), recipe=recipe)

    monkeypatch.setattr(racing.Race, "trial", lambda _, recipe, *rest: at(recipe, *rest))
    monkeypatch.setattr(tried, "_best", replace(at(GradientRecipe("linear")), adapters=tried.best.adapters))
    looked.clear()

    found = tried.at_best_strength().recipe

    assert looked == asked
    assert isinstance(found, GradientRecipe)
    assert found.strength == best


def test_a_map_learned_from_known_documents_goes_part_of_the_way_where_unknown_ones_lose_by_the_whole() -> None:
    """Queries of unknown documents are turned by half of what those of known ones are."""
    queries, documents = turned_world(documents=300, noise=0.3)
    less = queries[200:] + documents[200:]
    queries = np.concatenate([queries[:200], less / np.linalg.norm(less, axis=1, keepdims=True)])

    choice = choose([race(queries, documents, known=200)], ("identity", "linear"), seed=0)

    recipe = choice.trials["linear"].recipe
    assert isinstance(recipe, GradientRecipe)
    assert recipe.strength in STRENGTHS
    assert recipe.strength < 1


def own_ways(*, own: float, documents: int = 400, known: int = 300, texts: int = 5) -> Fold:
    """The turned world, where each known document is asked for in a way of its own besides: no map learns that."""
    rng = np.random.default_rng(4)
    turned, base = turned_world(documents=documents)
    ways = own * unit(rng.normal(size=(known, 32)))
    rows = np.repeat(np.arange(known), texts)
    trains = unit(turned[rows] + ways[rows] + 0.4 * rng.normal(size=(len(rows), 32)) / 32**0.5)
    asks_again = unit(turned[:known] + ways + 0.4 * rng.normal(size=(known, 32)) / 32**0.5)
    queries = np.concatenate([asks_again, turned[known:]])
    doc_ids = [DocId(f"d{row:04}") for row in range(documents)]
    ids = [QueryId(f"v{row:04}") for row in range(documents)]
    return Fold(
        training=as_training_set(trains, base, answers=rows),
        query_ids=ids,
        queries=queries,
        qrels={ids[row]: {doc_ids[row]: 1} for row in range(documents)},
        groups={},
        doc_ids=doc_ids,
        documents=base,
        warm=frozenset(doc_ids[:known]),
    )


def test_known_documents_that_are_asked_for_in_their_own_way_are_moved_and_unknown_ones_pay_nothing() -> None:
    fold = own_ways(own=1.5)
    choice = choose([fold], ("identity", "ridge"), seed=0)
    trial = choice.trials["ridge"]
    stays = racing.Race([fold], 0).trial(trial.recipe, [replace(trial.adapters[0], moves=None)], trial.rounds)

    assert choice.chosen == "ridge"
    assert trial.move_share in MOVE_SHARES
    assert trial.is_clearly_better(stays)
    assert trial.gains["warm"] > stays.gains["warm"] + 0.1
    assert trial.gains["cold"] > stays.gains["cold"] - 0.02
    assert f"known documents go {trial.move_share} of the way to their queries" in choice.because
    assert choice.cpu_seconds["ridge"] > 0


def test_known_documents_stay_where_moving_them_is_not_clearly_worth_it() -> None:
    """All that there is to learn is one turn, which ridge has learned."""
    choice = choose([own_ways(own=0.0)], ("identity", "ridge"), seed=0)

    assert choice.chosen == "ridge"
    assert choice.trials["ridge"].move_share == 0
    assert choice.trials["ridge"].adapters[0].moves is None
    assert "known documents" not in choice.because


def test_only_the_chosen_rung_moves_known_documents() -> None:
    choice = choose([own_ways(own=1.5)], ("identity", "centring", "ridge", "linear"), seed=0)

    assert [rung for rung, trial in choice.trials.items() if trial.move_share] == [choice.chosen]


ASKED_FOR, CATALOGUE = 150, 1500


def asked_for_alike(answering: np.ndarray | None) -> Fold:
    """What anybody asks for has something in common that queries do not say: the first number of its vector."""
    rng = np.random.default_rng(6)
    documents = unit(rng.normal(size=(CATALOGUE, 32)) * np.r_[0, np.ones(31)])
    queries = unit(documents[:ASKED_FOR] + 2.5 * rng.normal(size=(ASKED_FOR, 32)) * np.r_[0, np.ones(31)] / 32**0.5)
    documents[:ASKED_FOR, 0] = 0.5
    return replace(race(queries, unit(documents), known=100), answering=answering)


def tells_them_apart() -> Adapter:
    """Queries look for what is asked for alike, and forget a third of what they say."""
    forgets = SideMap(
        is_residual=True,
        down=np.diag(np.r_[np.zeros(22), np.ones(10)]).astype(np.float32),
        up=-np.eye(32, dtype=np.float32),
        up_bias=np.eye(32, dtype=np.float32)[0],
    )
    return Adapter("linear", 32, query_map=forgets)


def mask(rows: int) -> np.ndarray:
    return np.arange(CATALOGUE) < rows


def test_of_what_is_gained_by_telling_what_is_asked_for_from_the_rest_half_of_the_loss_among_that_goes() -> None:
    trials = {
        rows: racing.Race([asked_for_alike(None if rows is None else mask(rows))], 0).trial(
            GradientRecipe("linear"), [tells_them_apart()], 1
        )
        for rows in (None, ASKED_FOR, 1400)
    }

    everything = trials[None]
    assert min(everything.gains.values()) > 0.1
    assert everything.worth[0] > 0.1
    assert trials[1400].gains_among_answers == {}, "nearly all documents answer something"
    assert trials[ASKED_FOR].gains == everything.gains
    assert max(trials[ASKED_FOR].gains_among_answers.values()) < -0.1
    lost = min(trials[ASKED_FOR].gains_among_answers.values())
    assert trials[ASKED_FOR].worth[0] == pytest.approx(everything.worth[0] + 0.5 * lost)


def test_a_gain_among_answers_counts_for_nothing() -> None:
    trial = a_trial(0.1, 0.1)

    assert replace(trial, gains_among_answers={"warm": 0.3, "cold": 0.2}).worth == trial.worth


def test_among_answers_a_query_may_return_what_it_may_return_anywhere() -> None:
    fold = replace(asked_for_alike(mask(ASKED_FOR)), allowed={QueryId("v0000"): np.arange(CATALOGUE) % 2 == 0})

    few = fold.among_answers()

    assert few is not None
    assert few.doc_ids == fold.doc_ids[:ASKED_FOR]
    assert (few.documents == fold.documents[:ASKED_FOR]).all()
    assert few.allowed[QueryId("v0000")].tolist() == [row % 2 == 0 for row in range(ASKED_FOR)]


def mean_ndcg(scores: Mapping[QueryId, QueryScores]) -> float:
    return sum(score.ndcg_at_10 for score in scores.values()) / len(scores)


def test_a_race_without_identity_is_refused() -> None:
    with pytest.raises(DataError, match="identity in the race"):
        choose([race(*turned_world(documents=20), known=10)], ("ridge",), seed=0)


def test_a_fold_without_validation_queries_is_refused() -> None:
    whole = race(*turned_world(documents=20), known=10)
    empty = replace(whole, query_ids=[], queries=whole.queries[:0], qrels={})

    with pytest.raises(DataError, match="choosing needs validation queries"):
        choose([whole, empty], ("identity", "ridge"), seed=0)


def test_a_cell_under_fifty_queries_takes_no_part_until_folds_together_have_enough() -> None:
    folds = [race(*turned_world(documents=140, seed=seed), known=100, name=f"v{seed}-") for seed in range(2)]

    alone = choose(folds[:1], ("identity", "ridge"), seed=0)
    together = choose(folds, ("identity", "ridge"), seed=0)

    assert set(alone.trials["ridge"].gains) == {"warm"}
    assert set(together.trials["ridge"].gains) == {"warm", "cold"}


def some_pairs(groups: int = 40, texts: int = 5) -> list[Pair]:
    """Each group has its texts and three documents; text t of a group is answered by documents t % 3 and 0."""
    return [
        Pair(f"text {group}-{text}", DocId(f"d{group}-{number}"), "judgement", negatives=(DocId(f"d{group - 1}-0"),))
        for group in range(groups)
        for text in range(texts)
        for number in sorted({0, text % 3})
    ]


def groups_of(pairs: list[Pair]) -> dict[str, GroupId]:
    return {pair.query_text: GroupId(pair.query_text.split("-")[0]) for pair in pairs}


def judged(pairs: list[Pair], grade: int = 1) -> dict[str, dict[DocId, int]]:
    found: dict[str, dict[DocId, int]] = {}
    for pair in pairs:
        found.setdefault(pair.query_text, {})[pair.positive] = grade
    return found


def held(seed: int = 0) -> HeldOut:
    return hold_out(some_pairs(), judged(some_pairs()), groups_of(some_pairs()), seed=seed)


@given(st.integers(0, 200))
def test_held_out_queries_and_documents_train_nowhere(seed: int) -> None:
    result = held(seed)
    training_texts = {pair.query_text for pair in result.training}

    assert not training_texts & set(result.qrels)
    cold = {doc for grades in result.qrels.values() for doc in grades} - result.warm
    assert cold
    assert not any(cold & set(pair.negatives) for pair in result.training)


def test_a_share_of_the_documents_is_unknown_and_most_still_train() -> None:
    result = held()
    documents = {pair.positive for pair in some_pairs()}

    assert 0.15 < 1 - len(result.warm) / len(documents) < 0.5
    assert len(result.training) > 0.45 * len(some_pairs())


def test_validation_is_scored_on_judgements_not_on_pairs() -> None:
    better = {text: {**grades, DocId("judged-only"): 2} for text, grades in judged(some_pairs()).items()}

    result = hold_out(some_pairs(), better, groups_of(some_pairs()), seed=0)

    assert all(grades[DocId("judged-only")] == 2 for grades in result.qrels.values())


def test_a_judged_query_that_no_pair_comes_near_validates_every_time() -> None:
    apart = {**judged(some_pairs()), "nobody typed this": {DocId("d1-0"): 1}}

    results = [hold_out(some_pairs(), apart, groups_of(some_pairs()), seed=seed) for seed in range(5)]

    assert all("nobody typed this" in result.qrels for result in results)


@given(st.integers(0, 200))
def test_some_of_what_training_knows_is_asked_again_in_words_that_do_not_train(seed: int) -> None:
    """Without it the known cell of a set with few texts a document is empty, and chance decides."""
    groups = groups_of(some_pairs())
    result = held(seed)
    training_groups = {groups[pair.query_text] for pair in result.training}
    trainable = [text for text, group in groups.items() if group in training_groups]

    asked_again = [text for text in result.qrels if groups[text] in training_groups]

    assert 0.05 < len(asked_again) / len(trainable) < 0.15


def test_what_is_asked_again_keeps_another_text_that_trains_for_each_of_its_documents() -> None:
    """Each document is answered by two texts of its group: one at most goes, and nothing becomes unknown by it."""
    pairs = [Pair(f"text {group}-{text}", DocId(f"d{group}"), "judgement") for group in range(40) for text in range(2)]
    alone = [Pair(f"text {group}", DocId(f"d{group}"), "judgement") for group in range(40, 60)]
    result = hold_out([*pairs, *alone], judged([*pairs, *alone]), groups_of([*pairs, *alone]), seed=0)

    warm = [text for text, grades in result.qrels.items() if set(grades) <= result.warm]

    assert warm
    assert all(text.count("-") == 1 for text in warm)


def test_what_is_asked_again_trains_in_no_other_spelling() -> None:
    """Asked again in capitals it would only be remembered."""
    spelled = (str.lower, str.upper, str.title)
    pairs = [
        Pair(spelling(f"need {group} said {words}"), DocId(f"d{group}"), "click")
        for group in range(40)
        for words in ("so", "else")
        for spelling in spelled
    ]
    groups = {pair.query_text: GroupId(pair.positive) for pair in pairs}

    result = hold_out(pairs, judged(pairs), groups, seed=0)

    asked_again = {text.lower() for text, grades in result.qrels.items() if set(grades) <= result.warm}
    assert asked_again
    assert not asked_again & {pair.query_text.lower() for pair in result.training}


def test_a_judged_query_that_training_only_comes_near_may_be_asked_without_giving_up_a_pair() -> None:
    pairs = [Pair(f"text {number}", DocId(f"d{number}"), "judgement") for number in range(40)]
    near = {f"text {number}, please": {DocId(f"d{number}"): 1} for number in range(40)}
    groups = {text: GroupId(text.split(",")[0]) for text in [*near, *(pair.query_text for pair in pairs)]}

    result = hold_out(pairs, near, groups, seed=0)

    known = [text for text in result.qrels if set(near[QueryId(text)]) <= result.warm]
    assert known
    assert len(result.training) + len(result.qrels) - len(known) == 40


def test_the_same_seed_holds_out_the_same_whatever_the_order() -> None:
    pairs = some_pairs()

    forward, backward = (hold_out(order, judged(order), groups_of(pairs), seed=1) for order in (pairs, pairs[::-1]))

    assert forward.qrels == backward.qrels
    assert set(map(_key, forward.training)) == set(map(_key, backward.training))


def _key(pair: Pair) -> tuple[str, str]:
    return pair.query_text, pair.positive


def test_pairs_keep_their_other_fields() -> None:
    pair = replace(some_pairs()[0], weight=2.5, evidence=("e1",))
    pairs = [pair, *some_pairs()[1:]]
    result = hold_out(pairs, judged(pairs), groups_of(pairs), seed=2)

    kept = [found for found in result.training if found.evidence]
    assert all(found.weight == 2.5 for found in kept)


def test_one_group_of_everything_leaves_something_to_train_on() -> None:
    pairs = some_pairs()
    one = dict.fromkeys(groups_of(pairs), GroupId("everything"))

    result = hold_out(pairs, judged(pairs), one, seed=0)

    assert result.training


def test_one_query_that_everything_answers_leaves_documents_to_train_on() -> None:
    pairs = [Pair("all", DocId(f"d{number}"), "judgement") for number in range(40)]

    result = hold_out(pairs, judged(pairs), {}, seed=0)

    assert len(result.training) == 40
