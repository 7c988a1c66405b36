"""A scored candidate and its workspace in, eight diagnoses out; and those of a stored report read again."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, Progress
from mangaassist.data import Title, Workspace, titles
from mangaassist.evaluation import Diagnosis, DocumentFacts, Material, Probes, diagnose
from mangaassist.loop.candidate import candidate_folder
from mangaassist.loop.catalogue import Catalogue
from mangaassist.loop.contenders import Contender
from mangaassist.loop.fixing import tags_of
from mangaassist.loop.judged import judged_split
from mangaassist.loop.pairing import StoredPairs
from mangaassist.loop.probing import (
    MOST_LOGGED,
    MOST_TEXTS,
    TYPED,
    ProbeQueries,
    ranked_probes,
    training_texts,
    unranked_probes,
    versions,
)
from mangaassist.loop.reviewing import read_proposals
from mangaassist.loop.scored import Scored
from mangaassist.loop.settings import Settings
from mangaassist.promotion import IDENTITY, Aliases, verify

CANDIDATE = "candidate"
"""The newest run, which is no release yet; an alias of that name goes before it."""


def diagnose_candidate(
    workspace: Workspace,
    settings: Settings,
    scored: Scored,
    stored: StoredPairs,
    field: Mapping[str, Contender],
    progress: Progress,
) -> tuple[Diagnosis, ...]:
    """The diagnoses of the candidate against what is live."""
    known, split = titles(workspace), scored.split
    makers = {each.id: each.generator for each in read_proposals(workspace)}
    ranked = {
        "synthetic": training_texts(stored.pairs, ("synthetic",), makers=makers, most=MOST_TEXTS, seed=scored.seed),
        "practised": ProbeQueries(judged_split(workspace, "train")),
        "versions": versions(split, known, seed=scored.seed),
    }
    probes: dict[str, Probes | None] = {}
    for done, (name, found) in enumerate(ranked.items()):
        progress(f"diagnosing with {name} queries", done, len(ranked))
        probes[name] = ranked_probes(found, field)
    progress("diagnosing", len(ranked), len(ranked))
    logged = training_texts(stored.pairs, TYPED, makers={}, most=MOST_LOGGED, seed=scored.seed)
    material = Material(
        test=Probes(
            texts={query.query_id: query.text for query in split.queries},
            qrels=split.qrels,
            groups=split.groups,
            baseline=scored.runs["baseline"],
            candidate=scored.runs["candidate"],
        ),
        documents=document_facts(known, scored.catalogue),
        warm=scored.exposure.warm,
        pairs=stored.pairs,
        synthetic=probes["synthetic"],
        practised=probes["practised"],
        logged=unranked_probes(logged),
        versions=probes["versions"],
        untagged=scored.by_text.get("candidate", {}).get("plain"),
    )
    return diagnose(material, settings.diagnoses, seed=scored.seed)


def document_facts(known: Sequence[Title], catalogue: Catalogue) -> DocumentFacts:
    """Headings of every document; tags, subgenres and popularity of titles that have them."""
    return DocumentFacts(
        headings=catalogue.headings,
        tags={DocId(title.title_id): tags_of(title) for title in known},
        subgenres={DocId(title.title_id): frozenset((*title.genres, *title.themes)) for title in known},
        popularity={DocId(title.title_id): title.popularity for title in known if title.popularity is not None},
    )


def read_diagnoses(workspace: Workspace, aliases: Aliases, release: str | None) -> dict[str, Any]:
    """`{"release", "live", "diagnoses"}` from the report of a release, an alias, or (None) the newest run.

    Raises DataError where there is no report, or one of before diagnoses were made.
    """
    name = _resolved(aliases, release)
    if name == IDENTITY:
        raise DataError(
            f"{IDENTITY} is the frozen encoder, which the others are diagnosed against; name another release, or none "
            "for the newest run"
        )
    if name is not None:
        verify(workspace.root, name)
    folder = candidate_folder(workspace) if name is None else workspace.releases / name
    path = folder / "report.json"
    if not path.is_file():
        missing = "no evaluated candidate" if name is None else f"no report of {name}"
        raise DataError(f"{workspace.root} has {missing}; evaluate one: `mangaassist evaluate`")
    report = json.loads(path.read_bytes())
    if "diagnoses" not in report:
        raise DataError(f"{path} is older than diagnoses; evaluate a candidate again: `mangaassist evaluate`")
    return {"release": name or CANDIDATE, "live": report["live"], "diagnoses": report["diagnoses"]}


def _resolved(aliases: Aliases, release: str | None) -> str | None:
    """The release that a name or an alias means; None is the newest run."""
    named = {"live": aliases.live, "candidate": aliases.candidate, "previous": aliases.previous}
    if release is None or release not in named:
        return release
    found = named[release]
    if found is None and release != CANDIDATE:
        raise DataError(f"no release is {release}; `mangaassist releases` lists them")
    return found
