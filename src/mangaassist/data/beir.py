"""A BEIR folder in, a retrieval set out: documents, queries and judged relevance by split.

The corpus is `corpus.jsonl`, or `catalog.jsonl` with titles by our contract, which go through the enriched text.
Such a set is for measuring, so nothing is quarantined: a broken row is a DataError. Any file may end in `.gz`.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from mangaassist.core.errors import DataError
from mangaassist.core.types import INTENTS, DocId, Document, GroupId, Qrels, Query, QueryId, RetrievalSet
from mangaassist.data.beir_contracts import GROUPED_BY, BeirTitle
from mangaassist.data.beir_folder import SPLITS, find_file, judgement_rows
from mangaassist.data.contracts import Title
from mangaassist.data.enrich import DEFAULT_TEMPLATE, Enrichment, documents
from mangaassist.data.lines import BadRow, Row
from mangaassist.data.problems import first_problem
from mangaassist.data.rows import strict_rows

LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a split's qrels name and the folder does not have; those judgements are left out."""

    queries: int
    documents: int


@dataclass(frozen=True, slots=True)
class LoadedSet:
    """A retrieval set, and per split what was missing from it."""

    retrieval_set: RetrievalSet
    missing: Mapping[str, Missing]


def load_beir(
    folder: Path,
    *,
    qrels_folder: str = "qrels",
    enrich: Enrichment = "all",
    template: str | Sequence[str] = DEFAULT_TEMPLATE,
) -> RetrievalSet:
    """The retrieval set of a folder; what its qrels name in vain is logged."""
    loaded = read_beir(folder, qrels_folder=qrels_folder, enrich=enrich, template=template)
    for split, missing in loaded.missing.items():
        if missing.queries or missing.documents:
            LOG.warning("%s: %s: %d queries, %d documents missing", folder, split, missing.queries, missing.documents)
    return loaded.retrieval_set


def read_beir(
    folder: Path,
    *,
    qrels_folder: str = "qrels",
    enrich: Enrichment = "all",
    template: str | Sequence[str] = DEFAULT_TEMPLATE,
) -> LoadedSet:
    """The retrieval set of a folder, with what its qrels name in vain. Raises DataError if a split has nothing left."""
    corpus = load_documents(folder, enrich=enrich, template=template)
    queries = load_queries(folder)
    known = {document.doc_id for document in corpus}
    qrels: dict[str, Qrels] = {}
    missing: dict[str, Missing] = {}
    for split in SPLITS:
        path = find_file(folder / qrels_folder, f"{split}.tsv")
        if path is not None:
            qrels[split], missing[split] = _judged(path, queries, known)
    if not qrels:
        raise DataError(f"{folder / qrels_folder}: no judgements; add {', '.join(f'{split}.tsv' for split in SPLITS)}")
    return LoadedSet(RetrievalSet(folder.resolve().name, corpus, queries, qrels), missing)


def load_documents(
    folder: Path, *, enrich: Enrichment = "all", template: str | Sequence[str] = DEFAULT_TEMPLATE
) -> list[Document]:
    """The corpus in the order of its file; ids must differ. A document that says nothing is left out."""
    corpus = find_file(folder, "corpus.jsonl")
    if corpus is None:
        return documents(load_titles(folder), [], enrich=enrich, template=template)
    found: dict[DocId, Document] = {}
    for row in strict_rows(corpus):
        document = _document(corpus, row)
        if document.doc_id in found:
            raise DataError(f"{corpus}: line {row.line}: the id {document.doc_id!r} occurs twice; give each its own")
        if document.text:
            found[document.doc_id] = document
    return list(found.values())


def load_titles(folder: Path) -> list[Title]:
    """The titles of the folder's `catalog.jsonl`; `members`, its readers, stand for a popularity that is not given."""
    path = find_file(folder, "catalog.jsonl")
    if path is None:
        raise DataError(f"{folder}: neither corpus.jsonl nor catalog.jsonl is there (nor .gz); add one")
    titles: list[Title] = []
    for row in strict_rows(path):
        try:
            titles.append(BeirTitle.model_validate(row.values))
        except ValidationError as error:
            raise DataError(f"{path}: line {row.line}: {first_problem(error)}") from None
    return titles


def catalogue_titles(folder: Path) -> list[Title]:
    """The titles of a folder that has a catalogue; none where its corpus is of other documents."""
    return [] if find_file(folder, "corpus.jsonl") else load_titles(folder)


def load_queries(folder: Path) -> dict[QueryId, Query]:
    """The queries by id; the reference title or the FAQ in their metadata is their group."""
    path = find_file(folder, "queries.jsonl")
    if path is None:
        raise DataError(f"{folder}: queries.jsonl is missing (also as .gz); add it")
    queries: dict[QueryId, Query] = {}
    for row in strict_rows(path):
        query_id = QueryId(_required(path, row, "_id"))
        if query_id in queries:
            raise DataError(f"{path}: line {row.line}: the id {query_id!r} occurs twice; give each its own")
        metadata = row.values.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise DataError(f"{path}: line {row.line}: metadata is no object; write {{}} for none")
        queries[query_id] = _query(query_id, _required(path, row, "text"), metadata)
    return queries


def _query(query_id: QueryId, text: str, metadata: Mapping[str, Any]) -> Query:
    intent = next((intent for intent in INTENTS if metadata.get("intent") == intent), None)
    told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in metadata.items()}
    group = next((GroupId(f"{name}:{told[name]}") for name in GROUPED_BY if metadata.get(name) is not None), None)
    return Query(query_id, text, intent, group, told)


def _document(path: Path, row: Row) -> Document:
    doc_id, heading, body = _required(path, row, "_id"), row.values.get("title") or "", row.values.get("text") or ""
    if not isinstance(heading, str) or not isinstance(body, str):
        raise DataError(f"{path}: line {row.line}: title or text is no text; write both as texts")
    return Document(DocId(doc_id), ". ".join(part for part in (heading.strip(), body.strip()) if part), heading)


def _required(path: Path, row: Row, field: str) -> str:
    value = row.values.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{path}: line {row.line}: {field}: is missing or no text; every row needs it")
    return value


def read_judgements(path: Path) -> dict[QueryId, dict[DocId, int]]:
    """The grades in a BEIR `.tsv` file; raises DataError for a line that is none."""
    qrels: dict[QueryId, dict[DocId, int]] = {}
    for row in judgement_rows(path):
        if isinstance(row, BadRow):
            raise DataError(f"{path}: line {row.line}: {row.problem.reason}; {row.problem.remedy}")
        qrels.setdefault(QueryId(row.values["query_id"]), {})[DocId(row.values["doc_id"])] = row.values["grade"]
    return qrels


def _judged(path: Path, queries: Mapping[QueryId, Query], documents: set[DocId]) -> tuple[Qrels, Missing]:
    """The judgements whose query and document are there, and how many queries and documents are not."""
    named = read_judgements(path)
    no_query = {query_id for query_id in named if query_id not in queries}
    no_document = {doc_id for grades in named.values() for doc_id in grades if doc_id not in documents}
    kept = {
        query_id: {doc_id: grade for doc_id, grade in grades.items() if doc_id in documents}
        for query_id, grades in named.items()
        if query_id in queries
    }
    qrels = {query_id: grades for query_id, grades in kept.items() if grades}
    if not any(grade > 0 for grades in qrels.values() for grade in grades.values()):
        gone = f"{len(no_query)} of its queries and {len(no_document)} of its documents are not in the folder"
        raise DataError(f"{path}: no relevant document is left to find: {gone}; are these the right qrels?")
    return qrels, Missing(len(no_query), len(no_document))
