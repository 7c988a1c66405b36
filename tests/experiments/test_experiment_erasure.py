"""What experiments log of a client, or of old days, goes with everything else."""

from collections.abc import Callable
from datetime import UTC, datetime

from erased_world import traces
from experiment_world import NOON, TriedShop, begin, end, lines_of, queries_of
from served_shop import KEY, click

from mangaassist.data import Workspace
from mangaassist.erasure import forget_client, forget_older

Start = Callable[..., TriedShop]
TYPED = "zorbil for my brother Nobuo"


def lived(workspace: Workspace, tried: Start) -> None:
    """A client and another one, shadowed, then interleaved, then seen off."""
    shop = tried()
    for kind in ("shadow", "interleave"):
        begin(workspace, kind)
        shop.look()
        for client in ("nobuo", "rei"):
            text = f"{TYPED} {kind}" if client == "nobuo" else queries_of(workspace)[0].text
            answer = shop.retrieve(text, client_id=client, session_id=f"{client}-{kind}")
            shop.send(click(answer["query_id"], answer["results"][0]["id"], f"{client}-{kind}"))
            shop.live.shadow.flush()
        end(workspace)
        shop.clock.now += 86_400
    shop.stop()


def test_a_forgotten_client_leaves_no_trace_in_what_experiments_log(nominated: Workspace, tried: Start) -> None:
    lived(nominated, tried)
    pseudonym, now = KEY.pseudonym("nobuo"), datetime(2026, 11, 8, tzinfo=UTC)
    assert any("retrieval_shadow" in path for path in traces(nominated, TYPED))

    with nominated.lock():
        forget_client(nominated, pseudonym, at=now, actor="mina", why="asked to")

    assert traces(nominated, TYPED, pseudonym) == []
    (left,) = lines_of(nominated.logs, "retrieval_shadow-*.jsonl")
    assert left["client"] == KEY.pseudonym("rei")


def test_lines_of_old_experiments_go_by_their_age_and_the_report_tells_of_what_is_left(
    nominated: Workspace, tried: Start
) -> None:
    lived(nominated, tried)
    now = datetime(2026, 11, 8, tzinfo=UTC)

    with nominated.lock():
        forget_older(nominated, datetime.fromtimestamp(NOON + 3_600, UTC), at=now, actor="cron", why="old")

    assert lines_of(nominated.logs, "retrieval_shadow-*.jsonl") == []
    assert {line["experiment"]["kind"] for line in lines_of(nominated.logs, "retrieval_eval-*.jsonl")
            if "experiment" in line} == {"interleave"}  # fmt: skip
