"""Keys, scopes, rates and the address that may be listened on."""

import json
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from served_shop import ServedShop

from mangaassist.core.errors import SettingsError
from mangaassist.core.service_settings import ServiceSettings
from mangaassist.data import Workspace
from mangaassist.serving import KEYS_FILE, KeyRing, add_key, check_binding, read_keys, revoke_key, start_server
from mangaassist.serving.access import CALLERS, Access, Caller
from mangaassist.serving.keys import token_hash

Serve = Callable[..., ServedShop]
NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
ROUTES = {
    "retrieve": ("POST", "/v1/retrieve", {"query": "cozy"}),
    "embeddings": ("POST", "/v1/embeddings", {"input": "cozy", "model": "mangaassist"}),
    "events": ("POST", "/v1/events", {"action_name": "click", "timestamp": "2026-11-05T12:00:00Z"}),
    "metrics": ("GET", "/metrics", None),
}


def token(workspace: Workspace, *scopes: str, name: str = "chat", per_minute: int | None = None) -> str:
    return add_key(workspace.root, name, scopes, at=NOON, requests_per_minute=per_minute)[1]


def ask(shop: ServedShop, scope: str, key: str | None) -> httpx.Response:
    method, path, body = ROUTES[scope]
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return shop.http.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize("scope", ROUTES)
def test_a_key_opens_what_its_scopes_name_and_nothing_else(scope: str, serve: Serve, workspace: Workspace) -> None:
    key = token(workspace, scope)
    shop = serve()

    answers = {each: ask(shop, each, key) for each in ROUTES}

    assert {each for each, answer in answers.items() if answer.is_success} == {scope}
    for each, answer in answers.items():
        if each != scope:
            error = answer.json()["error"]
            assert (answer.status_code, error["type"]) == (403, "scope_missing")
            assert error["message"] == f"key 'chat' may not {each}; it has: {scope}"


def test_with_keys_every_caller_but_the_balancer_needs_one(serve: Serve, workspace: Workspace) -> None:
    key = token(workspace, "retrieve")
    shop = serve()

    missing, unknown, mangled = (ask(shop, "retrieve", each) for each in (None, "ma_" + "x" * 43, key + "x"))

    assert [each.status_code for each in (missing, unknown, mangled)] == [401] * 3
    assert missing.json()["error"]["type"] == "key_missing"
    assert unknown.json()["error"]["type"] == "key_unknown"
    assert missing.headers["www-authenticate"] == "Bearer"
    assert shop.http.get("/info").status_code == 401
    assert shop.http.get("/info", headers={"authorization": f"bearer {key}"}).status_code == 200
    assert shop.http.get("/health").status_code == shop.http.get("/ready").status_code == 200
    assert key not in shop.stream.getvalue()


def test_a_key_revoked_or_added_counts_at_once_and_losing_the_last_opens_nothing(
    serve: Serve, workspace: Workspace
) -> None:
    first = token(workspace, "retrieve")
    shop = serve()
    second = token(workspace, "retrieve", name="other")
    assert ask(shop, "retrieve", second).status_code == 200

    revoke_key(workspace.root, "chat")
    revoke_key(workspace.root, "other")

    assert ask(shop, "retrieve", first).status_code == 401
    assert ask(shop, "retrieve", None).status_code == 401
    (workspace.root / KEYS_FILE).unlink()
    assert ask(shop, "retrieve", None).status_code == 401


def test_a_first_key_closes_a_service_that_was_open(serve: Serve, workspace: Workspace) -> None:
    shop = serve()
    assert ask(shop, "retrieve", None).status_code == 200

    token(workspace, "retrieve")

    assert ask(shop, "retrieve", None).status_code == 401


@pytest.mark.parametrize("damage", ["{", '{"keys": [{"name": "chat"}]}', "[]"])
def test_a_damaged_key_file_lets_nobody_in(damage: str, serve: Serve, workspace: Workspace) -> None:
    key = token(workspace, "retrieve")
    shop = serve()

    (workspace.root / KEYS_FILE).write_text(damage)

    assert ask(shop, "retrieve", key).status_code == 503
    with pytest.raises(SettingsError, match="is damaged; restore it, or remove it and add the keys anew"):
        KeyRing(workspace.root)


def test_a_key_file_that_others_can_read_is_refused(workspace: Workspace) -> None:
    token(workspace, "retrieve")
    path = workspace.root / KEYS_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)

    with pytest.raises(SettingsError, match=f"run `chmod 600 {path}`"):
        read_keys(workspace.root)


def test_the_token_is_nowhere_in_the_file_and_is_long_enough(workspace: Workspace) -> None:
    key = token(workspace, "retrieve")

    content = (workspace.root / KEYS_FILE).read_text()
    assert key.startswith("ma_")
    assert len(key) == 46
    assert key not in content
    assert json.loads(content)["keys"][0]["sha256"] == token_hash(key)


def test_each_key_has_its_own_rate(serve: Serve, workspace: Workspace) -> None:
    slow = token(workspace, "retrieve", name="slow", per_minute=2)
    quick = token(workspace, "retrieve", name="quick")
    shop = serve(burst=50)

    answers = [ask(shop, "retrieve", slow) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["type"] == "rate_limited"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 30
    assert [ask(shop, "retrieve", quick).status_code for _ in range(5)] == [200] * 5


def test_without_keys_each_address_has_its_own_rate_and_the_balancer_none(serve: Serve) -> None:
    shop = serve(requests_per_minute=1, burst=1)

    assert [ask(shop, "retrieve", None).status_code for _ in range(2)] == [200, 429]
    assert [shop.http.get("/ready").status_code for _ in range(5)] == [200] * 5


def test_buckets_of_ever_more_callers_are_bounded(workspace: Workspace) -> None:
    access = Access(KeyRing(workspace.root), ServiceSettings())

    for number in range(CALLERS + 10):
        access._bucket(Caller(f"address {number}", 60))

    assert len(access._buckets) == CALLERS


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "shop.example"])
def test_without_keys_no_other_machine_may_reach_the_service(host: str, workspace: Workspace) -> None:
    with pytest.raises(SettingsError, match="`mangaassist keys add NAME --scopes retrieve,events`, or listen on 127"):
        check_binding(host, KeyRing(workspace.root))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_needs_no_key(host: str, workspace: Workspace) -> None:
    check_binding(host, KeyRing(workspace.root))


def test_with_keys_any_address_will_do(workspace: Workspace) -> None:
    token(workspace, "retrieve")

    check_binding("0.0.0.0", KeyRing(workspace.root))


def test_an_open_service_says_so(serve: Serve) -> None:
    shop = serve()

    assert any("no API keys" in line["event"] for line in shop.said())


def test_answers_are_not_held_back_by_nagles_algorithm(serve: Serve) -> None:
    """Header and body leave in two writes: with Nagle's algorithm the second waits 40 ms for the client's ACK."""
    shop = serve()
    fastest_ms = 1e9
    for _ in range(20):
        started = time.perf_counter()
        assert ask(shop, "retrieve", None).status_code == 200
        fastest_ms = min(fastest_ms, (time.perf_counter() - started) * 1000)

    assert fastest_ms < 40


def test_a_port_in_use_is_named(serve: Serve) -> None:
    shop = serve()
    port = int(shop.running.url.rsplit(":", 1)[1])

    with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be listened on .*choose another --port"):
        start_server(shop.running.app, port=port)


@pytest.mark.parametrize(
    ("name", "scopes", "said"),
    [
        ("", ("retrieve",), "take 1 to 64 printable characters"),
        ("a\nb", ("retrieve",), "take 1 to 64 printable characters"),
        ("chat", (), "no scope; give some of retrieve, events, embeddings, metrics"),
        ("chat", ("admin",), "unknown scopes: admin"),
    ],
)
def test_a_key_without_name_or_scope_is_refused(
    name: str, scopes: tuple[str, ...], said: str, workspace: Workspace
) -> None:
    with pytest.raises(SettingsError, match=said):
        add_key(workspace.root, name, scopes, at=NOON)
    assert not Path(workspace.root / KEYS_FILE).exists()


def test_a_name_is_taken_once_and_an_unknown_one_cannot_be_revoked(workspace: Workspace) -> None:
    token(workspace, "retrieve")

    with pytest.raises(SettingsError, match="there is a key 'chat' already"):
        token(workspace, "events")
    with pytest.raises(SettingsError, match="there is no key 'shop'; there are: 'chat'"):
        revoke_key(workspace.root, "shop")
