"""Runs to make in, their lines out: one process per core, every finished run kept, so that a kill costs nothing."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks.detectors.injecting import INJECTIONS, healthy
from mangaassist.core.types import Progress
from mangaassist.evaluation import DIAGNOSES, DiagnosisName, DiagnosisRules, diagnose

Task = tuple[DiagnosisName | None, float, int]
"""(failure, strength, seed); no failure is a healthy candidate with a whole report."""

Line = dict[str, Any]


def tasks(seeds: int, healthy_seeds: int) -> list[Task]:
    """Every failure at every strength with so many seeds, and so many healthy candidates; seeds are never shared."""
    found: list[Task] = [(None, 0.0, seed) for seed in range(healthy_seeds)]
    for number, (name, (_, strengths)) in enumerate(INJECTIONS.items(), start=1):
        for place, strength in enumerate(strengths):
            start = 100_000 * number + 10_000 * place
            found += [(name, strength, start + seed) for seed in range(seeds)]
    return found


def run_all(wanted: Sequence[Task], kept: Path, *, processes: int, progress: Progress) -> list[Line]:
    """The lines of the wanted runs; those that `kept` holds already are not made again."""
    done = {_key(line): line for line in _read(kept)}
    missing = [task for task in wanted if _task_key(task) not in done]
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("a", encoding="utf-8") as file:
        for number, line in enumerate(_made(missing, processes), start=1):
            done[_key(line)] = line
            file.write(json.dumps(line) + "\n")
            file.flush()
            progress("injecting", len(wanted) - len(missing) + number, len(wanted))
    return [done[_task_key(task)] for task in wanted]


def _made(missing: Sequence[Task], processes: int) -> Iterator[Line]:
    """The lines as they are finished; one process needs no pool, and is killed at once."""
    if processes == 1:
        yield from map(run_one, missing)
        return
    with ProcessPoolExecutor(processes) as pool:
        for future in as_completed([pool.submit(run_one, task) for task in missing]):
            yield future.result()


def run_one(task: Task) -> Line:
    """One run, on one thread."""
    name, strength, seed = task
    rules = DiagnosisRules()
    with threadpool_limits(limits=1):
        if name is None:
            found = diagnose(healthy(seed), rules, seed=seed)
            return {**_told(task), "statuses": {each.name: each.status for each in found}}
        inject, _ = INJECTIONS[name]
        injected = inject(seed, strength)
        (diagnosis,) = diagnose(injected.material, rules, seed=seed, names=[name])
    return {
        **_told(task),
        "status": diagnosis.status,
        "value": diagnosis.value,
        "harm": injected.harm,
        "lost": injected.lost,
        "regained": injected.regained,
    }


def _told(task: Task) -> Line:
    return {"failure": task[0], "strength": task[1], "seed": task[2]}


def _read(kept: Path) -> Iterator[Line]:
    """The lines that are there; one that a kill cut short is left out."""
    for text in kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else ():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        if line.get("failure") in {None, *DIAGNOSES}:
            yield line


def _key(line: Line) -> str:
    return f"{line['failure']} {line['strength']} {line['seed']}"


def _task_key(task: Task) -> str:
    return _key(_told(task))
