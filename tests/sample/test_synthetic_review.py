"""The decisions that the sample ships are about the proposals that its catalogue yields, word for word."""

import json
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mangaassist.data import Workspace, ingest_directory
from mangaassist.loop import import_review, propose, read_proposals
from mangaassist.pairs import SyntheticPair
from mangaassist.sample import FIRST_RUN_PROPOSALS, REVIEW_FILE, REVIEW_SEED, sample_shop, write_shop_files


@pytest.fixture(scope="module")
def decisions() -> list[dict[str, Any]]:
    path = resources.files("mangaassist.sample") / "shop" / REVIEW_FILE
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The sample shop with its 3,000 proposals; read only."""
    folder = tmp_path_factory.mktemp("sample")
    write_shop_files(folder / "files")
    workspace = Workspace.create(folder / "shop")
    ingest_directory(workspace, folder / "files")
    propose(workspace, amount=FIRST_RUN_PROPOSALS, rng=np.random.default_rng(REVIEW_SEED))
    return workspace


@pytest.fixture(scope="module")
def proposals(workspace: Workspace) -> dict[str, SyntheticPair]:
    return {proposal.id: proposal for proposal in read_proposals(workspace)}


def test_the_sample_proposes_the_documented_first_run(proposals: dict[str, SyntheticPair]) -> None:
    assert len(proposals) == FIRST_RUN_PROPOSALS == 3_000


def test_every_decision_is_about_a_proposal_of_the_sample_with_its_very_text_and_document(
    decisions: list[dict[str, Any]], proposals: dict[str, SyntheticPair]
) -> None:
    """A generator that writes other texts would orphan decisions that somebody made."""
    decided = {row["id"]: (row["query_text"], row["doc_id"]) for row in decisions}
    proposed = {each.id: (each.query_text, each.doc_id) for each in proposals.values() if each.id in decided}

    assert len(decided) == len(decisions)
    assert decided == proposed


def test_a_reviewer_decided_on_all_but_the_cold_documents(
    decisions: list[dict[str, Any]], proposals: dict[str, SyntheticPair]
) -> None:
    cold = sample_shop().cold

    assert {row["id"] for row in decisions} == {each.id for each in proposals.values() if each.doc_id not in cold}
    assert {row["reviewer"] for row in decisions} == {"sample-editor"}
    assert Counter(row["status"] for row in decisions) == {"accepted": 2_307, "rejected": 241}


def test_the_decisions_are_taken_in_as_they_are_written(
    decisions: list[dict[str, Any]], workspace: Workspace, tmp_path: Path
) -> None:
    write_shop_files(tmp_path)

    taken = import_review(workspace, tmp_path / REVIEW_FILE)

    assert taken == Counter(row["status"] for row in decisions)
    assert Counter(each.status for each in read_proposals(workspace))["pending"] == 3_000 - len(decisions)


def test_no_proposal_of_the_sample_says_a_facet_as_a_machine_would(proposals: dict[str, SyntheticPair]) -> None:
    texts = [proposal.query_text for proposal in proposals.values()]

    assert not [text for text in texts if "_" in text or text != text.lower() or "  " in text]
