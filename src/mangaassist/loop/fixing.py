"""Names of failures in, their fixes in force out, and pairs made anew under them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mangaassist.core.types import DocId
from mangaassist.data import Title, Workspace
from mangaassist.evaluation import DiagnosisRules, DocumentFacts, Probes, drifting_makers, tag_overlaps
from mangaassist.loop.candidate import candidate_folder
from mangaassist.loop.fixes_in_force import StoredFixes, read_fixes, store_fixes
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.settings import Settings
from mangaassist.pairs import Fix


def put_in_force(workspace: Workspace, settings: Settings, fixes: Sequence[Fix]) -> None:
    """Adds fixes to those in force; with `synthetic_drift` go the generators that the newest report found drifting."""
    stored = read_fixes(workspace.root)
    drifting = _drifting(workspace, settings.diagnoses) if "synthetic_drift" in fixes else ()
    store_fixes(
        workspace.root,
        StoredFixes(
            fixes=tuple(sorted({*stored.fixes, *fixes})),
            drifting_generators=tuple(sorted({*stored.drifting_generators, *drifting})),
        ),
    )


def without_fixes(workspace: Workspace) -> None:
    """Takes back every fix that `train --fix` put in force; those of `mangaassist.toml` stay."""
    store_fixes(workspace.root, StoredFixes())


def _drifting(workspace: Workspace, rules: DiagnosisRules) -> tuple[str, ...]:
    path = candidate_folder(workspace) / "report.json"
    report = json.loads(path.read_bytes()) if path.is_file() else {}
    for found in report.get("diagnoses", ()):
        if found["name"] == "synthetic_drift":
            figures: dict[str, dict[str, Any]] = found["figures"]
            gains = {
                name.removeprefix("gain on "): each["candidate"]
                for name, each in figures.items()
                if name.startswith("gain on ")
            }
            real = figures.get("real recall@3", {"candidate": 0.0, "baseline": 0.0})
            return drifting_makers(gains, real["candidate"] - real["baseline"], rules.synthetic_drift_tolerated)
    return ()


def without_overlap(split: JudgedSplit, known: Sequence[Title], settings: Settings) -> JudgedSplit:
    """The judged queries; without those that hold the tags of an answer, if the fix `metadata_leakage` is in force."""
    if "metadata_leakage" not in settings.fixes:
        return split
    facts = DocumentFacts(tags={DocId(title.title_id): tags_of(title) for title in known})
    texts = {query.query_id: query.text for query in split.queries}
    overlaps = tag_overlaps(Probes(texts, split.qrels, split.groups), facts, settings.diagnoses)
    kept = [query for query in split.queries if not overlaps.get(query.query_id)]
    return replace(split, queries=kept, qrels={query.query_id: split.qrels[query.query_id] for query in kept})


def tags_of(title: Title) -> frozenset[str]:
    """The exact genres, tones, themes and demographic of a title."""
    return frozenset((*title.genres, *title.tones, *title.themes, *([title.demographic] if title.demographic else ())))
