"""Stored pairs in, a candidate out: the whole ladder tuned, every rung kept as an artefact, one of them chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mangaassist.adapter import (
    CHOICE_RULE,
    FIRST_RUN,
    Adapter,
    AdapterInfo,
    Rung,
    TunedLadder,
    TuningData,
    load_artifact,
    recipe_as_json,
    save_artifact,
    tune_ladder,
)
from mangaassist.core.errors import DataError
from mangaassist.core.files import canonical_json, sha256_bytes, sync_directory, write_atomic
from mangaassist.core.types import Device, DocId, GroupId, Pair, Progress, Query, QueryId
from mangaassist.data import Workspace, titles
from mangaassist.loop.candidate import candidate_folder, read_tuning
from mangaassist.loop.catalogue import data_fingerprint, load_catalogue, workspace_encoder
from mangaassist.loop.enrichment import choose_enrichment
from mangaassist.loop.fixing import without_overlap
from mangaassist.loop.judged import judged_split
from mangaassist.loop.lineage import ORIGIN, has_origin, keep_origin
from mangaassist.loop.pairing import read_pairs
from mangaassist.loop.review_queue import lexicon_to_train
from mangaassist.loop.settings import Settings
from mangaassist.loop.texts import DocumentTexts
from mangaassist.pairs import split_groups
from mangaassist.queries import Composer, Lexicon, TitleResolver


def train_candidate(
    workspace: Workspace, settings: Settings, *, seed: int, device: Device = "auto", progress: Progress
) -> dict[str, Any]:
    """Tunes the ladder on the stored pairs and keeps every rung; the same inputs again do nothing.

    `tuning.json` goes first and comes last: a killed training leaves the old candidate whole or none at all, and is
    begun again from the cached vectors.
    """
    stored = read_pairs(workspace, settings)
    encoder = workspace_encoder(workspace, settings, progress)
    fingerprint = data_fingerprint(workspace)
    lexicon = lexicon_to_train(workspace)
    inputs = _inputs(stored.fingerprint, fingerprint, encoder.encoder_id, lexicon, settings, seed)
    summary = _finished(workspace, inputs)
    if summary is not None:
        return summary
    known_titles = titles(workspace)
    train, dev = (without_overlap(judged_split(workspace, split), known_titles, settings) for split in ("train", "dev"))
    enrichment = choose_enrichment(workspace, settings, (train, dev), encoder, seed=seed)
    texts = DocumentTexts(enrichment.chosen, settings.template)
    catalogue = load_catalogue(workspace, settings, texts)
    judged = {query.text: split.qrels[query.query_id] for split in (train, dev) for query in split.queries}
    known = {document.doc_id for document in catalogue.documents}
    composer = Composer(catalogue.documents, known_titles, lexicon)
    tuned = tune_ladder(
        TuningData(
            pairs=_of_known_documents(stored.pairs, known),
            documents=catalogue.documents,
            judged=judged,
            groups=_text_groups(stored.pairs, [*train.queries, *dev.queries], composer.reader.resolver),
            series=catalogue.series,
            exposed=stored.exposed or None,  # where nothing was ever shown, that says nothing about anybody
            composer=composer,
            intents={query.text: query.intent for query in (*train.queries, *dev.queries) if query.intent},
        ),
        encoder,
        seed=seed,
        device=device,
        spares_unknown="cold_harm" in settings.fixes,
        progress=progress,
    )
    _begin_anew(workspace)
    for rung, adapter in tuned.adapters.items():
        trial = tuned.choice.trials[rung]
        info = AdapterInfo(
            encoder.encoder_id,
            trial.recipe,
            trial.rounds,
            seed,
            fingerprint,
            documents=texts.as_json(),
            weights=tuned.weights,
            lexicon=lexicon,
        )
        save_artifact(candidate_folder(workspace) / rung, adapter, info)
    keep_origin(workspace, settings, candidate_folder(workspace), stored, encoder_id=encoder.encoder_id, seed=seed)
    summary = {
        "inputs": inputs,
        "data_fingerprint": fingerprint,
        "seed": seed,
        "enrichment": enrichment.as_json(),
        "fixes": list(settings.fixes),
        **_summary(tuned, encoder.encoder_id),
    }
    write_atomic(candidate_folder(workspace) / "tuning.json", canonical_json(summary))
    return summary


def check_current(workspace: Workspace, settings: Settings, *, encoder_id: str) -> None:
    """Raises DataError unless the candidate is what training would give now."""
    tuning, pairs = read_tuning(workspace), read_pairs(workspace, settings)
    lexicon = lexicon_to_train(workspace)
    now = _inputs(pairs.fingerprint, data_fingerprint(workspace), encoder_id, lexicon, settings, tuning["seed"])
    if tuning["inputs"] != now:
        raise DataError(
            f"{workspace.root}: data, pairs, settings or the rule of the choice have changed since the candidate was "
            "trained; train it again: `mangaassist train`"
        )


def read_rung(workspace: Workspace, rung: Rung, *, encoder_id: str) -> Adapter:
    """The adapter of one rung of the candidate, its digests checked."""
    return load_artifact(candidate_folder(workspace) / rung, encoder_id=encoder_id)


def _text_groups(pairs: Sequence[Pair], judged: Sequence[Query], resolver: TitleResolver) -> dict[str, GroupId]:
    """Text → group, over pairs and judged queries: what one shopper misspelt and another cut short is one query.

    An editor's query joins the judged queries that name its title: their answers are what the editor wrote down.
    """
    named = {doc_id: query.group for query in judged if query.group for doc_id in _references(query, resolver)}
    editorial = {
        pair.query_text: named[doc_id]
        for pair in pairs
        if pair.source == "editorial"
        for doc_id in sorted(resolver.named(pair.query_text))
        if doc_id in named
    }
    texts = {pair.query_text for pair in pairs} - {query.text for query in judged}
    queries = [*judged, *(Query(QueryId(f"log:{text}"), text, group=editorial.get(text)) for text in sorted(texts))]
    groups = split_groups(queries)
    return {query.text: groups[query.query_id] for query in queries}


def _references(query: Query, resolver: TitleResolver) -> frozenset[DocId]:
    """The titles that a judged query names: in its text, or as its known reference."""
    known = query.metadata.get("reference")
    return resolver.named(query.text) | ({DocId(known)} if known else frozenset())


def _of_known_documents(pairs: Sequence[Pair], known: set[DocId]) -> list[Pair]:
    """Pairs of titles that were taken out of the catalogue since have nothing to train."""
    return [pair for pair in pairs if pair.positive in known]


def _inputs(pairs: str, data: str, encoder_id: str, lexicon: Lexicon, settings: Settings, seed: int) -> str:
    """Digest of everything that decides what training gives; the rules for pairs are in the pairs."""
    told = {"pairs": pairs, "data": data, "encoder": encoder_id, "seed": seed}
    rule = {"choice": CHOICE_RULE, "first_run": recipe_as_json(FIRST_RUN)}
    texts = settings.model_dump(mode="json", exclude={"pairs", "gate", "monitor", "diagnoses", "feedback"})
    return sha256_bytes(canonical_json({**told, **rule, "lexicon": lexicon.as_json(), "settings": texts}))


def _begin_anew(workspace: Workspace) -> None:
    """Takes away what speaks of the old candidate before its files are written over."""
    folder = candidate_folder(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tuning.json", ORIGIN, "report.json", "report.md", "report.html", "evidence.json", "decision.json"):
        (folder / name).unlink(missing_ok=True)
    sync_directory(folder)


def _finished(workspace: Workspace, inputs: str) -> dict[str, Any] | None:
    try:
        summary = read_tuning(workspace)
    except DataError:
        return None
    return summary if summary["inputs"] == inputs and has_origin(candidate_folder(workspace)) else None


def _summary(tuned: TunedLadder, encoder_id: str) -> Mapping[str, Any]:
    return {
        "encoder": encoder_id,
        "chosen": tuned.choice.chosen,
        "because": tuned.choice.because,
        "composition": asdict(tuned.weights),
        "rungs": {rung: trial.as_json() for rung, trial in tuned.choice.trials.items()},
    }
