"""Any sequence of changes, reopenings, compactions and torn writes leaves what a dict would hold."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from vector_worlds import Model, assert_same, documents, info, of, only, rows_of, sorted_by_hand, unit

from mangaassist.core.types import DocId
from mangaassist.retrieval import EmbeddedStore, build_index, compact, open_index

IDS = st.sets(st.integers(0, 11).map(lambda number: DocId(f"d{number:05d}")), max_size=4)
QUERY = unit(np.random.default_rng(1).normal(size=(1, 16)))


class IndexMachine(RuleBasedStateMachine):
    """One writer, one reader that only refreshes, and the dict that both must agree with."""

    @initialize(count=st.integers(0, 8))
    def begin(self, count: int) -> None:
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name) / "index"
        self.model: Model = rows_of(documents(count))
        build_index(self.folder, of(self.model), info())
        self.writer, self.reader = self.opened(), self.opened()
        self.is_torn = False

    def opened(self) -> EmbeddedStore:
        return open_index(self.folder, encoder_id="encoder-1", release="embed-adapter-v03")

    @rule(ids=IDS, seed=st.integers(0, 50))
    def upsert(self, ids: set[DocId], seed: int) -> None:
        changed = dict(zip(sorted(ids), rows_of(documents(len(ids), seed=seed)).values(), strict=True))
        self.writer.upsert(of(changed))
        self.is_torn = self.is_torn and not ids
        self.model.update(changed)

    @rule(ids=IDS)
    def delete(self, ids: set[DocId]) -> None:
        self.writer.delete(sorted(ids))
        self.is_torn = self.is_torn and not ids
        for doc_id in ids:
            self.model.pop(doc_id, None)

    @rule()
    def reopen(self) -> None:
        self.writer = self.opened()

    @rule()
    def make_compact(self) -> None:
        compact(self.folder)
        self.is_torn = False

    @rule(count=st.integers(0, 8), seed=st.integers(0, 50))
    def build_anew(self, count: int, seed: int) -> None:
        self.model = rows_of(documents(count, seed=seed))
        build_index(self.folder, of(self.model), info())
        self.is_torn = False

    @precondition(lambda self: not self.is_torn)
    @rule(torn=st.binary(min_size=1, max_size=7) | st.just(bytes(100)))
    def crash_while_writing(self, torn: bytes) -> None:
        """An end too short for a frame, or of zeros."""
        name = (self.folder / "CURRENT").read_text().strip()
        with (self.folder / f"{name}.delta").open("ab") as file:
            file.write(torn)
        self.is_torn = True

    @invariant()
    def equals_the_dict(self) -> None:
        expected = of(self.model)
        for store in (self.reader, self.writer, self.opened()):
            store.refresh()
            assert list(store.doc_ids) == sorted(self.model)
            assert len(store) == len(self.model)
            assert (store.vectors(expected.doc_ids) == expected.vectors).all()
            assert_same(store.search(QUERY, 5)[0], sorted_by_hand(expected, QUERY[0], 5))
            where = {"age_rating": ["all", "teen"]}
            assert_same(store.search(QUERY, 5, where=where)[0], sorted_by_hand(only(expected, where), QUERY[0], 5))

    def teardown(self) -> None:
        if hasattr(self, "temporary"):
            self.temporary.cleanup()


TestIndexMachine = IndexMachine.TestCase
TestIndexMachine.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
