"""A BEIR set in; its documents, judged queries and judgements in a workspace's tables out.

Bad rows are set aside with file, line and reason, as in every ingest. A judgement of a query or document that
is not there, or was itself set aside, is a bad row too, and so is one in a split that its query is not of.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from mangaassist.core.errors import WorkspaceError
from mangaassist.core.files import canonical_json, sha256_bytes
from mangaassist.core.types import GroupId, Progress, Query, QueryId, no_progress
from mangaassist.data.beir_contracts import BeirDocument, BeirQuery, BeirTitle
from mangaassist.data.beir_folder import BeirFiles, judgement_rows
from mangaassist.data.contracts import Split
from mangaassist.data.filing import writer
from mangaassist.data.ingest import IngestReport, Intake, identity_of, take_in_from
from mangaassist.data.kinds import KINDS
from mangaassist.data.ledger import all_entries
from mangaassist.data.lines import RAW_LIMIT, BadRow, Row
from mangaassist.data.problems import Problem
from mangaassist.data.reading import fingerprint
from mangaassist.data.rows import read_rows
from mangaassist.data.tables import articles, judged_queries, titles
from mangaassist.data.workspace import Workspace

_TITLES: Final = replace(KINDS["titles"], model=BeirTitle)
_DOCUMENTS: Final = replace(KINDS["articles"], model=BeirDocument)
_QUERIES: Final = replace(KINDS["judged_queries"], model=BeirQuery)

SplitOf = Mapping[str, Split]


def read_beir_queries(files: BeirFiles) -> dict[QueryId, Query]:
    """The queries of the set that a workspace would take, by id, before any is taken; broken rows are passed over."""
    found: dict[QueryId, Query] = {}
    for row in read_rows(files.queries):
        try:
            told = row.values if isinstance(row, Row) else {}
            query = BeirQuery.model_validate({**told, "split": "train"})
        except ValidationError:
            continue
        group = GroupId(query.group) if query.group else None
        found.setdefault(QueryId(query.query_id), Query(QueryId(query.query_id), query.text, group=group))
    return found


def ingest_beir(
    workspace: Workspace, files: BeirFiles, split_of: SplitOf, *, progress: Progress = no_progress
) -> list[IngestReport]:
    """Take the set in, documents first; the same set again does nothing, so that a killed run goes on.

    split_of: query id → split; queries that are in none are not taken.
    Raises WorkspaceError if the workspace holds other files: a set is measured by itself.
    """
    with writer(workspace):
        intakes = _intakes(workspace, files, split_of)
        own = {(each.kind.name, identity_of(each, fingerprint(each.path).sha256)) for each in intakes}
        others = [entry.file for entry in all_entries(workspace.engine) if (entry.kind, entry.sha256) not in own]
        if others:
            raise WorkspaceError(
                f"{workspace.root}: is a workspace already and holds {others[0]}; choose another directory for the set"
            )
        return [take_in_from(workspace, intake, progress) for intake in intakes]


def _intakes(workspace: Workspace, files: BeirFiles, split_of: SplitOf) -> list[Intake]:
    kind, key = (_TITLES, "title_id") if files.is_catalogue else (_DOCUMENTS, "_id")
    told = sha256_bytes(canonical_json(dict(sorted(split_of.items()))))
    return [
        Intake(kind, files.documents, _each_once(key), told="beir"),
        Intake(_QUERIES, files.queries, _judged_only(split_of), told=f"beir {told}"),
        *(
            Intake(KINDS["judgements"], path, _known_only(workspace, split, files), told=f"beir {split} {told}")
            for split, path in files.qrels.items()
        ),
    ]


Reader = Callable[[Path, Path], Iterator[Row | BadRow]]


def _each_once(key: str) -> Reader:
    """The rows of a file, an id that came before as a bad row."""

    def read(path: Path, scratch: Path) -> Iterator[Row | BadRow]:
        seen: set[str] = set()
        for row in read_rows(path, scratch=scratch):
            name = _id_in(row, key)
            if name in seen:
                yield _refused(
                    row, Problem(key, f"the id {name!r} occurs twice", "give each row its own; the first counts")
                )
            else:
                yield row
            seen |= {name} - {""}

    return read


def _judged_only(split_of: SplitOf) -> Reader:
    """The queries that are in a split, each with it; what has no readable id stays, to be refused."""

    def read(path: Path, scratch: Path) -> Iterator[Row | BadRow]:
        for row in _each_once("_id")(path, scratch):
            name = _id_in(row, "_id")
            if isinstance(row, BadRow) or not name:
                yield row
            elif name in split_of:
                yield Row(row.line, {**row.values, "split": split_of[name]})

    return read


def _known_only(workspace: Workspace, split: Split, files: BeirFiles) -> Reader:
    """The judgements of a split whose query and document were taken in before; train's may be a carved dev's."""
    of: set[Split] = {split, "dev"} if split == "train" and "dev" not in files.qrels else {split}

    def read(path: Path, _scratch: Path) -> Iterator[Row | BadRow]:
        queries = {query.query_id: query.split for query in judged_queries(workspace)}
        documents = {title.title_id for title in titles(workspace)}
        documents |= {article.article_id for article in articles(workspace)}
        for row in judgement_rows(path):
            problem = _unknown(row.values, queries, documents, split, of) if isinstance(row, Row) else None
            yield row if problem is None else _refused(row, problem)

    return read


def _unknown(
    judgement: Mapping[str, Any], queries: SplitOf, documents: set[str], split: Split, of: set[Split]
) -> Problem | None:
    """What is wrong with a judgement's ids, and what to do; None if it speaks of what is there.

    of: the splits whose queries may be judged in the file of `split`.
    """
    query_id, doc_id = judgement["query_id"], judgement["doc_id"]
    if query_id not in queries:
        reason = f"names the query {query_id!r}, which was not taken in"
        return Problem("query-id", reason, "add it to queries.jsonl, or remove the judgement")
    if queries[query_id] not in of:
        reason = f"judges {query_id!r} for {split}, which is judged for {queries[query_id]} too"
        return Problem("query-id", reason, "keep the query in one split")
    if doc_id not in documents:
        reason = f"names the document {doc_id!r}, which was not taken in"
        return Problem("corpus-id", reason, "add it to the corpus, or remove the judgement")
    return None


def _id_in(row: Row | BadRow, key: str) -> str:
    """The id of a row as the tables will have it; empty if it has none."""
    value = row.values.get(key) if isinstance(row, Row) else None
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _refused(row: Row | BadRow, problem: Problem) -> BadRow:
    raw = json.dumps(row.values, ensure_ascii=False, default=str) if isinstance(row, Row) else row.raw
    return BadRow(row.line, problem, raw[:RAW_LIMIT])
