"""A workspace with a few documents, whose logs the tests write themselves."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "serving"))

from log_world import ShopLog, small_workspace
from small_engine import DIMENSION, ENCODER, hashed_words

from mangaassist.data import Workspace


class HashedWords:
    """The small engine's encoder; `broken` makes it another one under the same name."""

    encoder_id = ENCODER
    dimension = DIMENSION

    def __init__(self) -> None:
        self.broken = False

    def encode(self, texts: list[str]):
        vectors = hashed_words(texts)
        return vectors[:, ::-1].copy() if self.broken else vectors


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> HashedWords:
    made = HashedWords()
    monkeypatch.setattr("mangaassist.loop.catalogue.load_encoder", lambda *_, **__: made)
    return made


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: HashedWords) -> Workspace:
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(tmp_path / "privacy.key"))
    return small_workspace(tmp_path / "shop")


@pytest.fixture
def log(workspace: Workspace) -> Callable[..., ShopLog]:
    def make(**habits: object) -> ShopLog:
        return ShopLog(workspace, **habits)

    return make
