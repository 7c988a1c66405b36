"""The messages that this system is for are answered fittingly on the sample.

The encoder is the frozen one: what fits comes from reading the message, so it holds whatever was trained. The trained
candidate, and the real titles, are asked by `python -m benchmarks.symptoms`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.symptoms import FIRST, SYMPTOMS, Symptom

from mangaassist.adapter import Adapter
from mangaassist.core.shop_settings import ShopSettings
from mangaassist.core.types import Intent
from mangaassist.data import Workspace, ingest
from mangaassist.encoders import CachedEncoder, load_encoder
from mangaassist.loop import Settings
from mangaassist.loop.texts import first_texts
from mangaassist.queries import CompositionWeights
from mangaassist.sample import write_shop_files
from mangaassist.serving import Result, RetrieveRequest
from mangaassist.serving.answering import Answering, Stages
from mangaassist.serving.in_memory import release_in_memory
from mangaassist.serving.served_release import Composition, ServedRelease

WEIGHTS = CompositionWeights(reference=4.0, lexical=0.05, reference_facets=1.0, wanted=0.2, rejected=0.8)
"""As `mangaassist demo` fits them."""


class Asked:
    """The frozen encoder behind composed queries, over a workspace's catalogue."""

    def __init__(self, workspace: Workspace, vectors: Path) -> None:
        self._encoder = CachedEncoder(load_encoder("local"), vectors)
        composition = Composition(WEIGHTS, None, first_texts(Settings()))
        adapter = Adapter("identity", self._encoder.dimension)
        self._served: ServedRelease = release_in_memory(workspace, "frozen", adapter, composition, self._encoder)
        self._how = Answering(None, 0.5, ShopSettings())

    def __call__(self, symptom: Symptom) -> tuple[Result, ...]:
        intent: Intent = "recommendation" if symptom.article is None else "faq"
        request = RetrieveRequest(symptom.message, intent, k=FIRST)
        base = self._encoder.wrapped.encode([symptom.message])[0]
        return self._how.answer(self._served, request, base, Stages(), query_id="q").results


def shop_of_the_sample(root: Path) -> Workspace:
    workspace = Workspace.create(root)
    write_shop_files(root / "sample")
    ingest(workspace, "articles", root / "sample" / "articles.jsonl")
    ingest(workspace, "titles", root / "sample" / "catalogue.jsonl")
    return workspace


@pytest.fixture(scope="module", autouse=True)
def key_of_these_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test touches the user's, and the one for every test comes too late for what a module shares."""
    key = tmp_path_factory.mktemp("keys") / "privacy.key"
    key.touch(mode=0o600)
    key.write_text("a key of these tests")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(key))
        yield


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    root = tmp_path_factory.mktemp("sample") / "shop"
    return Asked(shop_of_the_sample(root), root / "vectors")


@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda symptom: symptom.message)
def test_the_samples_first_three_answers_fit(sample: Asked, symptom: Symptom) -> None:
    assert list(symptom.misfits(sample(symptom))) == []


def test_an_answer_that_does_not_fit_is_told_with_the_reason(sample: Asked) -> None:
    berserk, cozy, *_ = SYMPTOMS

    assert any("has none of slice_of_life" in each for each in cozy.misfits(sample(berserk)))
    assert list(berserk.misfits(())) == ["only 0 results"]
