import json
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import loop_child
import pytest
from command_line import refused, run

from mangaassist.data import Workspace
from mangaassist.loop import decide, read_settings, release_candidate
from mangaassist.promotion import IDENTITY

RELEASE = "embed-adapter-v01"


@pytest.fixture
def released(shop: Workspace) -> Workspace:
    decide(shop, read_settings(shop.root))
    release_candidate(shop, actor="mina", why="a test", override="to serve it")
    return shop


def searched(*words: object) -> dict[str, Any]:
    done = run("search", *words, "--json", "-")
    assert done.exit_code == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_index_builds_once_and_then_is_up_to_date(released: Workspace) -> None:
    first = run("index", "--workspace", released.root)
    second = run("index", "--workspace", released.root, "--json", "-")

    assert first.stdout == f"The index of {RELEASE}, 54 documents, is built.\n"
    assert json.loads(second.stdout)["action"] == "up to date"


def test_index_needs_no_lock_of_the_workspace(released: Workspace) -> None:
    with released.lock():
        assert run("index", "--workspace", released.root).exit_code == 0


def test_search_shows_baseline_live_and_candidate_with_reasons(released: Workspace) -> None:
    result = searched("zorbil amber", "--k", 3, "--intent", "recommendation", "--workspace", released.root)

    assert (result["live"], list(result["systems"])) == (RELEASE, ["baseline", "live", "candidate"])
    systems = result["systems"]
    assert systems["live"] == systems["candidate"]
    assert systems["live"] != systems["baseline"]
    assert all(len(system["results"]) == 3 for system in systems.values())
    assert all(found["why"] for system in systems.values() for found in system["results"])
    assert [list(shelf) for shelf in systems["live"]["shelves"]][:1] == [["name", "facets", "score", "titles"]]


def test_search_shows_shelves_with_their_titles(released: Workspace) -> None:
    words = ("search", "zorbil amber", "--intent", "recommendation", "--workspace", released.root)
    name = searched(*words[1:])["systems"]["live"]["shelves"][0]["name"]

    assert "shelves" in run(*words).stdout
    assert name.split()[0] in run(*words).stdout
    assert "shelves" not in run("search", "krattle", "--intent", "faq", "--workspace", released.root).stdout


def test_before_any_release_search_shows_that_the_baseline_is_live(shop: Workspace) -> None:
    done = run("search", "pirates", "--workspace", shop.root)

    assert list(searched("pirates", "--workspace", shop.root)["systems"]) == ["baseline", "candidate"]
    assert f"baseline = live ({IDENTITY})" in done.stdout
    assert "Pirates" in done.stdout


def test_search_says_what_is_wrong_with_what_was_typed(shop: Workspace) -> None:
    assert refused("search", " ", "--workspace", shop.root).startswith("DataError: the text is empty")
    assert "there is no intent 'buy'; use one of recommendation" in refused(
        "search", "pirates", "--intent", "buy", "--workspace", shop.root
    )


def test_search_leaves_no_trace_of_the_text(shop: Workspace) -> None:
    before = sorted((path, path.stat().st_size) for path in shop.vectors.iterdir())

    searched("a text that nobody typed before", "--workspace", shop.root)

    assert sorted((path, path.stat().st_size) for path in shop.vectors.iterdir()) == before


def test_serve_without_keys_stays_on_this_machine(shop: Workspace) -> None:
    said = refused("serve", "--host", "0.0.0.0", "--workspace", shop.root)

    assert said.startswith("SettingsError: there are no API keys, so anyone who reaches 0.0.0.0 could ask")


def test_serve_refuses_a_shop_rating_that_nobody_knows(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text('[shop]\nmax_age_rating = "x"\n')

    assert "there is no rating 'x'" in refused("serve", "--workspace", shop.root)


def test_serve_answers_over_http_until_it_is_told_to_stop(released: Workspace, tmp_path: Path) -> None:
    told, log = tmp_path / "told.json", tmp_path / "log"
    process = loop_child.start(["serve", "--workspace", str(released.root), "--port", "0", "--json", str(told)], log)
    try:
        while not told.is_file() and process.is_alive():
            process.join(0.05)
        assert told.is_file(), log.read_text()
        where = json.loads(told.read_text())
        answer = httpx.post(f"{where['url']}/v1/retrieve", json={"query": "pirates", "k": 2}, timeout=30).json()
    finally:
        if process.is_alive() and process.pid is not None:
            os.kill(process.pid, signal.SIGTERM)
        process.join()

    assert where["release"] == answer["release"] == RELEASE
    assert len(answer["results"]) == 2
    assert process.exitcode == 0, log.read_text()
    assert f"Serving {RELEASE}, 54 documents, on {where['url']}" in log.read_text()
    assert "curl -s" in log.read_text()
