import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from served_shop import ServedShop

from mangaassist.data import Workspace


@pytest.fixture(autouse=True)
def privacy_key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key of this test's own: no test touches the user's."""
    path = tmp_path / "secrets" / "privacy.key"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text("the same key for every served shop")
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(path))
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop")


@pytest.fixture
def serve(workspace: Workspace) -> Iterator[Callable[..., ServedShop]]:
    """Starts servers on the workspace, each on a loopback port of its own; all are drained at the end."""
    started: list[ServedShop] = []

    def start(**choices: object) -> ServedShop:
        started.append(ServedShop.start(workspace, io.StringIO(), **choices))
        return started[-1]

    yield start
    for shop in started:
        shop.stop()
