"""A command in a process of its own that may be killed with SIGKILL, by itself at a set place or from outside."""

import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from loop_world import make_small
from threadpoolctl import threadpool_limits

from mangaassist.cli import app

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["loop_child", "torch._dynamo"])
"""The imports, which take seconds, are made once, in a process that only forks."""

Place = tuple[str, int]
"""A function by its dotted path, and the number of the call in which the process kills itself."""


def start(command: Sequence[str], log: Path, place: Place | None = None) -> ForkServerProcess:
    """The running command, with this process's environment; what it prints goes into `log`."""
    process = _PROCESSES.Process(target=_run, args=(list(command), log, place, dict(os.environ)), daemon=True)
    process.start()
    return process


def killed_at(place: Place, command: Sequence[str], log: Path) -> None:
    """Runs the command until it kills itself at this place."""
    process = start(command, log, place)
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"{place} was never reached:\n{log.read_text()}"


def _run(command: list[str], log: Path, place: Place | None, environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    threadpool_limits(limits=1)
    patch = pytest.MonkeyPatch()
    make_small(patch.setattr)
    if place is not None:
        _set_trap(patch, *place)
    app(command)


def _set_trap(patch: pytest.MonkeyPatch, path: str, fatal_call: int) -> None:
    parent, calls = _found(path), 0
    name = path.rpartition(".")[2]
    real = getattr(parent, name)

    def fatal(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == fatal_call:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)

    patch.setattr(parent, name, fatal)


def _found(path: str) -> Any:
    """What holds the name at the end of a dotted path: a module or a class in one."""
    module, found = path.split("."), None
    for count in range(len(module) - 1, 0, -1):
        try:
            found = __import__(".".join(module[:count]), fromlist=["_"])
        except ModuleNotFoundError:
            continue
        for name in module[count:-1]:
            found = getattr(found, name)
        return found
    raise AssertionError(f"nothing is called {path}")
