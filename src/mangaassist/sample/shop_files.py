"""The sample shop's hand-written files in, a folder that `ingest` takes out, its search log simulated.

The texts, queries and judgements are written by hand; the log is simulated from the training queries. So the sample
shows how the loop works, and is no evidence about real users.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from mangaassist.core.files import write_atomic
from mangaassist.core.types import DocId, QueryId
from mangaassist.data.contracts import Article, JudgedQuery, Judgement, Title
from mangaassist.sample.simulator import simulate
from mangaassist.sample.simulator_quota import Targets
from mangaassist.sample.simulator_rows import LoggedSearch
from mangaassist.sample.simulator_texts import Need, all_typed_forms

FIRST_RUN_LOG = Targets(clicks=18_000, carts=4_000)
"""The documented first run's raw events."""

FIRST_RUN_PROPOSALS = 3_000
"""The documented first run's synthetic pairs."""

REVIEW_SEED = 0
"""Seed of the proposals that the sample's reviewer read; with another one the decisions would be about others."""

REVIEW_FILE = "synthetic_review.jsonl"
"""What the reviewer decided; cold documents have no decision in it."""

COLD_SHARE = 0.15
"""Share of the documents that the log never shows: every shop has titles that nobody has met yet."""


@dataclass(frozen=True, slots=True)
class SampleShop:
    """The hand-written part of the sample."""

    titles: Sequence[Title]
    articles: Sequence[Article]
    queries: Sequence[JudgedQuery]
    judgements: Sequence[Judgement]

    @property
    def doc_ids(self) -> list[DocId]:
        """Every document, titles first."""
        return [DocId(title.title_id) for title in self.titles] + [
            DocId(article.article_id) for article in self.articles
        ]

    @property
    def cold(self) -> frozenset[DocId]:
        """The documents that never appear in the log: the same ones always, chosen by the digest of their id."""
        by_digest = sorted(self.doc_ids, key=lambda doc_id: hashlib.sha256(doc_id.encode()).digest())
        return frozenset(by_digest[: round(COLD_SHARE * len(by_digest))])

    def needs(self) -> list[Need]:
        """What shoppers want in the log: the training queries with their judgements."""
        grades: dict[QueryId, dict[DocId, int]] = {}
        for judgement in self.judgements:
            grades.setdefault(QueryId(judgement.query_id), {})[DocId(judgement.doc_id)] = judgement.grade
        names = _other_names(self.titles)
        return [
            Need(query.text, query.intent or "other", grades[QueryId(query.query_id)], _aliases(query.text, names))
            for query in self.queries
            if query.split == "train"
        ]


def sample_shop() -> SampleShop:
    """The sample shop that comes with the package."""
    return SampleShop(
        titles=[Title.model_validate(row) for row in _rows("catalogue")],
        articles=[Article.model_validate(row) for row in _rows("articles")],
        queries=[JudgedQuery.model_validate(row) for row in _rows("judged_queries")],
        judgements=[Judgement.model_validate(row) for row in _rows("judgements")],
    )


def write_shop_files(folder: Path) -> None:
    """Writes the hand-written files: catalogue, help articles, curated pairs, judgements, decisions on proposals.

    Nobody has curated the cold titles yet, as nobody has clicked them: else there would be nothing unknown to measure.
    """
    for name in ("catalogue", "articles", "judged_queries", "judgements"):
        write_atomic(folder / f"{name}.jsonl", _source(name).encode())
    write_atomic(folder / REVIEW_FILE, _source(REVIEW_FILE.removesuffix(".jsonl")).encode())
    cold = sample_shop().cold
    known = [row for row in _rows("curated") if row["title_id"] not in cold and row["similar_id"] not in cold]
    write_atomic(folder / "curated.jsonl", "".join(map(_line, known)).encode())


def write_log_files(
    shop: SampleShop,
    folder: Path,
    rank_all: Callable[[Sequence[str]], Mapping[str, Sequence[DocId]]],
    *,
    amount: int | Targets,
    seed: int,
) -> None:
    """Simulates the search log and writes it as `queries.jsonl` and `events.jsonl`; equal arguments, equal bytes.

    rank_all: the base retriever, for all texts that shoppers may type at once.
    """
    needs = shop.needs()
    texts = sorted({form for forms in all_typed_forms(needs, seed) for form in forms})
    rankings = rank_all(texts)
    popularity = {DocId(title.title_id): title.popularity or 0.0 for title in shop.titles}
    log = simulate(needs, popularity, rankings.__getitem__, amount=amount, seed=seed, cold=shop.cold)
    _write_log(log, folder)


def _write_log(log: Iterable[LoggedSearch], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = {name: folder / f".{name}.tmp" for name in ("queries.jsonl", "events.jsonl")}
    queries, events = unfinished.values()
    with queries.open("w", encoding="utf-8") as query_file, events.open("w", encoding="utf-8") as event_file:
        for search in log:
            query_file.write(_line(search.query))
            event_file.writelines(map(_line, search.events))
    for name, path in unfinished.items():
        path.replace(folder / name)


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _other_names(titles: Iterable[Title]) -> dict[str, str]:
    """A title's usual name → another name that shoppers type for it."""
    names = {}
    for title in titles:
        others = [name for name in (*title.aliases, title.title_romaji or "") if name and name != title.title]
        if others:
            names[title.title.lower()] = others[0].lower()
    return names


def _aliases(text: str, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, other) for name, other in names.items() if len(name) > 3 and name in text)


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _source(name).splitlines() if line.strip()]


def _source(name: str) -> str:
    return (resources.files("mangaassist.sample") / "shop" / f"{name}.jsonl").read_text(encoding="utf-8")
