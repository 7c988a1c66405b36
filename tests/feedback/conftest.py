"""A workspace of its own for every test, under a key that no user has."""

from pathlib import Path

import pytest

from mangaassist.data import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    key = tmp_path / "the.key"
    key.touch(mode=0o600)
    key.write_text("the key of these tests, and of nobody else")
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(key))
    return Workspace.create(tmp_path / "shop")
