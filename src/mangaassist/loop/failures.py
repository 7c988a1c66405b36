"""A workspace in, its bucket of failed searches brought up to date out."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from mangaassist.core.files import canonical_json, sha256_bytes
from mangaassist.core.types import Progress, Vectors
from mangaassist.data import Workspace
from mangaassist.data.parts import empty_folder
from mangaassist.data.sql import connection, frame, scan, text
from mangaassist.encoders import CachedEncoder
from mangaassist.feedback import (
    TEACHABLE,
    BucketState,
    Known,
    changed_days,
    day_digests,
    eval_files,
    is_soon,
    read_bucket,
    read_state,
    read_word_list,
    reasoned,
    similar_keys,
    text_key,
    texts_file,
    with_causes,
    with_keys,
    write_days,
    write_searches,
    write_state,
    write_texts,
)
from mangaassist.loop.catalogue import Catalogue, data_fingerprint, load_catalogue, workspace_encoder
from mangaassist.loop.contenders import Shelves
from mangaassist.loop.first_results import judged_texts, release_thresholds
from mangaassist.loop.settings import Settings
from mangaassist.loop.shop_words import shop_vocabulary
from mangaassist.loop.texts import texts_in_force
from mangaassist.promotion import releases
from mangaassist.queries import read_lexicon

FAR_QUANTILE = 0.02
"""A text that is farther from every document than this share of the judged queries asks for what nobody stocks."""

_AT_ONCE = 2_048


def fill_bucket(workspace: Workspace, settings: Settings, *, progress: Progress) -> dict[str, Any]:
    """What `mangaassist feedback bucket` prints: entries by reason and cause, and how much had to be computed.

    Only days whose searches, events, or what they are held to have changed are computed; the same log again changes no
    byte. Under the lock.
    """
    state, inputs = read_state(workspace), _inputs(workspace, settings)
    if state.inputs == inputs and texts_file(workspace).is_file():
        return {**bucket_counts(workspace), "days_computed": 0, **state.told}
    empty_folder(workspace.scratch)
    searches = workspace.scratch / "searches.parquet"
    workspace.scratch.mkdir()
    with workspace.writing(), connection(workspace.scratch) as db:
        progress("bucket: reading the log", 0, 4)
        write_searches(
            db,
            workspace,
            searches,
            most_per_minute=settings.pairs.max_searches_per_minute,
            settled_after_s=settings.feedback.click_window_s,
        )
        days = day_digests(db, searches)
        encoder = workspace_encoder(workspace, settings, progress)
        catalogue = load_catalogue(workspace, settings)
        shelves = Shelves(workspace, settings, encoder)
        served = [each for (each,) in db.execute(f"FROM {scan([searches])} SELECT DISTINCT release").fetchall() if each]
        thresholds = release_thresholds(workspace, settings, shelves, served)
        made_from = _made_from(workspace, settings, thresholds)
        changed = changed_days(state, made_from, days)
        progress("bucket: finding failures", 1, 4)
        if changed:
            _compute(workspace, settings, db, searches, changed, list(days), thresholds, encoder, catalogue, progress)
        progress("bucket: counting texts", 3, 4)
        _count_texts(workspace, settings, db, searches)
        told = {
            "thresholds": {name: {key: asdict(each) for key, each in of.items()} for name, of in thresholds.items()},
            "releases_without_threshold": sorted({*served} - {name for name, of in thresholds.items() if of}),
        }
        write_state(workspace, BucketState(made_from, days, inputs, told))
    empty_folder(workspace.scratch)
    progress("bucket: done", 4, 4)
    return {**bucket_counts(workspace), "days_computed": len(changed), **told}


def bucket_counts(workspace: Workspace) -> dict[str, Any]:
    """How many entries there are, by reason, cause and what came next."""
    entries = read_bucket(workspace, columns=["reasons", "cause", "next", "is_hurt", "key"])
    reasons: Counter[str] = Counter(entries["reasons"].explode(empty_as_null=True).drop_nulls().to_list())
    return {
        "entries": entries.height,
        "texts": entries["key"].n_unique(),
        "hurt": int(entries["is_hurt"].sum()),
        "reasons": dict(sorted(reasons.items())),
        "causes": dict(sorted(Counter(entries["cause"].to_list()).items())),
        "next": dict(sorted(Counter(entries["next"].to_list()).items())),
    }


def _compute(
    workspace: Workspace,
    settings: Settings,
    db: duckdb.DuckDBPyConnection,
    searches: Path,
    changed: Sequence[str],
    days: Sequence[str],
    thresholds: Any,
    encoder: CachedEncoder,
    catalogue: Catalogue,
    progress: Progress,
) -> None:
    """Compute the entries of the changed days and write them."""
    rules = settings.feedback
    wanted = ", ".join(text(day) for day in changed)
    of_days = f"FROM {scan([searches])} WHERE strftime(\"at\", '%Y-%m-%d') IN ({wanted})"
    rows = with_keys(frame(db, of_days, searches.parent))
    soon = rows.filter(is_soon(rules)).group_by("key", "next_key").len()
    tries = list(soon.sort(["len", "key", "next_key"], descending=[True, False, False]).drop("len").iter_rows())
    known = Known(
        thresholds=thresholds,
        foreign=_foreign(workspace, settings, rows["key"].unique().to_list(), catalogue),
        similar=similar_keys(tries, rules, _cosines(encoder)),
        kinds={str(document.doc_id): document.kind for document in catalogue.documents},
        min_intent_confidence=settings.pairs.min_intent_confidence,
    )
    failed = reasoned(rows, known, rules)
    progress("bucket: finding gaps", 2, 4)
    hurt = failed.filter("is_hurt").group_by("key").agg(pl.col("client").n_unique().alias("clients"))
    worst = hurt.sort("clients", "key", descending=[True, False])["key"].head(rules.most_clustered).to_list()
    far = _far_from_all(workspace, worst, encoder, catalogue)
    write_days(workspace, with_causes(failed, known, far), changed, kept=set(days) - set(changed))


def _foreign(workspace: Workspace, settings: Settings, keys: Sequence[str], catalogue: Catalogue) -> set[str]:
    """The keys that are worded otherwise than the catalogue and the help articles."""
    vocabulary, share = shop_vocabulary(workspace, catalogue), settings.feedback.unknown_share
    return {key for key in keys if vocabulary.wording(key).is_foreign(share)}


def _cosines(encoder: CachedEncoder) -> Callable[[Sequence[tuple[str, str]]], Sequence[float]]:
    """The cosine of the base vectors of two texts."""

    def like(tries: Sequence[tuple[str, str]]) -> list[float]:
        if not tries:
            return []
        left, right = (encoder.encode([pair[side] for pair in tries]) for side in (0, 1))
        return [float(cosine) for cosine in (left * right).sum(axis=1)]

    return like


def nearest_document(queries: Vectors, documents: Vectors) -> Vectors:
    """(n,): the cosine of each query's vector with the document nearest to it."""
    blocks = [queries[start : start + _AT_ONCE] @ documents.T for start in range(0, len(queries), _AT_ONCE)]
    found = [block.max(axis=1) for block in blocks]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.float32)


def _far_from_all(workspace: Workspace, keys: Sequence[str], encoder: CachedEncoder, catalogue: Catalogue) -> set[str]:
    """The keys that no document is near, as judged queries, which have an answer, are near theirs."""
    answered_texts = judged_texts(workspace)
    if not answered_texts or not keys:
        return set()
    documents = encoder.encode([document.text for document in catalogue.documents])
    answered = nearest_document(encoder.encode(answered_texts), documents)
    limit = float(np.quantile(answered, FAR_QUANTILE))
    nearest = nearest_document(encoder.encode(list(keys)), documents)
    return {key for key, cosine in zip(keys, nearest, strict=True) if cosine < limit}


def _count_texts(workspace: Workspace, settings: Settings, db: duckdb.DuckDBPyConnection, searches: Path) -> None:
    """Count who typed each text of the bucket, in the whole log."""
    typed = frame(db, f"FROM {scan([searches])} SELECT DISTINCT text", searches.parent)["text"]
    keys = pl.DataFrame({"text": typed, "key": pl.Series([text_key(each) for each in typed], dtype=pl.String())})
    entries = read_bucket(workspace, columns=["key", "client", "session", "is_hurt", "cause"])
    counted = entries.group_by("key").agg(
        entries=pl.len().cast(pl.Int64),
        hurt=pl.coalesce("client", "session").filter("is_hurt").n_unique().cast(pl.Int64),
        teachable=pl.col("cause").is_in(list(TEACHABLE)).sum().cast(pl.Int64),
    )
    keys_file = searches.parent / "keys.parquet"
    keys.write_parquet(keys_file)
    db.execute(f"CREATE OR REPLACE TEMP VIEW keys AS FROM {scan([keys_file])}")
    of_text = (
        f'FROM {scan([searches])} JOIN keys USING (text) SELECT key, text, count(*) AS times, min("at") AS first_at, '
        'max("at") AS last_at GROUP BY key, text ORDER BY text'
    )
    in_log = frame(
        db,
        f"FROM ({of_text}) SELECT key, arg_max(text, times) AS text, sum(times)::BIGINT AS searches, "
        "min(first_at) AS first_at, max(last_at) AS last_at GROUP BY key",
        searches.parent,
    )
    named = f"FROM {scan([searches])} JOIN keys USING (text) SELECT key, count(DISTINCT client) AS clients GROUP BY key"
    clients = frame(db, named, searches.parent)
    texts = (
        counted.join(in_log, on="key", how="inner")
        .join(clients, on="key", how="inner")
        .with_columns(is_private=pl.col("clients") < settings.feedback.private_below)
        .sort(["hurt", "entries", "key"], descending=[True, True, False])
    )
    write_texts(workspace, texts)


def _inputs(workspace: Workspace, settings: Settings) -> str:
    """Digest of all that a bucket is made of, taken without a look into the log."""
    logs = [(path.name, path.stat().st_size) for path in eval_files(workspace)]
    words = read_word_list(workspace.root)
    told = {
        "data": data_fingerprint(workspace),
        "logs": logs,
        "settings": settings.model_dump(mode="json", exclude={"gate", "service", "shop"}),
        "texts": asdict(texts_in_force(workspace, settings)),
        "slang": [sorted(" ".join(each) for each in words.slang), sorted(words.known)],
        "lexicon": read_lexicon(workspace.root).as_json(),
        "releases": list(releases(workspace.root)),
    }
    return sha256_bytes(canonical_json(told))


def _made_from(workspace: Workspace, settings: Settings, thresholds: Any) -> str:
    """Digest of all that days share."""
    words = read_word_list(workspace.root)
    told = {
        "rules": asdict(settings.feedback),
        "confidence": settings.pairs.min_intent_confidence,
        "documents": data_fingerprint(workspace, kinds=("titles", "articles", "judged_queries")),
        "slang": sorted(" ".join(each) for each in words.slang),
        "known": sorted(words.known),
        "lexicon": read_lexicon(workspace.root).as_json(),
        "thresholds": {name: {key: asdict(each) for key, each in of.items()} for name, of in thresholds.items()},
    }
    return sha256_bytes(canonical_json(told))
