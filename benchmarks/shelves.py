"""How good shelves are, clustered in adapted or in base space: `python -m benchmarks.shelves --workspace DIR [--test]`.

DIR is a workspace that `mangaassist demo` filled. Shelf queries are those of the sample whose tags name `shelf`; beside
them stand all that ask for titles. Each is asked of the code that serves, with its intent and without the shop's rules.
Without --test only train and dev are read, which is what shelves were tuned on; with it the test split too, once a
claim: a line goes to `test_reads.jsonl`, the numbers to DIR's page and --json.
"""

import argparse
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.adapter import Adapter, read_composition
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.shop_settings import ShopSettings
from mangaassist.core.types import DocId, Query, QueryId, Vectors, no_progress
from mangaassist.data import Split, Title, Workspace, titles
from mangaassist.encoders import CachedEncoder
from mangaassist.evaluation import SHELF_METRICS, Resampler, ShelfScores, paired_differences, score_shelf
from mangaassist.loop import (
    candidate_folder,
    judged_split,
    read_rung,
    read_settings,
    read_tuning,
    texts_in_force,
    workspace_encoder,
)
from mangaassist.loop.judged import JudgedSplit
from mangaassist.promotion import IDENTITY
from mangaassist.queries import PLAIN
from mangaassist.serving import RetrieveRequest
from mangaassist.serving.answering import ASK_FOR_TITLES, Answering, Stages
from mangaassist.serving.in_memory import release_in_memory
from mangaassist.serving.served_release import Composition, ServedRelease
from mangaassist.shelves import Arrangement, Shelving, make_shelves

PAGE: Final = "docs/shelves.md"
HERE: Final = Path(__file__).parent
SEED: Final = 0
ASKING: Final = Answering(None, 0.0, ShopSettings(prefer_in_print=False))
BASE_CLUSTERS, FROZEN, ADAPTED = (
    "base clusters, candidate's ranking",
    "base clusters, frozen ranking",
    "adapted clusters",
)


@dataclass(frozen=True, slots=True)
class Shelved:
    """A system with shelves, and all the titles of each, by its id."""

    served: ServedRelease
    members: Mapping[str, Collection[DocId]]

    def scores(self, query: Query, base: Vectors, relevant: Collection[DocId]) -> ShelfScores:
        """Of the first shelf that answers a query."""
        request = RetrieveRequest(query.text, query.intent)
        shelves = ASKING.answer(self.served, request, base, Stages(), query_id=query.query_id).shelves
        if not shelves:
            return ShelfScores()
        first = shelves[0]
        return score_shelf([DocId(title.id) for title in first.titles], self.members[first.id], relevant)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--test", action="store_true", help="read the test split too")
    parser.add_argument("--json", type=Path, default=HERE / "results" / "shelves.json")
    options = parser.parse_args()
    workspace = Workspace.open(options.workspace)
    encoder = workspace_encoder(workspace, read_settings(workspace.root), no_progress)
    systems = systems_of(workspace, encoder)
    found = {"train and dev": compared(workspace, encoder, systems, ("train", "dev"))}
    if options.test:
        found["test"] = compared(workspace, encoder, systems, ("test",))
    here = machine()
    text = table(found, f"{here['cores']} cores of {here['processor']}, {here['date']}")
    print(text)
    if options.test:
        write_atomic(options.json, canonical_json({"machine": here, **found}))
        note_read(found["test"])
        rebuild("shelves", text, PAGE)


def systems_of(workspace: Workspace, encoder: CachedEncoder) -> dict[str, Shelved]:
    """The candidate with its shelves, the same with shelves of base vectors, and the frozen encoder with these."""
    settings, chosen = read_settings(workspace.root), read_tuning(workspace)["chosen"]
    weights, _ = read_composition(candidate_folder(workspace) / chosen)
    texts = texts_in_force(workspace, settings)
    adapter: Adapter = read_rung(workspace, chosen, encoder_id=encoder.encoder_id)
    frozen = Adapter("identity", encoder.dimension)
    candidate = release_in_memory(workspace, "candidate", adapter, Composition(weights, None, texts), encoder)
    baseline = release_in_memory(workspace, IDENTITY, frozen, Composition(PLAIN, None, texts), encoder)
    known = titles(workspace)
    return {
        FROZEN: shelved(baseline, known, baseline.base),
        BASE_CLUSTERS: shelved(candidate, known, candidate.base),
        ADAPTED: shelved(candidate, known, adapter.adapt_documents(candidate.base)),
    }


def shelved(served: ServedRelease, known: Sequence[Title], vectors: Vectors) -> Shelved:
    """A system with its titles clustered by these vectors (documents, d)."""
    made = make_shelves(known, vectors[rows_of(served, known)], release=served.release, encoder_id="any")
    return with_shelves(served, made)


def rows_of(served: ServedRelease, known: Sequence[Title]) -> list[int]:
    """Where these titles stand among the documents."""
    return [served.rows[DocId(title.title_id)] for title in known]


def with_shelves(served: ServedRelease, made: Shelving) -> Shelved:
    """A system with other shelves."""
    on_shelves = [title for shelf in made.shelves for title in shelf.titles]
    arranged = Arrangement(made, on_shelves, lambda _: made.centres[:0])
    return Shelved(replace(served, shelves=arranged), {shelf.id: shelf.titles for shelf in made.shelves})


def shelf_queries() -> set[QueryId]:
    """The ids of the sample's queries whose tags name `shelf`."""
    source = (resources.files("mangaassist.sample") / "shop" / "judged_queries.jsonl").read_text(encoding="utf-8")
    return {QueryId(row["query_id"]) for row in map(json.loads, source.splitlines()) if "shelf" in row.get("tags", ())}


def compared(
    workspace: Workspace, encoder: CachedEncoder, systems: Mapping[str, Shelved], splits: tuple[Split, ...]
) -> dict[str, Any]:
    """For shelf queries and for all that ask for titles: every system's metrics and what the adapted clusters gain."""
    parts = [judged_split(workspace, split) for split in splits]
    scores: dict[str, dict[QueryId, ShelfScores]] = {name: {} for name in systems}
    for part in parts:
        asking = [query for query in part.queries if query.intent in ASK_FOR_TITLES]
        base = encoder.encode([query.text for query in asking])
        for name, system in systems.items():
            scores[name] |= {
                query.query_id: system.scores(query, vector, relevant_to(part, query.query_id))
                for query, vector in zip(asking, base, strict=True)
            }
    groups = {query_id: group for part in parts for query_id, group in part.groups.items()}
    of_shelves = shelf_queries()
    every = sorted(scores[ADAPTED])
    sets = {"shelf queries": [each for each in every if each in of_shelves], "all that ask for titles": every}
    return {name: measured(scores, Resampler(ids, groups, seed=SEED)) for name, ids in sets.items()}


def relevant_to(part: JudgedSplit, query_id: QueryId) -> set[DocId]:
    """The documents that are graded 1 or better."""
    return {doc_id for doc_id, grade in part.qrels[query_id].items() if grade >= 1}


def measured(scores: Mapping[str, Mapping[QueryId, ShelfScores]], resampler: Resampler) -> dict[str, Any]:
    """System → metric → [mean, low, high], and the paired gains of the adapted clusters over each other system."""

    def values(system: str, metric: str) -> dict[QueryId, float]:
        return {query_id: each.value(metric) for query_id, each in scores[system].items()}

    systems = {
        name: {metric: resampler.interval(values(name, metric)).as_list() for metric in SHELF_METRICS}
        for name in scores
    }
    gains = {
        name: {
            metric: resampler.interval(paired_differences(values(ADAPTED, metric), values(name, metric))).as_list()
            for metric in SHELF_METRICS
        }
        for name in scores
        if name != ADAPTED
    }
    return {"queries": len(resampler.query_ids), "groups": resampler.groups, "systems": systems, "gains": gains}


def table(found: Mapping[str, Any], where: str) -> str:
    """As it stands in the docs."""
    rows = []
    for split, sets in found.items():
        for name, told in sets.items():
            about = f"{split}, {name}: {told['queries']} in {told['groups']} groups"
            for system, figures in told["systems"].items():
                rows.append(f"| {about} | {system} | {' | '.join(shown(figures[each]) for each in SHELF_METRICS)} |")
                about = ""
            for system, figures in told["gains"].items():
                gains = " | ".join(shown(figures[each], signed=True) for each in SHELF_METRICS)
                rows.append(f"| | *gain over {system}* | {gains} |")
    head = f"| queries | shelves | {' | '.join(SHELF_METRICS)} |\n|---|---|{'---|' * len(SHELF_METRICS)}"
    return f"Sample shop, {where}; 95 % intervals over groups, gains paired:\n\n{head}\n" + "\n".join(rows)


def shown(figures: list[float], *, signed: bool = False) -> str:
    """A mean with its interval."""
    form = "{:+.3f} [{:+.3f}, {:+.3f}]" if signed else "{:.3f} [{:.3f}, {:.3f}]"
    return form.format(*figures)


def note_read(test: Mapping[str, Any]) -> None:
    """One more line in the list of test splits that were read."""
    systems = test["shelf queries"]["systems"]
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "dataset": "sample",
        "split": "test",
        "settings": {"queries": "shelf", "seed": SEED},
        "success@3": {name: figures["success@3"][0] for name, figures in systems.items()},
    }
    with (HERE / "test_reads.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
