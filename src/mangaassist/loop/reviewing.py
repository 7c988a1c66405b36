"""A reviewer's file in, decided proposals of synthetic pairs out: proposed, written for review, taken in again.

They lie in `pairs/synthetic.jsonl`, one a line. A proposal's text and document never change; only its status does.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, get_args

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError, ValidationInfo, field_validator

from mangaassist.core.errors import DataError, WorkspaceError
from mangaassist.core.files import write_atomic
from mangaassist.data import Problem, Workspace, articles, read_rows, titles
from mangaassist.data.contracts import Id, ObjectId, OptionalText, Record, Text
from mangaassist.data.lines import BadRow, Row
from mangaassist.data.problems import first_problem, refusal
from mangaassist.feedback import Reviewer, Verdict
from mangaassist.loop.judged import judged_split
from mangaassist.loop.review_queue import decided_synthetic, review_store, settled_items
from mangaassist.pairs import Status, SyntheticPair, as_pair, drop_leaks, generate_synthetic

SHOWN_PROBLEMS = 5

_PROPOSAL = TypeAdapter(SyntheticPair)


class ReviewRow(Record):
    """One line of a review file; `heading` is there for the reviewer and is not read."""

    id: Id
    query_text: Text
    doc_id: ObjectId
    status: Status
    reviewer: Annotated[OptionalText, Field(validate_default=True)] = None

    @field_validator("reviewer")
    @classmethod
    def _stands_behind_a_decision(cls, reviewer: str | None, info: ValidationInfo) -> str | None:
        if reviewer is None and info.data.get("status") in ("accepted", "rejected"):
            raise refusal("no_reviewer", "is empty", "name who decided, or leave the row pending")
        return reviewer


def read_proposals(workspace: Workspace) -> list[SyntheticPair]:
    """Every proposal with what was decided on it, by id; none if nothing was ever proposed.

    A decision of the review queue goes before one that a file brought: a file's are entered there, too.
    """
    decided = decided_synthetic(settled_items(workspace))
    return [
        replace(each, status=decided[each.id][0], reviewer=decided[each.id][1]) if each.id in decided else each
        for each in _stored(workspace)
    ]


def _stored(workspace: Workspace) -> list[SyntheticPair]:
    path = _path(workspace)
    if not path.is_file():
        return []
    try:
        return [_PROPOSAL.validate_json(line) for line in path.read_bytes().splitlines()]
    except ValidationError:
        raise WorkspaceError(f"{path}: is damaged; restore it from a backup: it holds reviewers' decisions") from None


def propose(workspace: Workspace, *, amount: int, rng: np.random.Generator) -> int:
    """Adds up to `amount` proposals from the catalogue's metadata, none near a test query; how many are new.

    Twice as many are made, because some are known already or leak.
    """
    known = {proposal.id: proposal for proposal in _stored(workspace)}
    made = generate_synthetic(titles(workspace), articles(workspace), amount=2 * amount + len(known), rng=rng)
    test = judged_split(workspace, "test")
    harmless, _leaks = drop_leaks([as_pair(proposal) for proposal in made], test.queries, test.qrels)
    allowed = {pair.evidence for pair in harmless}
    new = [proposal for proposal in made if (proposal.id,) in allowed and proposal.id not in known][:amount]
    _write(workspace, [*known.values(), *new])
    return len(new)


def export_review(workspace: Workspace, path: Path) -> int:
    """Writes every proposal as a line a reviewer fills in; how many. Raises DataError if there are none."""
    proposals = read_proposals(workspace)
    if not proposals:
        raise DataError(f"{workspace.root} has no proposals to review; make some: `mangaassist pairs propose 300`")
    headings = {title.title_id: title.title for title in titles(workspace)}
    headings |= {article.article_id: article.title for article in articles(workspace)}
    write_atomic(path, _lines(_review_row(each, headings.get(each.doc_id, "")) for each in proposals))
    return len(proposals)


def import_review(workspace: Workspace, path: Path) -> Mapping[str, int]:
    """Takes a reviewer's file in and gives how many proposals were accepted and rejected by it.

    A pending row decides nothing and undoes nothing; a later decision replaces an earlier one. If any row is invalid
    none is taken: raises DataError that names the lines.
    """
    known = {proposal.id: proposal for proposal in _stored(workspace)}
    decided: dict[str, SyntheticPair] = {}
    problems = []
    for row in read_rows(path):
        read = _read(row, known, decided)
        if isinstance(read, Problem):
            problems.append(f"line {row.line}: {read}")
        elif read.status != "pending":
            decided[read.id] = read
    if problems:
        more = f"; and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
        raise DataError(f"{path}: no row was taken in: {'; '.join(problems[:SHOWN_PROBLEMS])}{more}")
    _write(workspace, (known | decided).values())
    _enter(workspace, decided.values())
    count = Counter(proposal.status for proposal in decided.values())
    return {status: count[status] for status in get_args(Status) if status != "pending"}


def _enter(workspace: Workspace, decided: Iterable[SyntheticPair]) -> None:
    """Decide in the queue, too, on those that wait there: who may import a file may overrule."""
    store = review_store(workspace)
    waiting = {item.id for item in store.items(kinds=["synthetic"])}
    for each in decided:
        if each.id in waiting:
            verdict: Verdict = "accept" if each.status == "accepted" else "reject"
            store.decide(each.id, Reviewer(each.reviewer, "admin"), verdict, note="from a file")


def _read(
    row: Row | BadRow, known: Mapping[str, SyntheticPair], decided: Mapping[str, SyntheticPair]
) -> SyntheticPair | Problem:
    """The proposal as this row decides it, or why the row cannot be taken."""
    if isinstance(row, BadRow):
        return row.problem
    try:
        said = ReviewRow.model_validate(row.values)
    except ValidationError as error:
        return first_problem(error)
    proposal = known.get(said.id)
    if proposal is None:
        return Problem("id", f"{said.id!r} was never proposed here", "import into the workspace that exported it")
    if (said.query_text, said.doc_id) != (proposal.query_text, proposal.doc_id):
        return Problem("query_text", "or doc_id differs from what was proposed", "reject the row instead of editing it")
    earlier = decided.get(said.id)
    if earlier is not None and said.status not in ("pending", earlier.status):
        return Problem("status", f"{said.status} after {earlier.status} in the same file", "keep one of the two rows")
    return replace(proposal, status=said.status, reviewer=said.reviewer or "")


def _review_row(proposal: SyntheticPair, heading: str) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "query_text": proposal.query_text,
        "doc_id": proposal.doc_id,
        "heading": heading,
        "status": proposal.status,
        "reviewer": proposal.reviewer,
    }


def _path(workspace: Workspace) -> Path:
    return workspace.pairs / "synthetic.jsonl"


def _write(workspace: Workspace, proposals: Iterable[SyntheticPair]) -> None:
    by_id = sorted(proposals, key=lambda proposal: proposal.id)
    with workspace.writing():
        write_atomic(_path(workspace), _lines(asdict(proposal) for proposal in by_id))


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
