import json
from pathlib import Path
from typing import Any

import pytest
from command_line import refused, run

from mangaassist.data import Workspace

INCONCLUSIVE = {"MANGAASSIST_GATE__FEWEST_GROUPS": "1000"}
FIRST = "embed-adapter-v01"


def result(*words: object) -> Any:
    done = run(*words, "--json", "-")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def listed(shop: Workspace) -> Any:
    return result("releases", "--workspace", shop.root)


def promoted(shop: Workspace, *words: str) -> str:
    run("gate", "--workspace", shop.root)
    release: str = result("promote", "--workspace", shop.root, *words)["release"]
    return release


# gate


@pytest.mark.usefixtures("easy_gate")
def test_gate_exits_0_for_promote(shop: Workspace) -> None:
    done = run("gate", "--workspace", shop.root, "--json", "-")

    assert (done.exit_code, json.loads(done.stdout)["outcome"]) == (0, "promote")


def test_gate_exits_10_for_reject(shop: Workspace) -> None:
    done = run("gate", "--workspace", shop.root, "--json", "-")

    assert (done.exit_code, json.loads(done.stdout)["outcome"]) == (10, "reject")


@pytest.mark.usefixtures("easy_gate")
def test_gate_exits_11_for_inconclusive(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in INCONCLUSIVE.items():
        monkeypatch.setenv(name, value)

    done = run("gate", "--workspace", shop.root, "--json", "-")

    assert (done.exit_code, json.loads(done.stdout)["outcome"]) == (11, "inconclusive")


def test_gate_shows_every_rule_and_the_decision(shop: Workspace) -> None:
    done = run("gate", "--workspace", shop.root)

    said = " ".join(done.stdout.split())
    assert all(rule in said for rule in ("recall@3", "ndcg@10", "bad_top1_rate", "latency_addon_p99_ms"))
    assert "Decision: reject." in said


# promote


@pytest.mark.usefixtures("easy_gate")
def test_promote_makes_the_candidate_live(shop: Workspace) -> None:
    assert promoted(shop, "--actor", "mina", "--why", "it finds more") == FIRST

    found = listed(shop)
    assert set(found) == {"releases", "live", "candidate", "previous", "history", "deleted"}
    assert (found["live"], found["previous"]) == (FIRST, "embed-adapter-v00")
    assert found["releases"] == ["embed-adapter-v00", FIRST]
    (entry,) = found["history"]
    assert (entry["actor"], entry["why"], entry["override"]) == ("mina", "it finds more", None)


def test_promote_refuses_what_the_gate_rejected_and_says_why(shop: Workspace) -> None:
    run("gate", "--workspace", shop.root)

    said = refused("promote", "--workspace", shop.root)

    assert said.startswith("NotPromotable: the candidate stays off: the gate said reject (recall@3: ")
    assert listed(shop)["live"] == "embed-adapter-v00"


def test_promote_before_the_gate_is_refused(shop: Workspace) -> None:
    assert "there is no decision on it; run the gate" in refused("promote", "--workspace", shop.root)


def test_an_override_is_signed_or_wrong_usage(shop: Workspace) -> None:
    done = run("promote", "--workspace", shop.root, "--override", "we must")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "--override needs --actor NAME: going past the gate is signed" in done.stderr
    assert listed(shop)["live"] == "embed-adapter-v00"


def test_a_signed_override_goes_past_the_gate_and_stands_in_the_history(shop: Workspace) -> None:
    assert promoted(shop, "--override", "we must", "--actor", "mina") == FIRST

    (entry,) = listed(shop)["history"]
    assert (entry["actor"], entry["override"], entry["decision"]["outcome"]) == ("mina", "we must", "reject")


def test_an_override_without_a_reason_is_refused(shop: Workspace) -> None:
    said = refused("promote", "--workspace", shop.root, "--override", " ", "--actor", "mina")

    assert said.startswith("RegistryError: ")
    assert "say who does it and for what reason" in said


@pytest.mark.usefixtures("easy_gate")
def test_who_promotes_is_the_user_unless_named(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "somebody")

    promoted(shop)

    assert listed(shop)["history"][0]["actor"] == "somebody"


@pytest.mark.usefixtures("easy_gate")
def test_where_the_user_has_no_name_one_must_be_given(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4321")

    monkeypatch.setattr("mangaassist.commands.releasing.getuser", nameless)
    run("gate", "--workspace", shop.root)

    assert refused("promote", "--workspace", shop.root).endswith("say who does it: --actor NAME")
    assert promoted(shop, "--actor", "mina") == FIRST


# rollback and releases


@pytest.mark.usefixtures("easy_gate")
def test_rollback_makes_the_one_before_live_again(shop: Workspace) -> None:
    promoted(shop)

    assert result("rollback", "--workspace", shop.root) == {"release": "embed-adapter-v00"}

    found = listed(shop)
    assert found["live"] == "embed-adapter-v00"
    assert [entry["action"] for entry in found["history"]] == ["promote", "rollback"]


def test_rollback_with_nothing_before_is_refused(shop: Workspace) -> None:
    said = refused("rollback", "--workspace", shop.root)

    assert said == "RegistryError: nothing came before embed-adapter-v00, so there is nothing to roll back to"


@pytest.mark.usefixtures("easy_gate")
def test_people_read_which_release_is_live_and_who_did_that(shop: Workspace) -> None:
    promoted(shop, "--actor", "mina [the editor]", "--why", "more [tests]")
    assert "embed-adapter-v00 is live again." in run("rollback", "--workspace", shop.root).stdout

    said = " ".join(run("releases", "--workspace", shop.root).stdout.split())

    assert f"mina [the editor] promote {FIRST}: more [tests]" in said
    assert "rollback embed-adapter-v00: rolled back by hand" in said


# releases --compare


@pytest.mark.usefixtures("easy_gate")
def test_a_release_and_the_candidate_stand_side_by_side_on_one_page(shop: Workspace, tmp_path: Path) -> None:
    promoted(shop)
    page = tmp_path / "compare.html"

    told = result("releases", "--compare", f"{FIRST}, candidate", "--html", page, "--workspace", shop.root)

    assert told == {"compared": [FIRST, "candidate"], "page": str(page)}
    assert FIRST in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("--compare", "candidate"), ("--html", "x.html")])
def test_comparing_needs_releases_and_a_file(shop: Workspace, words: tuple[str, ...]) -> None:
    done = run("releases", *words, "--workspace", shop.root)

    assert done.exit_code == 2
    assert "go together" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--compare", "candidate", "--html", "x.html"), "two releases or more"),
        (("--compare", "embed-adapter-v00,candidate", "--html", "x.html"), "embed-adapter-v00 has no report"),
        (("--compare", "embed-adapter-v09,candidate", "--html", "x.html"), "embed-adapter-v09"),
    ],
)
def test_what_cannot_be_compared_is_refused_and_writes_no_page(
    shop: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert said in refused("releases", *words, "--workspace", shop.root)
    assert not (tmp_path / "x.html").exists()
