import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mangaassist.data import Workspace

Rows = Sequence[Mapping[str, Any]]
WriteJsonl = Callable[[str, Rows], Path]


@pytest.fixture(autouse=True)
def privacy_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key of this test's own: no test touches the user's."""
    path = tmp_path / "keys" / "privacy.key"
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(path))
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop")


@pytest.fixture
def write_jsonl(tmp_path: Path) -> WriteJsonl:
    def write(name: str, rows: Rows) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path

    return write
