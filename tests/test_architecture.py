"""Imports go one way, façades say what they hold, and modules stay small."""

import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "mangaassist"
PACKAGES = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file())

ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "data": {"core"},
    "encoders": {"core"},
    "evaluation": {"core"},
    "queries": {"core", "data"},
    "shelves": {"core", "data", "queries"},
    "retrieval": {"core", "queries"},
    "pairs": {"core", "data"},
    "promotion": {"core", "evaluation"},
    "sample": {"core", "data"},
    "adapter": {"core", "encoders", "evaluation", "pairs", "queries", "retrieval"},
    "intents": {"core", "pairs"},
    "feedback": {"core", "data", "queries", "pairs"},
    "loop": {
        "core",
        "data",
        "encoders",
        "queries",
        "shelves",
        "pairs",
        "intents",
        "feedback",
        "adapter",
        "retrieval",
        "evaluation",
        "promotion",
    },
    "serving": {
        "core",
        "data",
        "encoders",
        "queries",
        "shelves",
        "intents",
        "retrieval",
        "adapter",
        "evaluation",
        "promotion",
        "loop",
    },
    "experiments": {"core", "data", "loop", "promotion", "serving"},
    "monitoring": {"core", "data", "encoders", "queries", "adapter", "promotion", "loop"},
    "console": {
        "core",
        "experiments",
        "data",
        "evaluation",
        "feedback",
        "loop",
        "pairs",
        "promotion",
        "serving",
    },
    "erasure": {"core", "data", "encoders", "feedback", "promotion", "loop", "serving"},
    "commands": set(PACKAGES) | {"mangaassist"},
}
"""Package → packages it may import; the command line alone sees everything."""

LONG_FOR_A_REASON: set[str] = set()
"""Modules over 400 lines that say at their top why."""


def modules() -> Iterator[Path]:
    yield from sorted(SOURCE.rglob("*.py"))


def imported_packages(module: Path) -> set[str]:
    """Our packages that a module imports; the root package counts as `mangaassist`."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "mangaassist":
                found.add(parts[1] if len(parts) > 1 else "mangaassist")
    return found


def test_every_package_has_its_place_in_the_order() -> None:
    assert set(ALLOWED) == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    allowed = ALLOWED[package] | {package}
    for module in sorted((SOURCE / package).rglob("*.py")):
        extra = imported_packages(module) - allowed
        assert not extra, f"{module.relative_to(SOURCE)} imports {sorted(extra)}; {package} may use {sorted(allowed)}"


def test_the_order_has_no_cycle() -> None:
    left = {package: ALLOWED[package] - {package, "mangaassist"} for package in PACKAGES}
    while left:
        free = {package for package, needs in left.items() if not needs & set(left)}
        assert free, f"these packages import each other: {sorted(left)}"
        left = {package: needs for package, needs in left.items() if package not in free}


def test_no_adapter_can_change_routing() -> None:
    """What routes reads base vectors: neither these modules nor what they import of ours know an adapter."""
    routing = [*(SOURCE / "intents").rglob("*.py"), SOURCE / "serving" / "routing.py", SOURCE / "loop" / "intents.py"]
    reached = set().union(*(ALLOWED[package] for package in ALLOWED["intents"])) | ALLOWED["intents"]

    assert "adapter" not in set().union(*(imported_packages(module) for module in routing))
    assert "adapter" not in reached | set().union(*(ALLOWED[package] for package in reached))


def test_no_module_hides_an_import_inside_a_function() -> None:
    for module in modules():
        tree = ast.parse(module.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        hidden = [node for function in functions for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
        ours = [node for node in hidden if (node.module or "").startswith("mangaassist")]
        assert not ours, f"{module.relative_to(SOURCE)} imports one of ours inside a function, line {ours[0].lineno}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_facade_exports_what_it_says_sorted(package: str) -> None:
    facade = importlib.import_module(f"mangaassist.{package}")
    exported = getattr(facade, "__all__", [])

    assert facade.__doc__
    assert all(hasattr(facade, name) for name in exported)
    assert list(exported) == sorted(exported, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def test_every_module_says_first_what_it_makes_of_what() -> None:
    for module in modules():
        assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))), f"{module} has no docstring"


def test_no_module_is_longer_than_400_lines_without_a_reason() -> None:
    for module in modules():
        lines = len(module.read_text(encoding="utf-8").splitlines())
        name = str(module.relative_to(SOURCE))
        assert lines <= 400 or name in LONG_FOR_A_REASON, f"{name} has {lines} lines: two subjects?"


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "helpers", "common", "manager", "misc"}
    assert not [module for module in modules() if module.stem in vague]


def test_the_base_install_needs_no_torch() -> None:
    """Only these modules may import torch; everything that serves works without it."""
    torch_users = {"adapter/losses.py", "adapter/torch_side.py", "adapter/training.py"}
    for module in modules():
        tree = ast.parse(module.read_text(encoding="utf-8"))
        names = {
            alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        names |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert "torch" not in names or str(module.relative_to(SOURCE)) in torch_users


def test_no_command_loads_torch_before_it_trains() -> None:
    """Loading it takes as long as everything else together."""
    loads = "import sys, mangaassist.cli; print('torch' in sys.modules)"

    printed = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True).stdout

    assert printed == "False\n"


@pytest.mark.parametrize(("own", "policy"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_wait_without_spinning_unless_the_environment_says_otherwise(own: str | None, policy: str) -> None:
    says = "import mangaassist, os; print(os.environ['OMP_WAIT_POLICY'])"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {"OMP_WAIT_POLICY": own} if own else {}

    printed = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True, env=environment)

    assert printed.stdout == f"{policy}\n"


def test_public_core_types_are_documented() -> None:
    errors = importlib.import_module("mangaassist.core.errors")
    for name, value in vars(errors).items():
        if isinstance(value, type):
            assert value.__doc__, f"{name} has no docstring"
            assert name in (errors.__doc__ or "") or name == "RetrievalError"
