"""`mangaassist experiment`: begun, listed, reported, stopped from the command line."""

import json

import pytest
from command_line import refused, run

from mangaassist.data import Workspace
from mangaassist.loop import nominate_candidate, registry_of, release_candidate
from mangaassist.promotion import IDENTITY, releases

START = ("experiment", "start", "interleave")


def test_start_publishes_the_candidate_without_promoting_it(shop: Workspace) -> None:
    done = run(*START, "--share", "0.4", "--seed", "7", "--workspace", shop.root, "--json", "-")

    told = json.loads(done.stdout)
    assert (told["name"], told["kind"], told["share"], told["seed"]) == ("interleave-01", "interleave", 0.4, 7)
    assert (told["live"], told["candidate"]) == (IDENTITY, "embed-adapter-v01")
    aliases = registry_of(shop).aliases()
    assert (aliases.live, aliases.candidate) == (IDENTITY, "embed-adapter-v01")
    assert json.loads((shop.experiments / "interleave-01.json").read_text()) == told
    assert (shop.index / "embed-adapter-v01").is_dir()


def test_a_candidate_is_published_once_and_promotion_takes_that_release(shop: Workspace) -> None:
    run(*START, "--workspace", shop.root)
    run("experiment", "stop", "--workspace", shop.root)
    run(*START, "--workspace", shop.root)

    release = release_candidate(shop, actor="mina", why="a test", override="to see")

    assert (release, releases(shop.root)) == ("embed-adapter-v01", (IDENTITY, "embed-adapter-v01"))
    assert registry_of(shop).aliases().candidate is None


def test_what_is_live_already_is_no_candidate(shop: Workspace) -> None:
    release_candidate(shop, actor="mina", why="a test", override="to see")

    assert "is live already, as embed-adapter-v01; train another one" in refused(*START, "--workspace", shop.root)


def test_status_tells_what_runs_and_what_rests(shop: Workspace) -> None:
    nothing = run("experiment", "status", "--workspace", shop.root).stdout
    run(*START, "--workspace", shop.root, "--why", "before the sale")
    running = run("experiment", "status", "--workspace", shop.root).stdout
    release_candidate(shop, actor="mina", why="a test", override="to see")
    over = json.loads(run("experiment", "status", "--workspace", shop.root, "--json", "-").stdout)

    assert "There has been no experiment" in nothing
    assert "running" in running
    assert "before the sale" in running
    assert [each["state"] for each in over["experiments"]] == ["over"]


def test_stop_needs_no_lock_and_names_the_report(shop: Workspace) -> None:
    run(*START, "--workspace", shop.root)

    with shop.lock():
        done = run("experiment", "stop", "--actor", "mina", "--why", "enough", "--workspace", shop.root)

    assert done.stdout == "interleave-01 is stopped. See: mangaassist experiment report interleave-01\n"
    told = json.loads((shop.experiments / "interleave-01.json").read_text())
    assert (told["stopped_by"], told["stopped_why"]) == ("mina", "enough")


def test_a_report_of_nothing_says_when_there_will_be_something(shop: Workspace) -> None:
    run(*START, "--workspace", shop.root)

    done = run("experiment", "report", "--workspace", shop.root)

    assert "interleave-01 (running): embed-adapter-v01 beside embed-adapter-v00" in done.stdout
    assert "a session is over two and a half hours after its first query" in done.stdout


@pytest.mark.parametrize("kind", ["shadow", "interleave", "canary"])
def test_a_report_is_drawn_for_people(shop: Workspace, kind: str) -> None:
    run("experiment", "start", kind, "--workspace", shop.root)
    write_lines(shop, kind)

    done = run("experiment", "report", "--workspace", shop.root)

    assert done.exit_code == 0, done.stderr
    expected = {
        "shadow": ("overlap of the first three", "tall [red] pirates", "Tall Pirates", "candidate − live"),
        "interleave": ("sessions that prefer", "preference +1.000", "undecided", "more sessions would decide"),
        "canary": ("with a click", "difference in sessions with a click", "undecided"),
    }
    assert [text for text in expected[kind] if text not in done.stdout] == []
    assert "2 sessions with 2 queries" in done.stdout


def write_lines(shop: Workspace, kind: str) -> None:
    """Two sessions as a server logs them, long over, each with a click."""
    about = {"name": f"{kind}-01", "kind": kind, "arm": "candidate", "served": "candidate", "has_failed": False}
    slots = [{"id": "pirates-1", "team": "candidate"}, {"id": "pirates-2", "team": "live"}]
    lines, events = [], []
    for number in range(2):
        answer = {"release": IDENTITY, "results": ["pirates-1"], "latency_ms": 1.5}
        line = {"query_id": f"q{number}", "session": f"s{number}", "timestamp": "2026-11-05T12:00:00Z",
                "query": "tall [red] pirates", "latency_ms": 2.0, "experiment": {**about, "slots": slots}}  # fmt: skip
        shadow = {"live": answer, "candidate": {**answer, "results": ["pirates-2"]}}
        lines.append({**line, **shadow, "overlap_at_3": 0.0, "rank_biased_overlap": 0.1})
        events.append({"event_id": f"e{number}", "query_id": f"q{number}", "action_name": "click",
                       "timestamp": "2026-11-05T12:01:00Z",
                       "event_attributes": {"object": {"object_id": "pirates-1"}}})  # fmt: skip
    name = "retrieval_shadow" if kind == "shadow" else "retrieval_eval"
    (shop.logs / f"{name}-1.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (shop.logs / "ubi_events-1.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def test_an_unknown_experiment_is_named_with_those_there_are(shop: Workspace) -> None:
    run(*START, "--workspace", shop.root)

    said = refused("experiment", "report", "nonsense", "--workspace", shop.root)

    assert "has no experiment 'nonsense' (there are: interleave-01)" in said


def test_gc_keeps_the_releases_of_a_running_experiment(shop: Workspace) -> None:
    nominate_candidate(shop, actor="mina", why="a test")
    run(*START, "--candidate", "embed-adapter-v01", "--workspace", shop.root)
    registry_of(shop).nominate(IDENTITY, expected_candidate="embed-adapter-v01", actor="mina", why="a test")

    kept = run("gc", "--keep", "0", "--workspace", shop.root)
    run("experiment", "stop", "--workspace", shop.root)
    gone = run("gc", "--keep", "0", "--workspace", shop.root)

    assert "embed-adapter-v01" not in kept.stdout
    assert "embed-adapter-v01" in gone.stdout
