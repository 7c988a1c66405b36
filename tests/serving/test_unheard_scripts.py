"""Messages in a script that no training query was written in are answered as by the frozen encoder."""

from dataclasses import replace

import numpy as np
import pytest
from small_engine import DIMENSION, hashed_words
from small_release import served

from mangaassist.adapter import Adapter
from mangaassist.adapter.ladder import SideMap
from mangaassist.core.shop_settings import ShopSettings
from mangaassist.serving import Answer, RetrieveRequest
from mangaassist.serving.answering import Answering, Stages
from mangaassist.serving.ranking import RanksAll
from mangaassist.serving.served_release import ServedRelease


def release_of(scripts: frozenset[str] | None) -> ServedRelease:
    """A release whose map mixes all vectors up."""
    mixing = np.random.default_rng(0).normal(size=(DIMENSION, DIMENSION)).astype(np.float32)
    plain, side = served(), SideMap(is_residual=False, matrix=mixing)
    adapter = Adapter("linear", DIMENSION, side, SideMap(is_residual=False, matrix=mixing[::-1]), scripts=scripts)
    assert isinstance(plain.ranks, RanksAll)
    return replace(plain, adapter=adapter, ranks=RanksAll(plain.ranks.doc_ids, adapter.adapt_documents(plain.base)))


def answered(release: ServedRelease, query: str) -> Answer:
    how = Answering(None, 0.5, ShopSettings())
    return how.answer(release, RetrieveRequest(query), hashed_words([query])[0], Stages(), query_id="q")


@pytest.mark.parametrize("query", ["心温まる話", "ベルセルクみたいな cozy 漫画"])
def test_an_unheard_script_meets_the_base_vectors(query: str) -> None:
    found, frozen = answered(release_of(frozenset({"latin"})), query), answered(served(), query)

    assert [(each.id, each.score, each.why) for each in found.results] == [
        (each.id, each.score, each.why) for each in frozen.results
    ]
    assert answered(release_of(None), query).results != frozen.results


def test_a_script_that_trained_meets_the_adapter() -> None:
    query = "something cozy"

    assert answered(release_of(frozenset({"latin"})), query) != answered(served(), query)
    assert answered(release_of(frozenset({"latin"})), query).results == answered(release_of(None), query).results
