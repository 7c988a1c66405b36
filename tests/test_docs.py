"""README and docs stay true: their code runs, their links lead somewhere, every command is named."""

import io
import re
import tomllib
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

import pytest
import typer

from mangaassist.adapter import FIRST_RUN, LADDER
from mangaassist.cli import app
from mangaassist.promotion import GateSettings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def python_blocks(page: Path) -> list[tuple[str, str | None]]:
    """(code, expected output or None) of every Python block; the output is a plain block right after it."""
    pattern = r"```python\n(.*?)```(?:\n+```\n(.*?)```)?"
    return [(code, output or None) for code, output in re.findall(pattern, page.read_text(encoding="utf-8"), re.DOTALL)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_the_docs_runs_and_prints_what_it_says(page: Path) -> None:
    for code, expected in python_blocks(page):
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(code, str(page), "exec"), {})

        assert expected is None or printed.getvalue() == expected


def test_the_readme_has_a_runnable_example() -> None:
    assert python_blocks(ROOT / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_is_in_the_readme() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [name for name in commands if f"mangaassist {name}" not in readme and f"make {name}" not in readme] == []


def test_every_package_is_in_the_readmes_map() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in (ROOT / "src" / "mangaassist").glob("*/__init__.py")]

    assert [name for name in packages if f"`{name}`" not in readme] == []


def test_the_page_on_the_gate_tells_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)

    assert tomllib.loads(section) == {"gate": asdict(GateSettings())}


def test_the_page_on_the_adapter_has_a_row_for_every_rung_and_the_first_run_as_it_is() -> None:
    page = (ROOT / "docs" / "adapter.md").read_text(encoding="utf-8")
    ladder, first_run = page.split("## What is tried")[0], page.split("## The first run")[1]
    temperature, batch, epochs = FIRST_RUN.temperature, FIRST_RUN.batch, FIRST_RUN.rounds

    assert re.findall(r"^\| `(\w+)` \|", ladder, re.MULTILINE) == list(LADDER)
    assert f"temperature {temperature} |\n| batch | {batch} |" in first_run
    assert f"{FIRST_RUN.hard_negatives} hard ones a query" in first_run
    assert f"at most {FIRST_RUN.examples_per_round:,} an epoch |\n| epochs | {epochs}," in first_run


def test_the_makefile_has_the_promised_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    for target in ("demo", "test", "quick", "check", "bench", "bench-peers"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_package_metadata_keeps_torch_out_of_the_base_install() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    base = pyproject.split("dependencies = [", 1)[1].split("]", 1)[0]

    assert "torch" not in base
    assert 'train = ["torch' in pyproject
