"""Fixtures of the loop and of its commands: one small shop, taken through the loop once, copied for each test."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from loop_world import ingested_shop, make_small, same_service_latency
from threadpoolctl import threadpool_limits

from mangaassist.core.types import no_progress
from mangaassist.data import Workspace
from mangaassist.loop import evaluate_candidate, make_pairs, read_settings, train_candidate
from mangaassist.promotion import IDENTITY

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
EASY_GATE = {
    "MANGAASSIST_GATE__RECALL_AT_3_FLOOR": "0.3",
    "MANGAASSIST_GATE__NDCG_AT_10_FLOOR": "0.3",
    "MANGAASSIST_GATE__BAD_TOP1_CEILING": "0.9",
}
"""A gate that the small shop's candidate passes: its gains are real, its floors a toy's."""

_EVALUATED = pytest.StashKey[Path]()


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in another order are other floats; and workers that share two cores would only wait for each other."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def privacy_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One key for every small shop, so that equal shops have equal bytes; no test touches the user's."""
    path = tmp_path_factory.mktemp("keys") / "privacy.key"
    path.touch(mode=0o600)
    path.write_text("the same key for every small shop")
    return path


@pytest.fixture(autouse=True)
def small_loop(privacy_key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small shop's world instead of the real encoder, sample and training; nothing of the user's is read."""
    settle_in(monkeypatch, privacy_key_file, tmp_path / "cache")


def settle_in(patch: pytest.MonkeyPatch, privacy_key_file: Path, cache: Path) -> None:
    make_small(patch.setattr)
    for name in [name for name in os.environ if name.startswith("MANGAASSIST_")]:
        patch.delenv(name)
    patch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(privacy_key_file))
    patch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.fixture(scope="session")
def evaluated_shop(
    privacy_key_file: Path, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Path:
    """The small shop after ingest, pairs, train (seed 0) and evaluate; read only."""
    if _EVALUATED not in pytestconfig.stash:
        root = tmp_path_factory.mktemp("evaluated") / "shop"
        with pytest.MonkeyPatch.context() as patch:
            settle_in(patch, privacy_key_file, tmp_path_factory.mktemp("cache"))
            workspace = ingested_shop(root)
            settings = read_settings(root)
            make_pairs(workspace, settings)
            train_candidate(workspace, settings, seed=0, progress=no_progress)
            evaluate_candidate(
                workspace,
                settings,
                live=IDENTITY,
                seed=0,
                now=NOON,
                progress=no_progress,
                time_service=same_service_latency,
            )
        pytestconfig.stash[_EVALUATED] = root
    return pytestconfig.stash[_EVALUATED]


@pytest.fixture
def shop(evaluated_shop: Path, tmp_path: Path) -> Workspace:
    """This test's own copy of the evaluated shop."""
    shutil.copytree(evaluated_shop, tmp_path / "shop")
    return Workspace.open(tmp_path / "shop")


@pytest.fixture
def easy_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in EASY_GATE.items():
        monkeypatch.setenv(name, value)
