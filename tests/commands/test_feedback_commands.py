"""`mangaassist feedback …` and `learn` as people and programs use them."""

import json
from typing import Any

import pytest
from command_line import refused, run
from failing_searches import TEXTS, log_failures

from mangaassist.data import Workspace


@pytest.fixture
def failing(shop: Workspace) -> Workspace:
    log_failures(shop)
    log_failures(shop, [f"grumfo {number}x" for number in range(6)], clients=1, name="g")
    return shop


def told(*words: object) -> dict[str, Any]:
    done = run(*words, "--json", "-")
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_from_the_log_to_a_decision(failing: Workspace) -> None:
    where = ("--workspace", failing.root)

    bucket = told("feedback", "bucket", *where)
    clusters = told("feedback", "cluster", *where)
    proposed = told("feedback", "propose", *where)
    items = told("feedback", "review", *where, "--reviewer", "ann", "--count", 3)["items"]

    assert bucket["reasons"]["reformulated"] >= 4 * len(TEXTS)
    assert clusters["clusters"][0]["hurt"] >= clusters["clusters"][-1]["hurt"]
    assert proposed["new"]["positive"] > 0
    assert len(items) == 3
    others = told("feedback", "review", *where, "--reviewer", "ben", "--count", 3)["items"]
    assert not {item["id"] for item in items} & {item["id"] for item in others}
    decided = told("feedback", "review", *where, "--reviewer", "ann", "--accept", items[0]["id"], "--count", 0)
    assert (decided["decided"], decided["items"]) == (1, [])
    undone = told("feedback", "review", *where, "--reviewer", "ann", "--undo", "--count", 0)
    assert undone["undone"] == [items[0]["id"]]
    assert told("feedback", "stats", *where)["bucket"]["entries"] == bucket["entries"]


def test_private_needs_are_counted_and_not_shown(failing: Workspace) -> None:
    where = ("--workspace", failing.root)
    run("feedback", "bucket", *where)

    shown, everything = told("feedback", "cluster", *where), told("feedback", "cluster", "--private", *where)

    assert "grumfo" not in json.dumps(shown)
    assert "grumfo" in json.dumps(everything)
    assert shown["private"] == len(everything["clusters"]) - len(shown["clusters"]) > 0


def test_what_a_user_typed_is_printed_as_text(failing: Workspace) -> None:
    log_failures(failing, [f"[bold]boo[/] [link=http://x]y[/link] n{n}" for n in range(6)], name="h")
    where = ("--workspace", failing.root)
    for command in ("bucket", "cluster", "propose"):
        assert run("feedback", command, *where).exit_code == 0

    for words in (("stats", "--private"), ("review", "--reviewer", "ada", "--role", "admin", "--count", "200")):
        done = run("feedback", *words, *where)
        assert done.exit_code == 0, done.stderr
    assert "[bold]boo[/]" in done.stdout


def test_a_decision_on_anothers_item_says_whose_it_is(failing: Workspace) -> None:
    where = ("--workspace", failing.root)
    for command in ("bucket", "cluster", "propose"):
        run("feedback", command, *where)
    (item,) = told("feedback", "review", *where, "--reviewer", "ann", "--count", 1)["items"]

    said = refused("feedback", "review", *where, "--reviewer", "ben", "--accept", item["id"])

    assert said.startswith(f"ReviewConflict: {item['id']} is with ann until ")


def test_a_role_that_is_none_is_refused(shop: Workspace) -> None:
    assert "--role is 'boss'; it is one of reviewer, admin" in refused(
        "feedback", "review", "--role", "boss", "--workspace", shop.root
    )


@pytest.mark.parametrize(
    ("command", "remedy"),
    [("cluster", "mangaassist feedback bucket"), ("propose", "mangaassist feedback cluster")],
)
def test_a_stage_too_early_names_the_one_before(command: str, remedy: str, shop: Workspace) -> None:
    assert remedy in refused("feedback", command, "--workspace", shop.root)


def test_learn_prints_a_summary_and_promotes_nothing(failing: Workspace) -> None:
    done = run("learn", "--workspace", failing.root)

    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("Learning round of ")
    assert "grumfo" not in done.stdout
    assert told("releases", "--workspace", failing.root)["live"] == "embed-adapter-v00"
