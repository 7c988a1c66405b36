"""What may go wrong while an experiment runs: no request fails for it, and somebody is told."""

import errno
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from experiment_world import CANDIDATE, LIVE, TriedShop, begin, end, lines_of, promote, queries_of, rollback
from loop_world import write_rows
from served_shop import click

from mangaassist.core.errors import DataError
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace, ingest
from mangaassist.loop import read_settings, update_index
from mangaassist.serving import Answer, AnsweredBy, ServedRelease

Start = Callable[..., TriedShop]


def break_adapter(workspace: Workspace, content: bytes = b"damaged") -> bytes:
    path = workspace.releases / CANDIDATE / "adapter.safetensors"
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content)
    return whole


def info(shop: TriedShop) -> Any:
    return shop.http.get("/info").json()["experiment"]


def problems(shop: TriedShop) -> list[str]:
    return [line["problem"] for line in shop.said() if line["event"].startswith("an experiment cannot run")]


@pytest.mark.parametrize("kind", ["interleave", "canary", "shadow"])
def test_a_candidate_that_cannot_be_opened_is_told_and_counted_and_live_answers(
    nominated: Workspace, tried: Start, kind: str
) -> None:
    shop = tried()
    begin(nominated, kind, share=0.99)
    whole = break_adapter(nominated)

    shop.look()
    shop.look()
    answer = shop.ask(queries_of(nominated)[0], "s")

    assert answer["release"] == LIVE
    assert len(problems(shop)) == 1
    assert "was changed" in problems(shop)[0]
    assert shop.metric("mangaassist_experiment_not_opened_total") == 1
    assert (info(shop)["state"], info(shop)["is_tried"]) == ("failed", False)
    assert shop.http.get("/ready").status_code == 200

    break_adapter(nominated, whole)
    end(nominated)
    shop.look()
    begin(nominated, kind, share=0.99)
    shop.look()
    assert (info(shop)["state"], info(shop)["problem"]) == ("running", None)


def fails(_served: ServedRelease) -> Answer:
    raise RuntimeError("a candidate that breaks on this very message")


@pytest.mark.parametrize(("kind", "arm"), [("interleave", "interleaved"), ("canary", "candidate")])
def test_a_candidate_that_fails_on_a_message_costs_no_answer_and_the_session_stays_in_its_arm(
    nominated: Workspace, tried: Start, monkeypatch: pytest.MonkeyPatch, kind: str, arm: str
) -> None:
    shop, query = tried(), queries_of(nominated)[0]
    alone = shop.ask(query)
    begin(nominated, kind, share=0.999999)
    shop.look()
    whole = shop.engine.answers_to

    def half_broken(*asked: Any, **named: Any) -> AnsweredBy:
        by = whole(*asked, **named)
        return lambda served: by(served) if served.release == LIVE else fails(served)

    monkeypatch.setattr(shop.engine, "answers_to", half_broken)
    answer = shop.ask(query, "s")

    assert answer["results"] == alone["results"]
    told = shop.report()["result"]["not_interleaved" if kind == "interleave" else "not_the_candidates"]
    assert told == {"queries": 1, "candidate_failed": 1}
    assert shop.metric('mangaassist_experiment_answers_total{outcome="failed"}') == 1
    line = lines_of(nominated.logs, "retrieval_eval-*.jsonl.open")[-1]
    assert (line["experiment"]["arm"], line["experiment"]["served"]) == (arm, "live")
    assert [each["error"] for each in shop.said() if each["event"] == "experiment trouble"] == ["RuntimeError"]


def test_a_filter_that_nobody_knows_is_the_callers_mistake_in_an_experiment_too(
    nominated: Workspace, tried: Start
) -> None:
    shop = tried()
    begin(nominated, "interleave")
    shop.look()

    response = shop.http.post("/v1/retrieve", json={"query": "pirates", "filters": {"max_age_rating": "x"}})

    assert (response.status_code, response.json()["error"]["type"]) == (422, "invalid_request")


def test_while_the_encoder_is_away_live_answers_alone(
    nominated: Workspace, tried: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tried()
    begin(nominated, "interleave")
    shop.look()
    monkeypatch.setattr("mangaassist.serving.query_encoder.QueryEncoder.vector", lambda *_: None)

    answer = shop.retrieve("tall stories about pirates", session_id="s")

    assert answer["degraded"]
    assert shop.report()["result"]["not_interleaved"] == {"queries": 1, "candidate_failed": 0}


def test_stopped_while_questions_come_in_nothing_fails_and_what_was_interleaved_counts(
    nominated: Workspace, tried: Start
) -> None:
    shop, queries = tried(look_every_s=0.05), queries_of(nominated)
    begin(nominated, "interleave")
    shop.look()
    wrong: list[str] = []
    is_over = threading.Event()

    def ask(client: int) -> None:
        number = 0
        while not is_over.is_set():
            query, number = queries[number % len(queries)], number + 1
            response = shop.http.post("/v1/retrieve", json={"query": query.text, "session_id": f"{client}-{number}"})
            if response.status_code != 200 or len(response.json()["results"]) != 10:
                wrong.append(response.text)

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(3)]
    for thread in threads:
        thread.start()
    while shop.metric('mangaassist_experiment_answers_total{outcome="interleaved"}') < 30:
        pass
    end(nominated)
    while info(shop) is not None:
        pass
    shop.service.telemetry.flush()
    sent = shop.metric('mangaassist_experiment_answers_total{outcome="interleaved"}')
    asked = len(lines_of(nominated.logs, "retrieval_eval-*.jsonl.open"))
    while len(lines_of(nominated.logs, "retrieval_eval-*.jsonl.open")) < asked + 30:
        shop.service.telemetry.flush()
    is_over.set()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert shop.metric('mangaassist_experiment_answers_total{outcome="interleaved"}') <= sent + 3
    told = shop.report()
    assert told["state"] == "stopped"
    assert told["sessions"]["queries"] >= 30


def test_once_the_candidate_is_live_the_experiment_is_over_and_after_a_rollback_it_goes_on(
    nominated: Workspace, tried: Start
) -> None:
    shop, query = tried(), queries_of(nominated)[0]
    begin(nominated, "interleave")
    shop.look()
    shop.ask(query, "before")

    promote(nominated, CANDIDATE)
    shop.look()
    after = shop.ask(query, "after")

    assert after["release"] == CANDIDATE
    assert (info(shop)["state"], info(shop)["is_tried"]) == ("over", False)
    assert shop.report()["state"] == "over"
    assert shop.report()["sessions"]["over"] == 1

    rollback(nominated)
    shop.look()
    shop.ask(query, "again")
    assert info(shop)["state"] == "running"
    assert shop.report()["sessions"]["over"] == 2


def test_between_a_promotion_and_the_next_look_at_experiments_nothing_is_mixed(
    nominated: Workspace, tried: Start
) -> None:
    shop, query = tried(), queries_of(nominated)[0]
    begin(nominated, "interleave")
    shop.look()
    promote(nominated, CANDIDATE)
    shop.engine.look()

    answer = shop.ask(query, "s")

    assert answer["release"] == CANDIDATE
    shop.service.telemetry.flush()
    assert "experiment" not in lines_of(nominated.logs, "retrieval_eval-*.jsonl.open")[-1]


def test_a_new_title_reaches_both_releases(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    begin(nominated, "canary", share=0.999999)
    shop.look()
    new = {"title_id": "moon", "title": "Moon Base Zephyr", "description": "a base on the moon"}
    ingest(nominated, "titles", write_rows(nominated.root / "more" / "catalogue.jsonl", [new]))
    update_index(nominated, read_settings(nominated.root), LIVE, progress=no_progress)

    shop.look()

    answer = shop.retrieve("a base on the moon", session_id="s")
    assert (answer["release"], answer["results"][0]["id"]) == (CANDIDATE, "moon")


@pytest.mark.parametrize("content", ["{", '{"format": "other"}'])
def test_a_damaged_file_stops_no_server_and_is_told_once(nominated: Workspace, tried: Start, content: str) -> None:
    shop = tried()
    begin(nominated, "interleave")
    shop.look()
    path = nominated.experiments / "interleave-01.json"
    whole = path.read_text()
    path.write_text(content)

    for _ in range(3):
        shop.look()

    assert shop.ask(queries_of(nominated)[0])["release"] == LIVE
    assert len(problems(shop)) == 1
    assert info(shop)["state"] == "failed"
    path.write_text(whole)
    shop.look()
    assert info(shop)["state"] == "running"


def test_two_that_both_run_are_none(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    first = begin(nominated, "interleave")
    second = json.loads((nominated.experiments / f"{first.name}.json").read_text()) | {"name": "by-hand"}
    (nominated.experiments / "by-hand.json").write_text(json.dumps(second))

    shop.look()

    assert problems(shop) == [
        "by-hand and interleave-01 both run; stop all but one: `mangaassist experiment stop --name NAME`"
    ]


def test_a_second_experiment_and_a_used_name_are_refused(nominated: Workspace) -> None:
    begin(nominated, "interleave")
    with pytest.raises(DataError, match="interleave-01 has not been stopped; stop it first"):
        begin(nominated, "shadow")
    end(nominated)
    with pytest.raises(DataError, match="there was an experiment 'interleave-01' already"):
        begin(nominated, "interleave", name="interleave-01")
    with pytest.raises(DataError, match="no experiment runs"):
        end(nominated)
    assert begin(nominated, "interleave").name == "interleave-02"


def test_a_candidate_that_is_live_is_refused(nominated: Workspace) -> None:
    promote(nominated, CANDIDATE)

    with pytest.raises(DataError, match=f"live and candidate are both {CANDIDATE}"):
        begin(nominated, "interleave")


class FullDisk:
    """Takes no line while it is full."""

    def __init__(self) -> None:
        self.is_full, self.lines = True, list[str]()

    def write(self, lines: Sequence[str]) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.lines += lines

    def close(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_loses_shadow_lines_counts_them_and_ends_nothing(nominated: Workspace, tried: Start) -> None:
    disk = FullDisk()
    shop = tried(sink=disk)
    begin(nominated, "shadow")
    shop.look()
    shop.ask(queries_of(nominated)[0], "s")
    assert comes_to_be(lambda: shop.metric('mangaassist_shadow_total{outcome="failed"}') == 1)
    disk.is_full = False
    shop.ask(queries_of(nominated)[1], "s")

    assert comes_to_be(lambda: shop.metric('mangaassist_shadow_total{outcome="answered"}') == 1)
    assert len(disk.lines) == 1


def comes_to_be(claim: Callable[[], bool], *, within_s: float = 20.0) -> bool:
    """Whether a claim holds in the end: a message is offered to the shadow after its answer is sent."""
    until = time.monotonic() + within_s
    while not claim() and time.monotonic() < until:
        time.sleep(0.01)
    return claim()


def test_events_are_taken_as_ever(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    begin(nominated, "interleave")
    shop.look()
    answer = shop.ask(queries_of(nominated)[0], "s")

    receipt = shop.send(click(answer["query_id"], answer["results"][0]["id"], "e-1"))

    assert receipt == {"accepted": 1, "repeated": 0, "rejected": []}
    shop.after(6.0)
    assert lines_of(nominated.logs, "retrieval_eval-*.jsonl.open")[-1]["recall_at_3_hit"] is True
