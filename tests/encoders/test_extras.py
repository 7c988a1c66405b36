"""A missing extra is told apart from an installed one that is broken."""

from pathlib import Path

import pytest

from mangaassist.core.errors import MissingExtra
from mangaassist.encoders.extras import import_extra


def test_an_installed_module_is_given_back() -> None:
    assert import_extra("json.decoder", extra="any").__name__ == "json.decoder"


def test_a_missing_one_names_the_extra() -> None:
    with pytest.raises(MissingExtra, match=r"needs not_there; .* pip install .*-e '\.\[some\]'"):
        import_extra("not_there.inside", extra="some")


def test_one_that_misses_something_itself_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_extra.py").write_text("import not_there_either\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="not_there_either"):
        import_extra("broken_extra", extra="some")
