from pathlib import Path

import pytest

from mangaassist.adapter import Adapter
from mangaassist.core.types import no_progress
from mangaassist.data import load_beir
from mangaassist.evaluation import run_depth, score_run, summarise
from mangaassist.loop import judged_split, read_settings, texts_in_force, workspace_encoder, workspace_from_beir
from mangaassist.loop.contenders import Shelves
from mangaassist.pairs import split_groups
from mangaassist.queries import PLAIN
from mangaassist.retrieval import search_run

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "stackfaq").is_dir(), reason="needs ../shared/data")
def test_the_frozen_encoder_scores_on_the_workspace_of_stackfaq_as_on_the_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workspace by the code that `evaluate` runs, the set by that of `bench`; the real encoder."""
    monkeypatch.undo()
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(tmp_path / "privacy.key"))
    folder, qrels = SHARED / "stackfaq", "qrels_unseen_faq"

    workspace, taken = workspace_from_beir(tmp_path / "faq", folder, qrels_folder=qrels)
    settings = read_settings(workspace.root)
    encoder, split = workspace_encoder(workspace, settings, no_progress), judged_split(workspace, "test")
    shelf = Shelves(workspace, settings, encoder).of(texts_in_force(workspace, settings))
    run = shelf.retriever(Adapter("identity", encoder.dimension), PLAIN).run(split)
    ours = summarise(score_run(run, split.qrels), split.groups, seed=0).as_json()

    dataset = load_beir(folder, qrels_folder=qrels)
    judged = dataset.qrels["test"]
    queries = [dataset.queries[query_id] for query_id in sorted(judged)]
    documents = encoder.encode([document.text for document in dataset.documents])
    found = search_run(
        [query.query_id for query in queries],
        encoder.encode([query.text for query in queries]),
        [document.doc_id for document in dataset.documents],
        documents,
        depth=run_depth(judged),
    )
    theirs = summarise(score_run(found, judged), split_groups(queries), seed=0).as_json()

    assert taken["quarantined"] == 0
    assert set(ours) == set(theirs)
    assert (ours["queries"], ours["groups"]) == (theirs["queries"], theirs["groups"])
    for metric in ("ndcg@10", "recall@3", "success@3", "bad_top1_rate"):
        assert ours[metric] == pytest.approx(theirs[metric], abs=1e-6)
