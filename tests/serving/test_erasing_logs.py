"""What a real service wrote about a client, erased again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import pytest
from served_shop import KEY, ServedShop, click, lines_of

from mangaassist.core.errors import WorkspaceLocked
from mangaassist.data import Workspace
from mangaassist.erasure import forget_client

NOBUO = KEY.pseudonym("nobuo")
SECRET = "berserk for my brother"
NOON = datetime(2026, 11, 5, 13, tzinfo=UTC)


def forget(workspace: Workspace) -> dict[str, int]:
    with workspace.lock():
        done = forget_client(workspace, NOBUO, at=NOON, actor="mina", why="asked to be forgotten")
    return dict(done.counts)


def held(workspace: Workspace) -> bytes:
    """Every byte of every log, and the database's rows."""
    paths = [path for path in workspace.logs.iterdir() if path.is_file()]
    with closing(sqlite3.connect(workspace.logs / "service.sqlite")) as database:
        dump = "\n".join(database.iterdump()).encode()
    return b"\n".join([*(path.read_bytes() for path in paths), dump])


def two_shoppers(shop: ServedShop) -> None:
    for client, query in (("nobuo", SECRET), ("rei", "berserk")):
        answer = shop.retrieve(query, client_id=client)
        first = answer["results"][0]["id"]
        shop.send({**click(answer["query_id"], first, f"{client}-1"), "client_id": client})
        shop.send(click(answer["query_id"], first, f"{client}-2", action="add_to_cart"))
    shop.retrieve(SECRET, client_id="nobuo")


def test_lines_and_rows_of_the_client_go_and_those_of_others_stay(
    serve: Callable[..., ServedShop], workspace: Workspace
) -> None:
    shop = serve()
    two_shoppers(shop)
    shop.after(60)
    shop.stop()
    assert NOBUO.encode() in held(workspace)

    counts = forget(workspace)

    assert NOBUO.encode() not in held(workspace)
    assert SECRET.encode() not in held(workspace)
    assert counts["log lines"] > 0
    assert [line["query"] for line in lines_of(workspace.logs, "retrieval_eval-*.jsonl")] == ["berserk", "berserk"]
    assert [line["user_query"] for line in lines_of(workspace.logs, "ubi_queries-*.jsonl")] == ["berserk"]
    assert [line["event_id"] for line in lines_of(workspace.logs, "ubi_events-*.jsonl")] == ["rei-1", "rei-2"]


def test_a_service_that_goes_on_knows_a_repeated_event_of_the_client_again(
    serve: Callable[..., ServedShop], workspace: Workspace
) -> None:
    first = serve()
    two_shoppers(first)
    first.stop()
    forget(workspace)

    again = serve()
    receipt = again.send({**click("any", "any", "nobuo-1"), "client_id": "nobuo"})

    assert (receipt["accepted"], receipt["repeated"]) == (0, 1)


def test_while_the_service_writes_nothing_is_erased(serve: Callable[..., ServedShop], workspace: Workspace) -> None:
    shop = serve()
    two_shoppers(shop)
    shop.service.telemetry.flush()

    with pytest.raises(WorkspaceLocked, match=r"retrieval_eval-.*\.open: a running service writes to it"):
        forget(workspace)

    shop.stop()
    assert forget(workspace)["log lines"] > 0
