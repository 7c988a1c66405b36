"""`metadata_leakage`: test queries hold the very tags of their answers, as texts made from metadata would."""

import unicodedata
from collections.abc import Mapping

import numpy as np

from mangaassist.core.types import QueryId
from mangaassist.evaluation.diagnoses.diagnosis import SHOWN_EVIDENCE, Diagnosis, Evidence, Figure
from mangaassist.evaluation.diagnoses.harm import mean_harm
from mangaassist.evaluation.diagnoses.material import DocumentFacts, Material, Probes, System
from mangaassist.evaluation.diagnoses.showing import answer, seen_in, too_small, worst
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules
from mangaassist.evaluation.metrics import score_run


def metadata_leakage(material: Material, rules: DiagnosisRules) -> Diagnosis:
    """Value: how much more test queries overlap with their answers' tags than shoppers' logged queries do.

    A query's overlap: the share of its relevant documents of which it holds `leaking_tags` exact tags or more. That is
    the same for a query with one click and one with thirty judgements.
    """
    test, typed = (tag_overlaps(probes, material.documents, rules) for probes in (material.test, material.logged))
    if min(len(test), len(typed)) < rules.fewest_queries:
        because = (
            f"{len(test)} test queries and {len(typed)} logged ones want a document with {rules.leaking_tags} tags; "
            f"{rules.fewest_queries} of each are needed"
        )
        return too_small("metadata_leakage", rules, because, queries=min(len(test), len(typed)))
    assert material.logged is not None
    mine, theirs = mean_harm(test, material.test.groups), mean_harm(typed, material.logged.groups)
    return answer(
        "metadata_leakage",
        rules,
        mine.minus(theirs),
        baseline=theirs.mean,
        said=f"{mine.mean:.1%} of the test queries hold the tags of their answers, {theirs.mean:.1%} of logged ones",
        figures=_figures(material, test, theirs.mean),
        evidence=_evidence(material, test, rules),
    )


_SYSTEMS: tuple[System, System] = ("baseline", "candidate")


def tag_overlaps(probes: Probes | None, facts: DocumentFacts, rules: DiagnosisRules) -> dict[QueryId, float]:
    """Of every query that wants a document with enough tags, the share of such documents that it overlaps with."""
    overlaps: dict[QueryId, float] = {}
    for query_id in sorted(probes.qrels) if probes else ():
        wanted = [
            tags
            for doc_id in probes.relevant(query_id)  # type: ignore[union-attr]
            if len(tags := facts.tags.get(doc_id, frozenset())) >= rules.leaking_tags
        ]
        if wanted:
            text = spaced(probes.texts[query_id])  # type: ignore[union-attr]
            held = [len(_held(text, tags)) >= rules.leaking_tags for tags in wanted]
            overlaps[query_id] = sum(held) / len(held)
    return overlaps


def _held(text: str, tags: frozenset[str]) -> list[str]:
    """The tags that stand in a spaced text as whole words, or in Japanese anywhere."""
    return sorted(tag for tag in tags if spaced(tag) in text)


def spaced(text: str) -> str:
    """NFKC, casefolded words between single spaces; `slice_of_life`, `slice-of-life` and `Slice of Life` are one.

    >>> spaced("A Slice-of-Life, please!")
    ' a slice of life please '
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(character if character.isalnum() else " " for character in folded).split()
    return f" {' '.join(words)} "


def _figures(material: Material, test: Mapping[QueryId, float], logged: float) -> dict[str, Figure]:
    """The overlap, and recall@3 with and without the queries that overlap, and over texts without tags."""
    share = float(np.mean(list(test.values())))
    scores = {system: material.test.scores(system) for system in _SYSTEMS}
    figures = {"share that overlaps": Figure(logged, share)}
    for name, keeps in (("overlapping", True), ("other", False)):
        kept = [query_id for query_id in scores["baseline"] if (test.get(query_id, 0.0) > 0) is keeps]
        if kept:
            means = (float(np.mean([scores[system][each].recall_at_3 for each in kept])) for system in _SYSTEMS)
            figures[f"recall@3, {name} queries"] = Figure(*means)
    if material.untagged is not None:
        bare = score_run(material.untagged, material.test.qrels)
        mean = float(np.mean([score.recall_at_3 for score in bare.values()]))
        figures["recall@3 over texts without tags"] = Figure(None, mean)
    return figures


def _evidence(material: Material, test: Mapping[QueryId, float], rules: DiagnosisRules) -> tuple[Evidence, ...]:
    found = []
    for query_id in worst(test, SHOWN_EVIDENCE):
        text = spaced(material.test.texts[query_id])
        held = {
            doc_id: _held(text, material.documents.tags.get(doc_id, frozenset()))
            for doc_id in material.test.relevant(query_id)
        }
        document = max(held, key=lambda doc_id: (len(held[doc_id]), doc_id))
        heading = material.documents.heading(document)
        said = f"holds {', '.join(held[document])}: tags of “{heading}”, which is judged relevant"
        found.append(seen_in(material.test, material.documents, query_id, said, document=heading))
    return tuple(found)
