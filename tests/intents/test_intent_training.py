from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from message_world import DIMENSION, SHOP, messages, trained_on, unit
from threadpoolctl import threadpool_limits

from mangaassist.core.errors import DataError
from mangaassist.core.types import INTENTS, GroupId, Vectors
from mangaassist.intents import IntentExample, fold_numbers, intents_files, other_messages, train_intents
from mangaassist.intents.training import L2_STRENGTHS, ROUTED_ACCURACY


def test_well_separated_intents_are_learnt_and_routed() -> None:
    trained = trained_on(*messages(SHOP, noise=0.1))

    assert trained.cross_validation.accuracy == 1.0
    fresh, vectors = messages(SHOP, noise=0.1, seed=1)
    assert [intent for intent, _ in trained.classifier.classify(vectors)] == [example.intent for example in fresh]
    assert trained.classifier.route_threshold == 0.5


def test_what_cannot_be_told_apart_is_given_little_confidence() -> None:
    """Vectors say nothing of the intent: calibrated confidence is near chance, and the threshold saves the routing."""
    examples, vectors = messages(SHOP, noise=50.0)

    trained = trained_on(examples, vectors)

    confidences = [confidence for _, confidence in trained.classifier.classify(vectors)]
    assert np.median(confidences) < 0.6
    assert trained.cross_validation.accuracy < 0.5
    assert trained.cross_validation.routed is not None
    assert trained.cross_validation.routed.accuracy >= ROUTED_ACCURACY
    assert trained.cross_validation.routed.searched_both > 0.5


def test_equal_inputs_give_equal_bytes_whatever_the_threads() -> None:
    examples, vectors = messages(SHOP)

    with threadpool_limits(limits=2):
        first = intents_files(trained_on(examples, vectors), {})
    with threadpool_limits(limits=1):
        second = intents_files(trained_on(list(examples), vectors.copy()), {})

    assert first == second
    assert intents_files(trained_on(examples, vectors, seed=1), {}) != first


def test_an_intent_without_examples_is_never_given_and_is_named() -> None:
    examples, vectors = messages({"recommendation": 20, "faq": 20})

    trained = trained_on(examples, vectors)

    assert trained.classifier.untrained == ("product_discovery", "product_question")
    everything = unit(np.random.default_rng(0).normal(size=(500, DIMENSION)))
    given_intents = {intent for intent, _ in trained.classifier.classify(everything)}
    assert given_intents == {"recommendation", "faq", "other"}


def test_a_rare_intent_is_learnt_beside_a_frequent_one() -> None:
    examples, vectors = messages({"recommendation": 300, "faq": 8}, noise=0.2)

    assert trained_on(examples, vectors).cross_validation.recall["faq"] == 1.0


def test_a_shop_without_any_intent_is_told_where_to_write_them() -> None:
    with pytest.raises(DataError, match="no message of the shop has an intent to learn from; judge queries"):
        trained_on(*messages({}))


def test_too_few_groups_for_the_folds_are_an_error() -> None:
    examples, vectors = messages(SHOP)
    alike = [replace(example, group=GroupId("one")) for example in examples]

    with pytest.raises(DataError, match="in 1 groups"):
        trained_on(alike, vectors)


def random_clones(count: int, copies: int) -> tuple[list[IntentExample], Vectors]:
    """Every message `copies` times, its intent drawn by lot: only who has seen a copy knows it."""
    rng = np.random.default_rng(0)
    examples, vectors = [], []
    for number in range(count):
        vector, intent = rng.normal(size=64), INTENTS[rng.integers(0, 4)]
        for copy in range(copies):
            examples.append(
                IntentExample(f"{number} {copy}", intent, "judged", GroupId(str(number)), frozenset({"title"}))
            )
            vectors.append(vector + rng.normal(scale=0.01, size=64))
    return examples, unit(vectors)


def test_near_duplicates_never_validate_what_they_trained() -> None:
    examples, vectors = random_clones(60, 4)
    split_up = [replace(example, group=GroupId(example.text)) for example in examples]

    assert trained_on(examples, vectors).cross_validation.accuracy < 0.5
    assert trained_on(split_up, vectors).cross_validation.accuracy > 0.95


@given(st.lists(st.integers(0, 30), min_size=60, max_size=120), st.integers(0, 3))
def test_a_group_is_whole_in_one_fold_and_no_fold_is_empty(groups: Sequence[int], seed: int) -> None:
    numbers = [*groups, *range(10)]
    examples = [IntentExample("", "faq", "judged", GroupId(str(number)), frozenset()) for number in numbers]

    folds = fold_numbers(examples, seed=seed)

    assert set(folds.tolist()) == {0, 1, 2, 3, 4}
    of_group: dict[int, set[int]] = {}
    for number, fold in zip(numbers, folds.tolist(), strict=True):
        of_group.setdefault(number, set()).add(fold)
    assert all(len(found) == 1 for found in of_group.values())


def test_logged_messages_train_but_do_not_measure_where_people_judged() -> None:
    examples, vectors = messages(SHOP)
    logged = [replace(example, source="log") for example in examples if example.source == "judged"]
    both = [*examples, *(replace(each, text=f"log {each.text}", group=GroupId(f"log {each.group}")) for each in logged)]
    rows = np.concatenate([vectors, messages(SHOP, seed=1)[1][: len(logged)]])

    assert trained_on(both, rows).cross_validation.messages == len(examples)
    assert trained_on([*logged, *examples[-10:]], vectors).cross_validation.messages == len(examples)


def test_a_person_counts_more_than_the_router_of_the_log() -> None:
    """The same vectors, called faq by people and recommendation by twice as many logged texts."""
    examples, vectors = messages({"faq": 20, "recommendation": 20}, noise=0.1)
    faqs = [place for place, example in enumerate(examples) if example.intent == "faq"]
    wrong = [
        replace(examples[place], intent="recommendation", source="log", group=GroupId(f"log {place} {copy}"))
        for copy in range(2)
        for place in faqs
    ]

    trained = trained_on([*examples, *wrong], np.concatenate([vectors, vectors[faqs], vectors[faqs]]))

    assert {intent for intent, _ in trained.classifier.classify(vectors[faqs])} == {"faq"}


def test_the_strength_with_the_least_loss_is_taken() -> None:
    trained = trained_on(*messages(SHOP, noise=0.5))

    assert set(trained.log_losses) == set(L2_STRENGTHS)
    assert trained.log_losses[trained.l2] == min(trained.log_losses.values())


def test_progress_counts_every_fit() -> None:
    told: list[tuple[str, int, int]] = []
    examples, vectors = messages(SHOP)
    train_intents(
        examples, vectors, encoder_id="e", version="intents-v01", seed=0, progress=lambda *each: told.append(each)
    )

    assert [done for _, done, _ in told] == list(range(1, 36))
    assert {(what, total) for what, _, total in told} == {("fitting intents", 35)}


def test_the_built_in_messages_are_about_sixty_and_each_is_there_once() -> None:
    texts = other_messages()

    assert 55 <= len(texts) <= 70
    assert len(set(texts)) == len(texts)
    assert any("こ" in text or "日" in text for text in texts)
