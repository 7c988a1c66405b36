import json
import re

import polars as pl
import pytest
from command_line import refused, run
from erased_world import SECRET, event, pseudonym, query, take_in, traces

from mangaassist.data import Workspace, erasures, subject_of, ubi_queries
from mangaassist.loop import pairs_file, registry_of, release_candidate


@pytest.fixture
def lived(shop: Workspace) -> Workspace:
    take_in(shop, "queries-late", [query("q-nobuo", "nobuo", SECRET), query("q-other", "rei", "zorbil tall")])
    take_in(shop, "events-late", [event("e1", "q-nobuo", "nobuo")])
    return shop


def test_a_client_is_forgotten_by_the_id_that_the_shop_knows_and_the_id_is_kept_nowhere(lived: Workspace) -> None:
    words = ("forget", "--client", "nobuo", "--why", "asked to be", "--actor", "mina", "--workspace", lived.root)

    done = run(*words, "--json", "-")

    told = json.loads(done.stdout)
    assert (told["counts"]["queries"], told["counts"]["events"]) == (1, 1)
    assert told["client"] == subject_of(pseudonym(lived, "nobuo"))
    assert (told["dry_run"], told["actor"], told["why"], told["before"]) == (False, "mina", "asked to be", None)
    assert "nobuo" not in done.stdout + done.stderr
    assert traces(lived, "nobuo", pseudonym(lived, "nobuo"), SECRET) == []


def test_a_pseudonym_does_as_well_and_needs_no_key(lived: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    name = pseudonym(lived, "nobuo")
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", "/nowhere/there/is/none.key")

    done = run("forget", "--pseudonym", name, "--why", "asked to be", "--workspace", lived.root)

    assert done.exit_code == 0, done.stderr
    assert traces(lived, name, SECRET) == []
    assert re.search(r"queries +│ +1 ", done.stdout)
    assert "run `mangaassist pairs`, then `train`" in done.stdout
    assert "Backups made before still hold it." in done.stdout


def test_a_dry_run_shows_the_places_and_erases_nothing(lived: Workspace) -> None:
    done = run("forget", "--client", "nobuo", "--why", "a look", "--dry-run", "--workspace", lived.root)

    assert "to erase" in done.stdout
    assert "Nothing was erased." in done.stdout
    assert "q-nobuo" in ubi_queries(lived)["query_id"]
    assert erasures(lived) == []


@pytest.mark.parametrize(
    "words",
    [
        ["--client", "nobuo"],
        ["--client", "nobuo", "--why", " "],
        ["--client", "", "--why", "asked to be"],
        ["--client", "nobuo", "--pseudonym", "f" * 32, "--why", "asked to be"],
        ["--dry-run"],
        ["--pseudonym", "nobuo", "--why", "asked to be"],
    ],
)
def test_a_call_that_leaves_open_who_or_why_is_refused(lived: Workspace, words: list[str]) -> None:
    done = run("forget", *words, "--workspace", lived.root)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert erasures(lived) == []


def test_another_key_than_the_workspaces_finds_nobody_and_is_refused(
    lived: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = lived.root.parent / "other.key"
    other.write_text("a key of another shop altogether")
    other.chmod(0o600)
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(other))

    told = refused("forget", "--client", "nobuo", "--why", "asked to be", "--workspace", lived.root)

    assert "is not the privacy key that this workspace's pseudonyms were made with" in told
    assert erasures(lived) == []


def test_while_another_command_writes_it_is_refused(lived: Workspace) -> None:
    with lived.lock():
        told = refused("forget", "--client", "nobuo", "--why", "asked to be", "--workspace", lived.root)

    assert told.startswith("WorkspaceLocked: ")


def test_lineage_shows_a_person_that_pairs_were_erased(shop: Workspace) -> None:
    release = release_candidate(shop, actor="mina", why="a test", override="a test")
    client = pl.read_parquet(pairs_file(shop))["client"].drop_nulls().sort()[0]

    run("forget", "--pseudonym", client, "--why", "asked to be", "--actor", "mina", "--workspace", shop.root)

    shown = run("releases", "--lineage", release, "--workspace", shop.root).stdout
    assert re.search(r"erased \d{4}-\d\d-\d\dT.* by mina: asked to be", shown)
    assert re.search(r"kept, \d+ rows erased", shown)
    assert registry_of(shop).aliases().live == release


def test_ingest_shows_how_many_rows_are_left_out(lived: Workspace) -> None:
    run("forget", "--client", "nobuo", "--why", "asked to be", "--workspace", lived.root)

    shown = run("ingest", lived.root / "more", "--workspace", lived.root)

    assert "known already, 1 erased" in shown.stdout
