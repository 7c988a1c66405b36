import json
from pathlib import Path
from typing import Any

import pytest
from command_line import refused, run
from loop_world import small_shop, write_rows

from mangaassist.data import Workspace


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    run("init", "--workspace", tmp_path / "new")
    return tmp_path / "new"


def result(*words: object) -> Any:
    done = run(*words, "--json", "-")
    assert done.exit_code == 0
    return json.loads(done.stdout)


# init


def test_init_makes_a_workspace_and_says_what_comes_next(tmp_path: Path) -> None:
    done = run("init", "--workspace", tmp_path / "new")

    assert done.exit_code == 0
    assert "Next: mangaassist ingest FOLDER" in " ".join(done.stdout.split())
    assert Workspace.open(tmp_path / "new").root == tmp_path / "new"


def test_init_tells_programs_where_it_made_it(tmp_path: Path) -> None:
    assert result("init", "--workspace", tmp_path / "new") == {"workspace": str(tmp_path / "new")}


def test_init_leaves_a_workspace_that_is_there_alone(shop: Workspace) -> None:
    said = refused("init", "--workspace", shop.root)

    assert said.startswith(f"WorkspaceError: {shop.root}: is a workspace already; open it")


# ingest


def test_ingest_takes_a_folder_in_and_counts_every_row(empty: Path, shop: Workspace) -> None:
    taken = result("ingest", shop.root / "files", "--workspace", empty)

    assert set(taken) == {"files", "skipped", "quarantined"}
    assert {each["kind"] for each in taken["files"]} == {
        "titles",
        "articles",
        "judged_queries",
        "judgements",
        "queries",
        "events",
    }
    titles = next(each for each in taken["files"] if each["kind"] == "titles")
    assert titles == {
        "file": "catalogue.jsonl",
        "kind": "titles",
        "rows": 50,
        "accepted": 50,
        "quarantined": 0,
        "repeated": 0,
        "already_ingested": False,
        "erased": 0,
    }
    assert (taken["skipped"], taken["quarantined"]) == ([], 0)


def test_ingesting_the_same_folder_again_does_nothing(shop: Workspace) -> None:
    again = result("ingest", shop.root / "files", "--workspace", shop.root)

    assert all(each["already_ingested"] for each in again["files"])
    assert "known already" in run("ingest", shop.root / "files", "--workspace", shop.root).stdout


def test_bad_rows_are_set_aside_and_the_first_ones_shown(empty: Path, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"title_id": f"m{number}"} for number in range(7)]
    path = write_rows(tmp_path / "catalogue.jsonl", [*rows, {"title_id": "good", "title": "Good"}])

    done = run("ingest", path, "--kind", "titles", "--workspace", empty)

    assert done.exit_code == 0
    said = " ".join(done.stdout.split())
    assert said.count("Set aside catalogue.jsonl, line ") == 5
    assert "… and 2 more rows in" in said


def test_a_file_whose_name_tells_nothing_is_skipped_and_named(empty: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "in" / "titles.jsonl", [{"title_id": "m1", "title": "One"}])
    (tmp_path / "in" / "notes.txt").write_text("not ours")

    taken = run("ingest", tmp_path / "in", "--workspace", empty)

    assert "Skipped notes.txt: its name tells no kind." in taken.stdout


@pytest.mark.parametrize(("kind", "told"), [([], "no --kind"), (["--kind", "manga"], "--kind manga")])
def test_a_single_file_needs_a_known_kind(empty: Path, tmp_path: Path, kind: list[str], told: str) -> None:
    path = write_rows(tmp_path / "things.jsonl", [{"title_id": "m1", "title": "One"}])

    said = refused("ingest", path, *kind, "--workspace", empty)

    assert said.startswith(f"DataError: {path}: {told}; say what the file holds: --kind titles|articles|")


def test_a_file_that_is_not_there_is_named(empty: Path, tmp_path: Path) -> None:
    said = refused("ingest", tmp_path / "gone.jsonl", "--kind", "titles", "--workspace", empty)

    assert said.startswith(f"DataError: {tmp_path / 'gone.jsonl'}: cannot be read")


def test_a_folder_without_known_names_is_refused(empty: Path, tmp_path: Path) -> None:
    assert "no file name tells its kind" in refused("ingest", tmp_path, "--workspace", empty)


# ingest --format

EXPORTED: dict[str, list[dict[str, Any]]] = {
    "ga4": [
        {
            "event_name": "view_search_results",
            "event_timestamp": 1_762_171_200_000_000,
            "user_pseudo_id": "ann",
            "event_params": [{"key": "search_term", "value": {"string_value": "cozy manga"}}],
        },
        {
            "event_name": "select_item",
            "event_timestamp": 1_762_171_205_000_000,
            "user_pseudo_id": "ann",
            "items": [{"item_id": "m1", "index": 0}],
        },
        {"event_name": "page_view"},
        {"event_name": "purchase", "event_timestamp": 0},
    ],
    "segment": [
        {
            "type": "track",
            "event": "Products Searched",
            "timestamp": "2026-11-03T12:00:00Z",
            "anonymousId": "ann",
            "properties": {"query": "cozy manga"},
        },
        {
            "type": "track",
            "event": "Product Clicked",
            "timestamp": "2026-11-03T12:00:05Z",
            "anonymousId": "ann",
            "properties": {"product_id": "m1", "position": 1},
        },
        {"type": "page"},
        {"type": "track", "event": "Order Completed", "timestamp": "yesterday"},
    ],
}


@pytest.mark.parametrize("form", EXPORTED)
def test_an_export_is_searches_and_events_in_one_file(empty: Path, tmp_path: Path, form: str) -> None:
    path = write_rows(tmp_path / "export.jsonl", EXPORTED[form])

    taken = result("ingest", path, "--format", form, "--workspace", empty)

    assert taken == {
        "files": [
            {
                "file": "export.jsonl",
                "format": form,
                "rows": 4,
                "accepted": 2,
                "quarantined": 1,
                "skipped": 1,
                "queries": 1,
                "events": 1,
                "unlinked": 0,
                "repeated": 0,
                "already_ingested": False,
                "erased": 0,
            }
        ],
        "skipped": [],
        "quarantined": 1,
    }
    again = run("ingest", path, "--format", form, "--workspace", empty)
    assert "known already" in again.stdout
    assert "Set aside export.jsonl, line 4, " in again.stdout


def test_a_folder_of_exports_is_taken_in_by_name(empty: Path, tmp_path: Path) -> None:
    folder = tmp_path / "days"
    write_rows(folder / "b.jsonl", EXPORTED["ga4"][1:2])
    write_rows(folder / "a.jsonl", EXPORTED["ga4"][:1])
    (folder / "notes.txt").write_text("not ours")

    taken = run("ingest", folder, "--format", "ga4", "--workspace", empty)

    assert "Skipped notes.txt: its name tells no known file type." in taken.stdout
    assert taken.stdout.index("a.jsonl") < taken.stdout.index("b.jsonl")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--format", "matomo"], "--format matomo; say what the log is written in: --format ubi|ga4|segment"),
        (["--format", "ga4", "--kind", "events"], "--kind events with --format ga4; leave --kind out, an export holds"),
    ],
)
def test_a_format_must_be_known_and_goes_without_a_kind(
    empty: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    path = write_rows(tmp_path / "export.jsonl", EXPORTED["ga4"])

    assert refused("ingest", path, *words, "--workspace", empty).startswith(f"DataError: {path}: {told}")


# embed


def test_embed_encodes_the_catalogue_once(empty: Path, shop: Workspace) -> None:
    run("ingest", shop.root / "files", "--workspace", empty)

    first = result("embed", "--workspace", empty)
    again = result("embed", "--workspace", empty)

    count = len(small_shop().doc_ids)
    assert first == {"encoder": "words@1", "documents": count, "encoded_now": count}
    assert again == {**first, "encoded_now": 0}


def test_embed_without_a_catalogue_says_how_to_get_one(empty: Path) -> None:
    assert "take them in: `mangaassist ingest FOLDER`" in refused("embed", "--workspace", empty)
