"""The messages that this system is for, answered: `python -m benchmarks.symptoms [--workspace DIR] [--data DIR]`.

DIR is a workspace that `mangaassist demo` filled: its candidate answers over the sample's catalogue and, where the real
sets are there, over 11,882 real titles with the sample's help articles. What fits a message is written down beside it:
facets that each of the first three results must have, and some that none may have. Ends with status 1 if one does not.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import ROOT, rebuild
from mangaassist.commands.bench import cache_directory
from mangaassist.commands.output import shown_progress
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import Progress
from mangaassist.data import Workspace, ingest
from mangaassist.data.beir import load_titles
from mangaassist.loop import read_settings
from mangaassist.queries import facet_of
from mangaassist.serving import Comparison, Result, RetrieveRequest

PAGE = "docs/queries.md"
FIRST = 3
FACETS = ("genres", "tones", "themes")


@dataclass(frozen=True, slots=True)
class Symptom:
    """A message and what fits it. each: of every group, each of the first results has a facet.  none: facets of none.

    not_named: what no result's title begins with.  article: the help article that comes first.
    """

    message: str
    each: tuple[tuple[str, ...], ...] = ()
    none: tuple[str, ...] = ()
    not_named: str | None = None
    article: str | None = None

    def misfits(self, results: Sequence[Result]) -> Iterator[str]:
        """What does not fit, and why; nothing where all is well."""
        if len(results) < FIRST:
            yield f"only {len(results)} results"
        if self.article is not None and (not results or results[0].id != self.article):
            yield f"{self.article} does not come first"
        for result in results[:FIRST] if self.article is None else ():
            facets = {facet_of(name) for field in FACETS for name in result.facts.get(field) or ()}
            for group in self.each:
                if not facets & {facet_of(name) for name in group}:
                    yield f"{result.title} has none of {', '.join(group)}"
            for name in self.none:
                if facet_of(name) in facets:
                    yield f"{result.title} has {name}"
            if self.not_named is not None and result.title.startswith(self.not_named):
                yield f"{result.title} is {self.not_named} itself"


_KIND = ("found family", "cozy", "healing", "heartwarming", "gentle", "wholesome", "iyashikei", "childcare")
SYMPTOMS = (
    Symptom(
        "dark fantasy like Berserk but less brutal",
        each=(("fantasy", "dark fantasy"),),
        none=("brutal", "gore", "body horror"),
        not_named="Berserk",
    ),
    Symptom(
        "cozy slice of life manga with found family",
        each=(("slice_of_life",), _KIND),
        none=("horror", "gore", "brutal", "bleak"),
    ),
    Symptom("iyashikei manga for stress relief", each=(("iyashikei", "healing", "cozy"),), none=("horror", "bleak")),
    Symptom("why did preorder shipping split my order?", article="split-preorder-shipping"),
    Symptom(
        "slow burn rivals to lovers",
        each=(("romance", "romantic"), ("slow-burn", "rivals", "enemies to lovers", "love status quo")),
    ),
)


def main() -> None:
    """Ask, print, write the page, and fail where an answer does not fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--real", type=Path, default=Path(".bench/real-titles"), help="where the real titles are kept")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "symptoms.json")
    given = parser.parse_args()
    with shown_progress() as progress:
        demo = Workspace.open(given.workspace)
        answers = {"sample": answered(demo, progress)}
        if (given.data / "manga").is_dir():
            real = real_titles(demo, given.data / "manga", given.real, progress)
            answers["real titles"] = answered(real, progress)
        else:
            print(
                f"{given.data}: no real sets; only the sample is asked. Give their folder with --data", file=sys.stderr
            )
    misfits = {catalogue: problems(found) for catalogue, found in answers.items()}
    here = machine()
    write_atomic(given.json, canonical_json({"machine": here, "answers": as_json(answers), "misfits": misfits}))
    text = table(answers, f"{here['date']}")
    print(text)
    if len(answers) > 1:
        rebuild("symptoms", text, PAGE)
    if any(misfits.values()):
        sys.exit("\n".join(f"{catalogue}: {each}" for catalogue, found in misfits.items() for each in found))


def answered(workspace: Workspace, progress: Progress) -> dict[str, Sequence[Result]]:
    """Message → the candidate's first results; without an intent, as a chat window sends it."""
    comparison = Comparison.open(workspace, read_settings(workspace.root), progress=progress)
    return {
        symptom.message: comparison.compared(RetrieveRequest(symptom.message, k=FIRST)).answers["candidate"].results
        for symptom in SYMPTOMS
    }


def problems(answers: Mapping[str, Sequence[Result]]) -> list[str]:
    """Every misfit of every message."""
    return [
        f"{symptom.message}: {misfit}" for symptom in SYMPTOMS for misfit in symptom.misfits(answers[symptom.message])
    ]


def real_titles(demo: Workspace, source: Path, folder: Path, progress: Progress) -> Workspace:
    """A workspace of the real titles and the sample's articles, with the demo's candidate and intent classifier.

    It is kept, with its vectors; those that `mangaassist bench` has in the user's cache are taken over.
    """
    known = (folder / "workspace.json").is_file()
    workspace = Workspace.open(folder) if known else Workspace.create(folder)
    if not known:
        rows = [title.model_dump(mode="json", exclude_none=True) for title in load_titles(source)]
        catalogue = workspace.root / "real" / "catalogue.jsonl"
        write_atomic(catalogue, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
        ingest(workspace, "titles", catalogue, progress=progress)
        ingest(workspace, "articles", demo.root / "sample" / "articles.jsonl", progress=progress)
        for path in cache_directory(Path()).glob("*.sqlite"):
            shutil.copy2(path, workspace.root / "vectors" / path.name)
    for name in ("runs", "intents"):
        shutil.rmtree(workspace.root / name)
        shutil.copytree(demo.root / name, workspace.root / name)
    return workspace


def as_json(answers: Mapping[str, Mapping[str, Sequence[Result]]]) -> dict[str, Any]:
    """Catalogue → message → results, each with its facets and why."""
    kept = ("id", "title", "why")
    return {
        catalogue: {
            message: [
                {name: value for name, value in asdict(result).items() if name in kept}
                | {field: list(result.facts.get(field) or ()) for field in FACETS}
                for result in results
            ]
            for message, results in found.items()
        }
        for catalogue, found in answers.items()
    }


def table(answers: Mapping[str, Mapping[str, Sequence[Result]]], date: str) -> str:
    """As it stands in the docs."""
    rows = [
        f"| {symptom.message} | "
        + " | ".join("; ".join(result.title for result in found[symptom.message][:FIRST]) for found in answers.values())
        + " |"
        for symptom in SYMPTOMS
    ]
    head = f"| message | {' | '.join(answers)} |\n|---|{'---|' * len(answers)}"
    return f"The candidate's first three, no intent given, {date}:\n\n{head}\n" + "\n".join(rows)


if __name__ == "__main__":
    main()
