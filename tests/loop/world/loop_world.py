"""A shop of ten kinds of stories whose shoppers speak in slang: small, written by rules, learnt in a second.

Every topic has a slang word that no title and no article holds. Training queries name both, test queries mostly the
slang alone: the frozen encoder cannot answer these, and an adapter that learnt from the clicks can.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from mangaassist.adapter.ladder import Rung
from mangaassist.adapter.recipes import GradientRecipe, Recipe, recipes_for
from mangaassist.core.types import DocId, QueryId, Vectors, no_progress
from mangaassist.data import Workspace, ingest, ingest_directory
from mangaassist.data.contracts import Article, JudgedQuery, Judgement, Split, Title
from mangaassist.evaluation import LatencyAddon, Percentiles, ServiceLatency, ranked
from mangaassist.pairs import generate_synthetic
from mangaassist.retrieval import search_run
from mangaassist.sample import REVIEW_FILE, REVIEW_SEED, SampleShop, write_log_files

STORIES = {
    "pirates": "zorbil",
    "robots": "quenda",
    "detectives": "mavrik",
    "chefs": "thulpo",
    "wizards": "jexxar",
    "ghosts": "wibbun",
    "boxers": "crondy",
    "farmers": "ployva",
    "samurai": "dreski",
    "singers": "huffot",
}
HELP = {"refund": "krattle", "parcel": "snervo", "voucher": "oblint", "password": "fimpax"}
TOPICS = {**STORIES, **HELP}
"""What a document is about → what shoppers call it."""

FILLERS = "amber brisk cedar dusky eager fancy gusty humid ivory jolly knotty lunar mossy noble ochre plush quiet rusty"
NAMES = ("red", "tall", "lost", "late", "kind")
SEARCHES = 500
DIMENSION = 96
HINT = 0.4


class WordsEncoder:
    """A text's vector is the sum of its words' vectors, which are drawn by their digest."""

    encoder_id = "words@1"
    dimension = DIMENSION

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = [sum((_word(word) for word in text.lower().split()), start=0.01 * _drawn("")) for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(-1, DIMENSION)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _word(word: str) -> Vectors:
    word = word.strip(".,?")
    meant = [topic for topic, slang in TOPICS.items() if slang == word]
    return sum((HINT * _drawn(topic) for topic in meant), start=_drawn(word))


def _drawn(word: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
    return np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)


def small_shop() -> SampleShop:
    """Fifty titles, four help articles, and judged queries: 70 of each split."""
    titles = [
        Title(
            title_id=f"{story}-{number}",
            title=f"{name.capitalize()} {story.capitalize()}",
            description=f"{story}, {name}",
            popularity=float(number),
            series_id=story if number < 2 else None,
        )
        for story in STORIES
        for number, name in enumerate(NAMES)
    ]
    articles = [Article(article_id=f"help-{about}", title=f"{about} help", body=f"{about} {about}") for about in HELP]
    queries = _queries()
    return SampleShop(titles, articles, queries, [judgement for query in queries for judgement in _judged(query)])


def _queries() -> list[JudgedQuery]:
    rng, found = np.random.default_rng(0), []

    def text(*words: str, fillers: int = 2) -> str:
        return " ".join([*words, *rng.choice(FILLERS.split(), size=fillers, replace=False)])

    for topic, slang in TOPICS.items():
        train = [text(slang, fillers=3) for _ in NAMES]
        splits: dict[Split, list[str]] = {
            "train": train,
            "dev": [text(slang) for _ in NAMES],
            "test": [f"{train[0]}?", *(text(slang) for _ in NAMES[1:])],
        }
        for split, texts in splits.items():
            found += [_query(topic, split, number, each) for number, each in enumerate(texts)]
    return found


def _query(topic: str, split: Split, number: int, text: str) -> JudgedQuery:
    intent, symptom = ("faq", "support") if topic in HELP else ("recommendation", "phrasing")
    return JudgedQuery(
        query_id=f"{split}-{topic}-{number}", text=text, split=split, intent=intent, language="en", symptom=symptom
    )


def _judged(query: JudgedQuery) -> list[Judgement]:
    """2 for three of the five titles about the topic, or for the article; 0 for the other two, and for some others."""
    _, topic, number = query.query_id.split("-")
    if topic in HELP:
        judged, answers = [f"help-{about}" for about in HELP], {f"help-{topic}"}
    else:
        judged = [f"{topic}-{place}" for place in range(len(NAMES))]
        judged += [f"{story}-{number}" for story in STORIES if story != topic]
        answers = {f"{topic}-{(int(number) + step) % len(NAMES)}" for step in range(3)}
    return [Judgement(query_id=query.query_id, doc_id=doc_id, grade=2 * (doc_id in answers)) for doc_id in judged]


def write_small_shop_files(folder: Path) -> None:
    """The small shop as the four files of the sample shop."""
    shop = small_shop()
    write_rows(folder / "catalogue.jsonl", [title.model_dump() for title in shop.titles])
    write_rows(folder / "articles.jsonl", [article.model_dump() for article in shop.articles])
    write_rows(folder / "judged_queries.jsonl", [query.model_dump() for query in shop.queries])
    write_rows(folder / "judgements.jsonl", [judgement.model_dump() for judgement in shop.judgements])


def write_reviewed_shop_files(folder: Path) -> None:
    """The same with a review, as the demo writes them: of what may be proposed one is accepted and one rejected."""
    write_small_shop_files(folder)
    shop = small_shop()
    made = generate_synthetic(shop.titles, shop.articles, amount=2, rng=np.random.default_rng(REVIEW_SEED))
    said = zip(made, ("accepted", "rejected"), strict=True)
    write_rows(folder / REVIEW_FILE, [asdict(each) | {"status": status, "reviewer": "ann"} for each, status in said])


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_small_log(folder: Path) -> None:
    """The search log of the small shop, its own retriever being the frozen encoder."""
    shop, encoder = small_shop(), WordsEncoder()
    texts = [f"{title.title} {title.description}" for title in shop.titles]
    texts += [f"{article.title} {article.body}" for article in shop.articles]

    def rank_all(typed: Sequence[str]) -> Mapping[str, Sequence[DocId]]:
        ids = [QueryId(text) for text in typed]
        run = search_run(ids, encoder.encode(typed), shop.doc_ids, encoder.encode(texts), depth=40)
        return {text: ranked(run[text]) for text in ids}

    write_log_files(shop, folder, rank_all, amount=SEARCHES, seed=0)


A_DAY_THAT_TRAINS = datetime(2026, 4, 1, tzinfo=UTC)
A_DAY_HELD_OUT = datetime(2026, 4, 30, tzinfo=UTC)


def log_a_click(
    workspace: Workspace, query_id: str, text: str, doc_id: str, *, at: datetime = A_DAY_THAT_TRAINS
) -> None:
    """One search with one result, shown and clicked, in a session of its own."""
    query = {"query_id": query_id, "client_id": "c1", "user_query": text, "timestamp": at.isoformat()}
    events = [
        {
            "event_id": f"{query_id}-{name}",
            "query_id": query_id,
            "session_id": f"session of {query_id}",
            "client_id": "c1",
            "action_name": name,
            "timestamp": (at + timedelta(seconds=second)).isoformat(),
            "event_attributes": {"object": {"object_id": doc_id}, "position": {"ordinal": 1}},
        }
        for second, name in enumerate(("impression", "click"))
    ]
    ingest(workspace, "queries", write_rows(workspace.root / "more" / "queries.jsonl", [query]))
    ingest(workspace, "events", write_rows(workspace.root / "more" / "events.jsonl", events))


def ingested_shop(root: Path) -> Workspace:
    """A workspace with the small shop and its log taken in."""
    workspace = Workspace.create(root)
    files = root / "files"
    write_small_shop_files(files)
    write_small_log(files)
    ingest_directory(workspace, files, progress=no_progress)
    return workspace


def quick_recipes(rung: Rung, *, like: Recipe | None = None, hard_negatives: bool = True) -> tuple[Recipe, ...]:
    """The first two of the real recipes, the gradient ones with three short rounds."""
    return tuple(_quick(each) for each in recipes_for(rung, like=like, hard_negatives=hard_negatives)[:2])


def _quick(recipe: Recipe) -> Recipe:
    if not isinstance(recipe, GradientRecipe):
        return recipe
    return replace(recipe, rounds=3, learning_rate=1e-2, positives_per_query=None, corpus_batch=16)


def same_latency(*_arguments: object, **_options: object) -> LatencyAddon:
    """A latency that is the same in every run, so that reports can be compared."""
    return LatencyAddon(p50_ms=0.01, p99_ms=0.02, rounds=5)


def same_service_latency(*_arguments: object, **_options: object) -> ServiceLatency:
    """The same for the whole service."""
    return ServiceLatency(
        addon=Percentiles(0.01, 0.02),
        routing=Percentiles(1.0, 2.0),
        response=Percentiles(3.0, 5.0),
        live_response=Percentiles(2.5, 4.0),
        queries=2_000,
        rounds=5,
    )


def load_words_encoder(*_told: object, **_options: object) -> WordsEncoder:
    return WordsEncoder()


def make_small(put: Callable[[str, object], None]) -> None:
    """Puts the small shop, the words encoder and quick training where the loop and the commands look for them."""
    put("mangaassist.loop.catalogue.load_encoder", load_words_encoder)
    put("mangaassist.commands.bench.load_encoder", load_words_encoder)
    put("mangaassist.commands.demo.load_encoder", load_words_encoder)
    put("mangaassist.loop.contenders.latency_addon", same_latency)
    put("mangaassist.commands.demo.time_candidate", same_service_latency)
    put("mangaassist.commands.learning.time_candidate", same_service_latency)
    put("mangaassist.adapter.selection.recipes_for", quick_recipes)
    put("mangaassist.adapter.training.THREADS", 1)
    put("mangaassist.commands.demo.sample_shop", small_shop)
    put("mangaassist.commands.demo.write_shop_files", write_reviewed_shop_files)
