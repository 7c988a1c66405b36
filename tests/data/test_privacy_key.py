import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mangaassist.core.errors import SettingsError
from mangaassist.data import JudgedQuery, PrivacyKey, UbiEvent, UbiQuery, Workspace, key_file, load_key
from mangaassist.data.privacy import protect_event, protect_judged_query, protect_query, protect_raw

KEY = PrivacyKey(b"a secret of this test")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def test_a_missing_key_is_made_once_with_mode_0600(privacy_key: Path, workspace: Workspace) -> None:
    first = load_key(privacy_key, workspace=workspace.root)
    second = load_key(privacy_key, workspace=workspace.root)

    assert first == second
    assert stat.S_IMODE(privacy_key.stat().st_mode) == 0o600
    assert len(first.secret) == 64
    assert [path.name for path in privacy_key.parent.iterdir()] == ["privacy.key"]


def test_two_shops_get_different_keys(tmp_path: Path, workspace: Workspace) -> None:
    first = load_key(tmp_path / "a.key", workspace=workspace.root)
    second = load_key(tmp_path / "b.key", workspace=workspace.root)

    assert first.pseudonym("alice") != second.pseudonym("alice")
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_key_that_others_can_read_is_refused(privacy_key: Path, workspace: Workspace, mode: int) -> None:
    load_key(privacy_key, workspace=workspace.root)
    privacy_key.chmod(mode)

    with pytest.raises(SettingsError, match=rf"mode {mode:04o}.*chmod 600"):
        load_key(privacy_key, workspace=workspace.root)


def test_a_key_that_only_its_owner_can_read_is_taken(privacy_key: Path, workspace: Workspace) -> None:
    load_key(privacy_key, workspace=workspace.root)
    privacy_key.chmod(0o400)

    assert load_key(privacy_key, workspace=workspace.root).secret


@pytest.mark.parametrize("place", ["privacy.key", "keys/privacy.key"])
def test_a_key_inside_the_workspace_is_refused(workspace: Workspace, place: str) -> None:
    with pytest.raises(SettingsError, match="inside the workspace"):
        load_key(workspace.root / place, workspace=workspace.root)


def test_a_link_to_a_key_inside_the_workspace_is_refused(tmp_path: Path, workspace: Workspace) -> None:
    link = tmp_path / "outside.key"
    link.symlink_to(workspace.root / "inside.key")

    with pytest.raises(SettingsError, match="inside the workspace"):
        load_key(link, workspace=workspace.root)


@pytest.mark.parametrize(("size", "is_enough"), [(0, False), (15, False), (16, True)])
def test_a_key_that_was_cut_short_is_refused(
    privacy_key: Path, workspace: Workspace, size: int, is_enough: bool
) -> None:
    privacy_key.parent.mkdir()
    privacy_key.touch(mode=0o600)
    privacy_key.write_bytes(b"k" * size)

    if is_enough:
        assert load_key(privacy_key, workspace=workspace.root).secret == b"k" * size
    else:
        with pytest.raises(SettingsError, match=f"has {size} bytes"):
            load_key(privacy_key, workspace=workspace.root)


def test_a_place_where_no_key_can_be_made_is_an_error_with_a_remedy(tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="MANGAASSIST_PRIVACY_KEY_FILE"):
        load_key(tmp_path / "file" / "privacy.key", workspace=workspace.root)


def test_the_environment_says_where_the_key_lies() -> None:
    assert key_file({"MANGAASSIST_PRIVACY_KEY_FILE": "/etc/shop.key"}) == Path("/etc/shop.key")
    assert key_file({}) == Path(os.path.expanduser("~")) / ".config" / "mangaassist" / "privacy.key"


def test_the_secret_is_not_printed() -> None:
    assert "secret of" not in repr(KEY)


def test_clients_and_users_are_replaced_and_equal_ones_stay_equal() -> None:
    click = UbiEvent(action_name="click", timestamp=NOON, client_id="alice", user_id="u-7", message="to a@b.example")
    query = UbiQuery(user_query="manga for a@b.example", client_id="alice")

    event, asked = protect_event(click, KEY), protect_query(query, KEY)

    assert event.client_id == asked.client_id == KEY.pseudonym("alice")
    assert event.user_id == KEY.pseudonym("u-7")
    assert (event.message, asked.user_query) == ("to [email]", "manga for [email]")


def test_a_missing_client_stays_missing() -> None:
    event = protect_event(UbiEvent(action_name="click", timestamp=NOON), KEY)

    assert (event.client_id, event.user_id, event.message) == (None, None, None)


def test_attributes_are_scrubbed_however_deep_and_ids_in_them_replaced() -> None:
    attributes = {"intent": "faq", "top_score": 0.5, "user": {"clientId": "alice", "mails": ["a@b.example"]}}

    query = protect_query(UbiQuery(user_query="x", query_attributes=attributes), KEY)

    assert query.query_attributes == {
        "intent": "faq",
        "top_score": 0.5,
        "user": {"clientId": KEY.pseudonym("alice"), "mails": ["[email]"]},
    }


def test_a_judged_query_may_be_a_real_one_and_is_scrubbed() -> None:
    query = JudgedQuery(query_id="q1", text="call 415-555-2671 about 20th Century Boys", split="test")

    assert protect_judged_query(query, KEY).text == "call [phone] about 20th Century Boys"


def test_a_refused_row_keeps_known_fields_only_with_ids_blotted_out() -> None:
    raw = protect_raw(
        {"user_query": "a@b.example", "client_id": ["alice"], "name": "Alice", "query_id": b"\xff"},
        {"user_query", "client_id", "query_id"},
    )

    assert raw == '{"user_query": "[email]", "client_id": "[id]", "query_id": "[bytes]"}'


def test_a_sealed_pseudonym_is_known_again_and_a_forged_seal_is_only_another_name() -> None:
    name = KEY.pseudonym("client-7")
    sealed = KEY.sealed(name)

    assert KEY.pseudonym(sealed) == name
    assert PrivacyKey(b"the secret of another shop").pseudonym(sealed) != name
    assert KEY.pseudonym(f"{name}~{'0' * 32}") not in (name, sealed)
    assert KEY.pseudonym("～~é") != "～"
