"""A retrieval set and an encoder in, the bench's numbers out: tune on train, report dev, or test once."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mangaassist.adapter import Adapter, Rung, TunedLadder, TuningData, tune_ladder
from mangaassist.core.errors import DataError
from mangaassist.core.files import sha256_bytes
from mangaassist.core.types import Device, DocId, GroupId, Pair, Progress, Qrels, Query, QueryId, RetrievalSet, Run
from mangaassist.encoders import Encoder
from mangaassist.evaluation import Exposure, Summary, paired_gain, run_depth, score_cell, summarise_cells
from mangaassist.loop import DEV_SHARE
from mangaassist.pairs import NearDuplicateIndex, drop_leaks, judged_pairs, split_by_group, split_groups
from mangaassist.queries import Composer
from mangaassist.retrieval import ComposedSearch, adapted_run, search_run

CELLS = ("all", "warm", "cold")

COMPOSED = "composed"
"""The frozen encoder behind composed queries: what composition gains by itself."""


@dataclass(frozen=True, slots=True)
class Splits:
    """What trains and what is reported. groups: query id → group, near-duplicates joined."""

    name: str
    training: Qrels
    reported: Qrels
    groups: Mapping[QueryId, GroupId]


def run_bench(
    dataset: RetrievalSet,
    encoder: Encoder,
    *,
    final: bool,
    seed: int,
    device: Device = "auto",
    progress: Progress,
    composer: Composer | None = None,
) -> tuple[dict[str, Any], TunedLadder]:
    """The JSON of the bench and the tuned ladder; see `docs/bench.md` for every key.

    composer: composes the queries, see `queries/compose.py`; None leaves them as they are typed.
    """
    started = time.process_time()
    splits = choose_splits(dataset, final=final, seed=seed)
    reported_queries = [dataset.queries[query_id] for query_id in sorted(splits.reported)]
    data, leaks = tuning_data(dataset, splits, composer)
    pairs = list(data.pairs)
    tuned = tune_ladder(data, encoder, seed=seed, device=device, progress=progress)
    results, gains = _evaluate(dataset, splits, pairs, tuned, encoder, composer, seed)
    result = {
        "dataset": dataset.name,
        "split": splits.name,
        "seed": seed,
        "encoder": encoder.encoder_id,
        "chosen": _name(tuned.choice.chosen),
        "because": tuned.choice.because,
        "results": results,
        "gains": gains,
        "tuned": {_name(rung): _tuned_as_json(tuned, rung) for rung in tuned.adapters},
        "composition": None if composer is None else asdict(tuned.weights),
        "leaking_pairs_dropped": leaks,
        "seen_queries": _seen(pairs, reported_queries),
        "data_fingerprint": _fingerprint(pairs, dataset),
        "cpu_seconds": round(time.process_time() - started, 2),
    }
    return result, tuned


def choose_splits(dataset: RetrievalSet, *, final: bool, seed: int) -> Splits:
    """Dev is reported (carved out of train where there is none); `final` reports test and trains on train and dev.

    Raises DataError if the set lacks the split.
    """
    train = dataset.qrels.get("train")
    if not train:
        raise DataError(
            f"{dataset.name} has no train judgements; put them in qrels/train.tsv (query-id, corpus-id, score)"
        )
    if final:
        if "test" not in dataset.qrels:
            raise DataError(f"{dataset.name} has no test judgements (qrels/test.tsv); leave --final out to report dev")
        known = {**train, **dataset.qrels.get("dev", {})}
        return Splits("test", known, dataset.qrels["test"], _groups(dataset, known, dataset.qrels["test"]))
    if "dev" in dataset.qrels:
        return Splits("dev", train, dataset.qrels["dev"], _groups(dataset, train, dataset.qrels["dev"]))
    groups = _groups(dataset, train)
    parts = split_by_group(train, groups, {"train": 1 - DEV_SHARE, "dev": DEV_SHARE}, seed)
    kept = {name: {query_id: train[query_id] for query_id in ids} for name, ids in parts.items()}
    return Splits("dev (carved from train)", kept["train"], kept["dev"], groups)


def tuning_data(dataset: RetrievalSet, splits: Splits, composer: Composer | None = None) -> tuple[TuningData, int]:
    """(what is tuned on, how many pairs know a reported query and were left out)."""
    reported = [dataset.queries[query_id] for query_id in sorted(splits.reported)]
    # Published splits are not always clean (the same question in train and test): what leaks does not train.
    pairs, leaks = drop_leaks(judged_pairs(splits.training, dataset.queries), reported, splits.reported)
    data = TuningData(
        pairs=pairs,
        documents=dataset.documents,
        groups={dataset.queries[query_id].text: group for query_id, group in splits.groups.items()},
        judged=_judged_texts(splits.training, dataset.queries, pairs),
        composer=composer,
    )
    return data, len(leaks)


def _groups(dataset: RetrievalSet, *parts: Qrels) -> Mapping[QueryId, GroupId]:
    judged = {query_id for part in parts for query_id in part}
    return split_groups([dataset.queries[query_id] for query_id in judged])


def _seen(pairs: Sequence[Pair], reported: Sequence[Query]) -> int:
    """How many reported queries are near-duplicates of a training query: known needs in other words."""
    index = NearDuplicateIndex(sorted({pair.query_text for pair in pairs}))
    return sum(index.has_match(query.text) for query in reported)


def _judged_texts(qrels: Qrels, queries: Mapping[QueryId, Query], pairs: Sequence[Pair]) -> dict[str, dict[DocId, int]]:
    """Grades by query text, of the texts that pairs were made of; equal texts share their judgements."""
    training = {pair.query_text for pair in pairs}
    judged: dict[str, dict[DocId, int]] = {}
    for query_id, grades in qrels.items():
        if queries[query_id].text in training:
            judged.setdefault(queries[query_id].text, {}).update(grades)
    return judged


def _evaluate(
    dataset: RetrievalSet,
    splits: Splits,
    pairs: list[Pair],
    tuned: TunedLadder,
    encoder: Encoder,
    composer: Composer | None,
    seed: int,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(cells per system, gains over frozen per system and cell), on the reported split."""
    exposure = Exposure(frozenset(pair.positive for pair in pairs))
    runs = _runs(dataset, splits, tuned, encoder, composer)
    results: dict[str, Any] = {}
    gains: dict[str, Any] = {}
    for name, run in runs.items():
        summaries = summarise_cells(run, splits.reported, exposure, splits.groups, seed=seed)
        results[name] = {cell: _cell(summaries[cell]) for cell in CELLS}
        gains[name] = {
            cell: _gain(run, runs["frozen"], splits, exposure, cell, seed) if summaries[cell] else None
            for cell in CELLS
        }
    return results, gains


def _runs(
    dataset: RetrievalSet, splits: Splits, tuned: TunedLadder, encoder: Encoder, composer: Composer | None
) -> dict[str, Run]:
    """The run of every system: `frozen` as it is, then, where queries are composed, `composed`, then the rungs."""
    queries = [dataset.queries[query_id] for query_id in sorted(splits.reported)]
    base_queries = encoder.encode([query.text for query in queries])
    documents = encoder.encode([document.text for document in dataset.documents])
    doc_ids = [document.doc_id for document in dataset.documents]
    depth = run_depth(splits.reported)

    def run_of(adapter: Adapter) -> Run:
        if composer is not None:
            search = ComposedSearch.over(composer, tuned.weights, adapter, doc_ids, documents)
            return search.run(queries, base_queries, depth=depth)
        adapted = adapter.adapt_documents(documents)
        return adapted_run(queries, base_queries, adapter, doc_ids, documents, adapted, depth=depth)

    ids = [query.query_id for query in queries]
    runs = {"frozen": search_run(ids, base_queries, doc_ids, documents, depth=depth)}
    if composer is not None:
        runs[COMPOSED] = run_of(Adapter("identity", encoder.dimension))
    return runs | {rung: run_of(adapter) for rung, adapter in tuned.adapters.items() if rung != "identity"}


def _cell(summary: Summary | None) -> dict[str, Any] | None:
    return None if summary is None else summary.as_json()


def _gain(
    run: Run,
    frozen: Run,
    splits: Splits,
    exposure: Exposure,
    cell: str,
    seed: int,
) -> dict[str, list[float]]:
    """[mean, low, high] of the paired difference to frozen, two-sided 95 %."""
    candidate = score_cell(run, splits.reported, exposure, cell)
    baseline = score_cell(frozen, splits.reported, exposure, cell)
    return {
        metric: paired_gain(candidate, baseline, metric, splits.groups, seed=seed).as_list()
        for metric in ("recall@3", "ndcg@10")
    }


def _tuned_as_json(tuned: TunedLadder, rung: Rung) -> dict[str, Any]:
    return {
        **tuned.choice.trials[rung].as_json(),
        "tuning_cpu_seconds": round(tuned.choice.cpu_seconds[rung], 2),
        "refit_cpu_seconds": round(tuned.refit_cpu_seconds[rung], 2),
    }


def _name(rung: Rung) -> str:
    return "frozen" if rung == "identity" else rung


def _fingerprint(pairs: list[Pair], dataset: RetrievalSet) -> str:
    """Digest of the training pairs and of the corpus, in a fixed order."""
    lines = [f"{pair.query_text}\t{pair.positive}\t{pair.weight}" for pair in pairs]
    lines += [f"{document.doc_id}\t{document.text}" for document in dataset.documents]
    return sha256_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
