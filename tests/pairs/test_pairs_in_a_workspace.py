"""Editorial and synthetic pairs from files to what trains, on a shop of a few titles without any log."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mangaassist.core.errors import DataError, LeakageError, WorkspaceError
from mangaassist.core.types import Query, QueryId
from mangaassist.data import Title, Workspace, ingest_directory
from mangaassist.loop import (
    Settings,
    export_review,
    import_review,
    make_pairs,
    propose,
    read_pairs,
    read_proposals,
)
from mangaassist.loop.training import _text_groups
from mangaassist.queries import TitleResolver

TITLES = [
    {"title_id": "berserk", "title": "Berserk", "genres": ["fantasy"], "tones": ["dark"], "authors": ["K. Miura"]},
    {"title_id": "claymore", "title": "Claymore", "genres": ["fantasy"], "tones": ["dark"]},
    {"title_id": "slime", "title": "Slime Diaries", "genres": ["fantasy"], "tones": ["funny"], "themes": ["towns"]},
    {"title_id": "op", "title": "OP", "genres": ["fantasy"], "tones": ["funny"]},
]
CURATED = [
    {"title_id": "berserk", "similar_id": "claymore", "shared": "dark swords"},
    {"title_id": "claymore", "similar_id": "berserk"},
    {"title_id": "op", "similar_id": "slime"},
]


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose one test query asks for a story of ghosts."""
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(tmp_path / "keys" / "privacy.key"))
    workspace = Workspace.create(tmp_path / "shop")
    write(tmp_path / "files" / "catalogue.jsonl", TITLES)
    write(tmp_path / "files" / "curated.jsonl", CURATED)
    ingest_directory(workspace, tmp_path / "files")
    judge(workspace, "t1", "ghosts at school", "op")
    return workspace


def judge(workspace: Workspace, query_id: str, text: str, doc_id: str, **more: str) -> None:
    folder = workspace.root.parent / f"judged-{query_id}"
    write(folder / "judged_queries.jsonl", [{"query_id": query_id, "text": text, "split": "test", **more}])
    write(folder / "judgements.jsonl", [{"query_id": query_id, "doc_id": doc_id, "grade": 2}])
    ingest_directory(workspace, folder)


def stored(workspace: Workspace) -> set[tuple[str, str]]:
    return {(pair.query_text, pair.positive) for pair in read_pairs(workspace, Settings()).pairs}


def proposed(workspace: Workspace) -> Path:
    """A review file of every proposal that the catalogue yields."""
    propose(workspace, amount=100, rng=np.random.default_rng(0))
    path = workspace.root.parent / "review.jsonl"
    export_review(workspace, path)
    return path


def decide(path: Path, decisions: Mapping[str, str]) -> list[dict[str, Any]]:
    """The review file with the rows of these texts decided on by ann; its rows."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        if row["query_text"] in decisions:
            row |= {"status": decisions[row["query_text"]], "reviewer": "ann"}
    write(path, rows)
    return rows


def test_curated_rows_train_without_any_log(shop: Workspace) -> None:
    counts = make_pairs(shop, Settings())

    editorial = counts["sources"]["editorial"]
    assert (editorial["raw_events"], editorial["pairs"], editorial["dropped"]) == (3, 3, {})
    assert stored(shop) == {
        ("manga like Berserk: dark swords", "claymore"),
        ("manga like Claymore", "berserk"),
        ("manga like OP", "slime"),
    }


def test_a_shop_without_curated_rows_has_no_editorial_source(shop: Workspace, tmp_path: Path) -> None:
    bare = Workspace.create(tmp_path / "bare")

    with pytest.raises(DataError, match="ingest a search log"):
        make_pairs(bare, Settings())


def test_a_pair_of_a_title_that_a_test_query_names_is_dropped_and_so_is_its_mirror_image(shop: Workspace) -> None:
    judge(shop, "t2", "berserk but kinder", "claymore")

    counts = make_pairs(shop, Settings())

    assert counts["sources"]["editorial"]["dropped"] == {"leaks_test_reference": 2}
    assert stored(shop) == {("manga like OP", "slime")}


def test_a_leaking_pair_that_nobody_dropped_stops_everything(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(shop, "t2", "berserk but kinder", "claymore")
    monkeypatch.setattr("mangaassist.loop.pairing.without_leaks", lambda human, _test: human)

    with pytest.raises(LeakageError, match="editorial reference"):
        make_pairs(shop, Settings())
    assert not (shop.pairs / "pairs.parquet").exists()


def test_a_reference_that_only_the_judgement_tells_is_dropped_too_however_short_its_name(shop: Workspace) -> None:
    judge(shop, "t2", "pirates please", "slime", reference="op")

    assert make_pairs(shop, Settings())["sources"]["editorial"]["dropped"] == {"leaks_test_reference": 1}
    assert ("manga like OP", "slime") not in stored(shop)


def test_an_editors_query_is_of_the_group_of_the_judged_queries_that_name_its_title(shop: Workspace) -> None:
    make_pairs(shop, Settings())
    resolver = TitleResolver([Title.model_validate(title) for title in TITLES])
    judged = Query(QueryId("j1"), "berserk but kinder", group="title:berserk")  # type: ignore[arg-type]

    groups = _text_groups(read_pairs(shop, Settings()).pairs, [judged], resolver)

    assert groups["manga like Berserk: dark swords"] == groups["berserk but kinder"]
    assert groups["manga like Claymore"] != groups["berserk but kinder"]


def test_pending_proposals_do_not_train(shop: Workspace) -> None:
    proposed(shop)

    counts = make_pairs(shop, Settings())

    synthetic = counts["sources"]["synthetic"]
    assert synthetic["pairs"] == 0
    assert synthetic["dropped"] == {"pending": synthetic["raw_events"]}
    assert counts["synthetic_share"] == 0.0


def test_an_accepted_proposal_trains_under_the_cap_and_a_rejected_one_is_a_negative_of_its_text(
    shop: Workspace,
) -> None:
    path = proposed(shop)
    rows = decide(path, {"funny fantasy manga": "rejected", "dark fantasy manga": "accepted"})
    twins = {row["doc_id"] for row in rows if row["query_text"] == "dark fantasy manga"}
    write(
        path, [row | {"status": "rejected"} if row["doc_id"] == "claymore" else row for row in rows if row["reviewer"]]
    )

    assert import_review(shop, path) == {"accepted": 1, "rejected": 2}
    counts = make_pairs(shop, Settings())

    [pair] = [pair for pair in read_pairs(shop, Settings()).pairs if pair.source == "synthetic"]
    assert twins == {"berserk", "claymore"}
    assert (pair.query_text, pair.positive, pair.negatives) == ("dark fantasy manga", "berserk", ("claymore",))
    assert 0 < counts["synthetic_share"] < 0.2


def test_no_proposal_is_near_a_test_query(shop: Workspace) -> None:
    judge(shop, "t2", "dark fantasy manga!", "claymore")

    texts = {json.loads(line)["query_text"] for line in proposed(shop).read_text().splitlines()}

    assert "funny fantasy manga about towns" in texts
    assert "dark fantasy manga" not in texts


def test_a_decided_proposal_near_a_later_test_query_is_dropped_with_its_rejections(shop: Workspace) -> None:
    path = proposed(shop)
    rows = decide(path, {"dark fantasy manga": "accepted"})
    write(
        path, [row | {"status": "rejected"} if row["doc_id"] == "claymore" else row for row in rows if row["reviewer"]]
    )
    import_review(shop, path)
    judge(shop, "t2", "dark fantasy manga!", "slime")

    dropped = make_pairs(shop, Settings())["sources"]["synthetic"]["dropped"]

    assert (dropped["near_test_query"], dropped["rejected"]) == (1, 1)
    assert not [pair for pair in read_pairs(shop, Settings()).pairs if pair.source == "synthetic"]


def test_proposing_again_adds_nothing_and_keeps_decisions(shop: Workspace) -> None:
    path = proposed(shop)
    decide(path, {"dark fantasy manga": "accepted"})
    import_review(shop, path)
    before = read_proposals(shop)

    assert propose(shop, amount=100, rng=np.random.default_rng(0)) == 0
    assert read_proposals(shop) == before


def test_what_a_generator_of_before_wrote_is_still_known(shop: Workspace) -> None:
    old = {"id": "syn-1", "query_text": "help with op", "doc_id": "op", "generator": "article_question"}
    write(shop.pairs / "synthetic.jsonl", [old | {"status": "accepted", "reviewer": "ann"}])

    assert make_pairs(shop, Settings())["sources"]["synthetic"]["trained"] == 1


def test_a_review_file_says_all_a_reviewer_needs(shop: Workspace) -> None:
    row = json.loads(proposed(shop).read_text().splitlines()[0])

    assert set(row) == {"id", "query_text", "doc_id", "heading", "status", "reviewer"}
    assert (row["status"], row["reviewer"]) == ("pending", "")
    assert row["heading"] in {title["title"] for title in TITLES}


def test_a_pending_row_undoes_no_decision_and_a_later_decision_replaces_one(shop: Workspace) -> None:
    path = proposed(shop)
    untouched = path.read_text()
    decide(path, {"dark fantasy manga": "accepted"})
    import_review(shop, path)
    path.write_text(untouched)

    assert import_review(shop, path) == {"accepted": 0, "rejected": 0}
    assert {each.status for each in read_proposals(shop) if each.query_text == "dark fantasy manga"} == {"accepted"}

    decide(path, {"dark fantasy manga": "rejected"})
    import_review(shop, path)

    assert {each.status for each in read_proposals(shop) if each.query_text == "dark fantasy manga"} == {"rejected"}
    assert {each.reviewer for each in read_proposals(shop) if each.status == "rejected"} == {"ann"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": "syn-0"}, "line 1: id: 'syn-0' was never proposed here"),
        ({"query_text": "better words"}, "line 1: query_text: or doc_id differs from what was proposed"),
        ({"doc_id": "elsewhere"}, "line 1: query_text: or doc_id differs from what was proposed"),
        ({"status": "maybe"}, "line 1: status: "),
        ({"status": "accepted"}, "line 1: reviewer: is empty; name who decided, or leave the row pending"),
        ({"status": None}, "line 1: status: "),
    ],
)
def test_an_invalid_row_is_named_by_its_line_and_nothing_is_taken(
    shop: Workspace, change: dict[str, Any], says: str
) -> None:
    path = proposed(shop)
    rows = decide(path, {"funny fantasy manga": "accepted"})
    undecided = next(row for row in rows if row["status"] == "pending")
    write(path, [undecided | change, *(row for row in rows if row["status"] == "accepted")])
    before = read_proposals(shop)

    with pytest.raises(DataError, match=r"no row was taken in") as caught:
        import_review(shop, path)

    assert says in str(caught.value)
    assert read_proposals(shop) == before


def test_two_decisions_on_one_proposal_and_a_broken_line_are_both_named(shop: Workspace) -> None:
    path = proposed(shop)
    row = json.loads(path.read_text().splitlines()[0]) | {"reviewer": "ann", "status": "accepted"}
    path.write_text("\n".join([json.dumps(row), "{", json.dumps(row | {"status": "rejected"})]))

    with pytest.raises(DataError, match=r"line 2: row: is not JSON.*line 3: status: rejected after accepted"):
        import_review(shop, path)


def test_only_the_first_of_many_invalid_rows_are_shown(shop: Workspace) -> None:
    path = proposed(shop)
    write(path, [{"id": f"x{number}"} for number in range(7)])

    with pytest.raises(DataError, match=r"line 5: .*; and 2 more$"):
        import_review(shop, path)


def test_a_damaged_store_of_decisions_is_an_error_and_never_begun_anew(shop: Workspace) -> None:
    proposed(shop)
    (shop.pairs / "synthetic.jsonl").write_text('{"id": "syn-1"')

    with pytest.raises(WorkspaceError, match="restore it from a backup"):
        propose(shop, amount=3, rng=np.random.default_rng(0))


def test_there_is_nothing_to_export_before_anything_was_proposed(shop: Workspace, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="mangaassist pairs propose"):
        export_review(shop, tmp_path / "review.jsonl")


def test_proposing_more_brings_as_many_new_ones_as_the_metadata_yields(shop: Workspace) -> None:
    assert propose(shop, amount=5, rng=np.random.default_rng(0)) == 5
    assert propose(shop, amount=5, rng=np.random.default_rng(0)) == 5
    assert len(read_proposals(shop)) == 10
