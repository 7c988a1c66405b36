"""`mangaassist keys`: a token is shown once; names and scopes as often as one likes."""

import json
from pathlib import Path

import pytest
from command_line import refused, run

from mangaassist.data import Workspace
from mangaassist.serving import KeyRing


@pytest.fixture
def bare(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "bare")


def test_a_key_is_added_listed_and_revoked(bare: Workspace) -> None:
    added = json.loads(
        run("keys", "add", "chat", "--scopes", "retrieve, metrics", "-w", bare.root, "--json", "-").stdout
    )
    listed = run("keys", "list", "-w", bare.root)
    as_json = json.loads(run("keys", "-w", bare.root, "--json", "-").stdout)

    found = KeyRing(bare.root).find(added["token"])
    assert found is not None
    assert (found.name, found.scopes) == ("chat", ("retrieve", "metrics"))
    assert "chat" in listed.stdout
    assert added["token"] not in listed.stdout
    assert as_json["keys"] == [{name: value for name, value in added.items() if name != "token"}]
    assert run("keys", "revoke", "chat", "-w", bare.root).exit_code == 0
    assert not KeyRing(bare.root).is_needed


def test_the_token_stands_on_a_line_of_its_own_and_is_said_to_be_shown_once(bare: Workspace) -> None:
    said = run("keys", "add", "chat", "--per-minute", "60", "-w", bare.root).stdout.splitlines()

    assert said[0].startswith("ma_")
    assert "It is shown only now" in said[1]
    assert "60" in run("keys", "-w", bare.root).stdout


@pytest.mark.parametrize("words", [("add",), ("revoke",), ("list", "chat"), ("steal", "chat")])
def test_wrong_words_exit_2(words: tuple[str, ...], bare: Workspace) -> None:
    done = run("keys", *words, "-w", bare.root)

    assert (done.exit_code, done.stdout) == (2, "")


def test_what_is_wrong_is_said_in_one_line(bare: Workspace, tmp_path: Path) -> None:
    assert "unknown scopes: admin" in refused("keys", "add", "chat", "--scopes", "admin", "-w", bare.root)
    assert "there is no key 'chat'; there are: none" in refused("keys", "revoke", "chat", "-w", bare.root)
    assert "is no workspace" in refused("keys", "-w", tmp_path / "nowhere")
