"""Judged train and dev queries and each way to write titles in, the way that the frozen encoder ranks best out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

from mangaassist.core.types import QueryId
from mangaassist.data import Enrichment, Workspace
from mangaassist.encoders import Encoder
from mangaassist.evaluation import QueryScores, Resampler, metric_differences, paired_gain, score_run
from mangaassist.loop.catalogue import load_catalogue
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.settings import Settings
from mangaassist.loop.texts import DocumentTexts, first_texts
from mangaassist.pairs import split_groups
from mangaassist.retrieval import search_run

_METRIC = "ndcg@10"


@dataclass(frozen=True, slots=True)
class EnrichmentChoice:
    """Which titles are enriched, and why. The numbers are the frozen encoder's ndcg@10; none where nothing was chosen.

    none: with plain texts, for reference; it takes no part.  delta: sparse − all, paired: [mean, low, high].
    """

    chosen: Enrichment
    because: str
    all: float | None = None
    sparse: float | None = None
    none: float | None = None
    delta: Sequence[float] | None = None
    queries: int = 0
    groups: int = 0

    def as_json(self) -> dict[str, Any]:
        """As it stands in `tuning.json` and in the report."""
        return asdict(self)


def choose_enrichment(
    workspace: Workspace, settings: Settings, judged: Sequence[JudgedSplit], encoder: Encoder, *, seed: int
) -> EnrichmentChoice:
    """What the settings say, or with `auto` the better of `all` and `sparse` on the judged queries, never the test's.

    With the frozen encoder, because the texts must stand before anything is tuned on them.
    """
    if settings.enrich != "auto":
        return EnrichmentChoice(settings.enrich, "it is set so in the settings")
    queries = sorted((query for split in judged for query in split.queries), key=lambda query: query.query_id)
    qrels = {query_id: grades for split in judged for query_id, grades in split.qrels.items()}
    ids, vectors = [query.query_id for query in queries], encoder.encode([query.text for query in queries])
    scores: dict[Enrichment, Mapping[QueryId, QueryScores]] = {}
    for variant in get_args(Enrichment):
        documents = load_catalogue(workspace, settings, DocumentTexts(variant, settings.template)).documents
        base = encoder.encode([document.text for document in documents])
        scores[variant] = score_run(search_run(ids, vectors, [each.doc_id for each in documents], base), qrels)
    return better_enrichment(scores, JudgedSplit(queries, qrels, split_groups(queries)), seed=seed)


def better_enrichment(
    scores: Mapping[Enrichment, Mapping[QueryId, QueryScores]], judged: JudgedSplit, *, seed: int
) -> EnrichmentChoice:
    """`sparse` where it is better by more than one standard error of the paired difference, else `all`."""
    delta = paired_gain(scores["sparse"], scores["all"], _METRIC, judged.groups, seed=seed)
    differences = metric_differences(scores["sparse"], scores["all"], _METRIC)
    error = Resampler(sorted(differences), judged.groups, seed=seed).standard_error(differences)
    chosen: Enrichment = "sparse" if delta.mean > error else "all"
    if abs(delta.mean) <= error:
        why = f"sparse differs by {delta.mean:+.4f}, no more than one standard error ({error:.4f}): all is kept"
    else:
        why = (
            f"sparse is {'better' if delta.mean > 0 else 'worse'} by {abs(delta.mean):.4f}, standard error {error:.4f}"
        )
    means = {variant: sum(each.ndcg_at_10 for each in found.values()) / len(found) for variant, found in scores.items()}
    return EnrichmentChoice(chosen, why, **means, delta=delta.as_list(), queries=delta.queries, groups=delta.groups)


def all_texts(workspace: Workspace, settings: Settings) -> list[str]:
    """Every document text that training will ask the encoder for, each once, in the order of the catalogue."""
    variants = get_args(Enrichment) if settings.enrich == "auto" else (first_texts(settings).enrich,)
    catalogues = [load_catalogue(workspace, settings, DocumentTexts(each, settings.template)) for each in variants]
    return list(dict.fromkeys(document.text for each in catalogues for document in each.documents))
