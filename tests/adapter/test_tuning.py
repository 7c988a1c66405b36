"""Pairs, documents and an encoder in: what was chosen on folds is what is fitted on everything."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from small_world import turned_world, unit

from mangaassist.adapter.material import Material, TuningData
from mangaassist.adapter.tuning import TunedLadder, tune_ladder
from mangaassist.adapter.validation import hold_out
from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, Document, GroupId, Pair, Vectors, no_progress

DOCUMENTS, KNOWN, TEXTS = 400, 320, 6


@dataclass(frozen=True)
class Given:
    """An encoder whose texts have the vectors that it was given."""

    vectors: dict[str, Vectors]
    encoder_id: str = "given@1"
    dimension: int = 32

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.vectors[text] for text in texts], dtype=np.float32).reshape(-1, self.dimension)


def asked_in_their_own_way() -> tuple[TuningData, Given]:
    """Known documents, each asked for in a way of its own, and unknown ones, which are not."""
    rng = np.random.default_rng(4)
    turned, base = turned_world(documents=DOCUMENTS)
    ways = np.zeros_like(base)
    ways[:KNOWN] = 1.5 * unit(rng.normal(size=(KNOWN, 32)))
    vectors = {f"document {row}": base[row] for row in range(DOCUMENTS)}
    pairs, judged, groups = [], {}, {}
    for row in range(DOCUMENTS):
        for number in range(TEXTS if row < KNOWN else 1):
            text = f"query {row}-{number}"
            vectors[text] = unit(turned[row] + ways[row] + 0.4 * rng.normal(size=32) / 32**0.5)
            judged[text], groups[text] = {DocId(f"d{row:03}"): 1}, GroupId(f"g{row:03}")
            if row < KNOWN:
                pairs.append(Pair(text, DocId(f"d{row:03}"), "judgement"))
    documents = [Document(DocId(f"d{row:03}"), f"document {row}") for row in range(DOCUMENTS)]
    return TuningData(pairs, documents, judged, groups), Given(vectors)


@pytest.fixture(scope="module")
def tuned() -> TunedLadder:
    data, encoder = asked_in_their_own_way()
    return tune_ladder(data, encoder, seed=0, rungs=("identity", "centring", "ridge"))


def test_the_move_that_was_chosen_on_folds_is_fitted_again_on_everything(tuned: TunedLadder) -> None:
    trial, moves = tuned.choice.trials[tuned.choice.chosen], tuned.chosen.moves

    assert trial.move_share > 0
    assert moves is not None
    assert moves.share == trial.move_share
    assert len(moves) == KNOWN
    assert all(len(each.moves or ()) < KNOWN for each in trial.adapters)


def test_rungs_that_were_not_chosen_move_nothing_one_by_one(tuned: TunedLadder) -> None:
    others = [adapter for rung, adapter in tuned.adapters.items() if rung != tuned.choice.chosen]

    assert len(others) == 2
    assert all(adapter.moves is None for adapter in others)


def test_only_what_is_asked_for_is_refitted_besides_the_chosen_rung(tuned: TunedLadder) -> None:
    data, encoder = asked_in_their_own_way()

    alone = tune_ladder(data, encoder, seed=0, rungs=("identity", "centring", "ridge"), also_refit=())

    assert set(tuned.adapters) == {"identity", "centring", "ridge"}
    assert set(alone.adapters) == set(alone.refit_cpu_seconds) == {tuned.choice.chosen}
    assert set(alone.choice.trials) == {"identity", "centring", "ridge"}


def test_unknown_documents_are_where_the_map_puts_them(tuned: TunedLadder) -> None:
    data, encoder = asked_in_their_own_way()
    base = encoder.encode([document.text for document in data.documents])
    adapted, mapped = tuned.chosen.adapt_documents(base), tuned.chosen.document_map(base)

    assert (adapted[KNOWN:] == mapped[KNOWN:]).all()
    assert (np.abs(adapted[:KNOWN] - mapped[:KNOWN]).max(1) > 0.01).all()


def test_tuning_again_gives_the_same_bytes(tuned: TunedLadder) -> None:
    data, encoder = asked_in_their_own_way()
    again = tune_ladder(data, encoder, seed=0, rungs=("identity", "centring", "ridge"))

    assert again.choice.because == tuned.choice.because
    first, second = (
        {name: tensor.tobytes() for name, tensor in each.chosen.tensors().items()} for each in (tuned, again)
    )
    assert first == second


def test_held_out_documents_are_no_hard_negatives_where_only_what_was_shown_is_one() -> None:
    """A new title was not shown to anybody, so in the folds neither were those that stand for it."""
    data, encoder = asked_in_their_own_way()
    shown = frozenset(document.doc_id for document in data.documents)
    held = hold_out(data.pairs, data.judged, data.groups, seed=0)
    held_rows = [row for row, document in enumerate(data.documents) if document.doc_id in held.unknown]

    of_log, of_all = (
        Material.of(replace(data, exposed=exposed), encoder, halves=False, progress=no_progress).fold(seed=0).training
        for exposed in (shown, None)
    )

    assert held_rows
    assert not np.isin(of_log.hard_negatives, held_rows).any()
    assert np.isin(of_all.hard_negatives, held_rows).any()


def test_too_few_pairs_to_hold_any_out_are_said_to_be_too_few() -> None:
    data, encoder = asked_in_their_own_way()
    two = [Pair("query 0-0", DocId("d000"), "click"), Pair("query 1-0", DocId("d001"), "click")]
    few = replace(data, pairs=two, judged={pair.query_text: {pair.positive: 1} for pair in two})

    with pytest.raises(DataError, match="nothing to train on; give more pairs"):
        tune_ladder(few, encoder, seed=0)


def test_a_fold_knows_which_documents_answer_anything() -> None:
    data, encoder = asked_in_their_own_way()
    judged = {text: answers for text, answers in data.judged.items() if text < "query 350"}
    judged["query 399-0"] = {DocId("d399"): 1, DocId("d398"): 0}
    pairs = [pair for pair in data.pairs if pair.positive < "d100"]
    answers = {doc_id for grades in judged.values() for doc_id, grade in grades.items() if grade} | {
        pair.positive for pair in pairs
    }

    fold = Material.of(replace(data, pairs=pairs, judged=judged), encoder, halves=False, progress=no_progress).fold(
        seed=0
    )

    assert fold.answering is not None
    assert {doc_id for doc_id, kept in zip(fold.doc_ids, fold.answering, strict=True) if kept} == answers
    assert DocId("d399") in answers
    assert DocId("d398") not in answers
