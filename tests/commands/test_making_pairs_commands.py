import json
from pathlib import Path
from typing import Any

import pytest
from command_line import refused, run
from loop_world import write_rows

from mangaassist.commands.making_pairs import REASONS
from mangaassist.data import Workspace
from mangaassist.loop import read_pair_counts, read_proposals
from mangaassist.pairs import DropReason


def result(*words: object) -> Any:
    done = run(*words, "--json", "-")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def shown(*words: object) -> str:
    """What a person sees, its lines joined."""
    done = run(*words)
    assert done.exit_code == 0
    return " ".join(done.stdout.split())


def decided(path: Path, *statuses: str) -> Path:
    """The review file with its first rows decided on."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row, status in zip(rows, statuses, strict=False):
        row |= {"status": status, "reviewer": "ann"}
    return write_rows(path, rows)


# pairs


def test_pairs_counts_raw_events_pairs_and_what_was_dropped_by_source(shop: Workspace) -> None:
    counts = result("pairs", "--workspace", shop.root)

    assert {"click", "cart"} <= set(counts["sources"])
    assert {"sources", "share_by_source", "synthetic_share", "largest_client_share", "bounds"} <= set(counts)
    keys = {"raw_events", "raw", "pairs", "unique", "trained", "dropped", "inhuman_sessions"}
    assert all(set(source) - {"used", "drawn"} == keys for source in counts["sources"].values())
    assert all({"used", "drawn"} <= set(counts["sources"][name]) for name in ("click", "cart"))
    assert counts["bounds"] == {"synthetic_share": 0.2, "largest_client_share": 0.01, "log_pairs": 250_000}


def test_pairs_says_in_words_what_was_dropped_of_which_source_and_why(shop: Workspace) -> None:
    said = shown("pairs", "--workspace", shop.root)

    assert "click │" in said
    assert f"│ {REASONS['intent_uncertain']} │" in said


def test_pairs_says_how_many_of_the_logs_pairs_train_where_not_all_do(shop: Workspace) -> None:
    assert "Drawn to train" not in shown("pairs", "--workspace", shop.root)
    (shop.root / "mangaassist.toml").write_text("[pairs]\nmax_log_pairs = 20\n")

    said = shown("pairs", "--workspace", shop.root)

    made = sum(source["pairs"] for source in read_pair_counts(shop)["sources"].values() if "drawn" in source)
    assert f"of the log's {made:,} pairs, by client (max_log_pairs 20)." in said


def test_every_reason_to_drop_something_has_its_words() -> None:
    assert set(REASONS) == set(DropReason.__args__)  # type: ignore[attr-defined]


def test_pairs_shows_the_shares_beside_their_bounds(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text("[pairs]\nmax_synthetic_share = 0.1\nmax_client_share = 0.5\n")

    said = shown("pairs", "--workspace", shop.root)

    assert "Synthetic pairs: 0.0% of the weight, to stay below 10%." in said
    assert "of the weight, at most 50%." in said


def test_too_few_clients_for_the_bound_are_said_to_be_too_few(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text("[pairs]\nmax_client_share = 0.00001\n")

    assert "at most 0.001%: there are too few clients for the bound, all weigh the same" in shown(
        "pairs", "--workspace", shop.root
    )


def test_pairs_is_readable_in_eighty_columns(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row of both tables on one line: nothing is broken into a narrow column."""
    wide = run("pairs", "--workspace", shop.root).stdout
    monkeypatch.setattr("command_line.COLUMNS", "80")

    narrow = run("pairs", "--workspace", shop.root).stdout

    assert max(map(len, narrow.splitlines())) <= 80
    assert [" ".join(line.split()) for line in narrow.splitlines()] == [
        " ".join(line.split()) for line in wide.splitlines()
    ]


# pairs propose


def test_propose_adds_pending_proposals_and_says_what_to_do_next(shop: Workspace) -> None:
    before = (shop.pairs / "pairs.parquet").read_bytes()

    assert result("pairs", "propose", "3", "--workspace", shop.root) == {
        "proposed": 3,
        "pending": 3,
        "accepted": 0,
        "rejected": 0,
    }
    assert "Proposed 2 new pairs. Next: mangaassist pairs review --export FILE" in shown(
        "pairs", "propose", "2", "--workspace", shop.root
    )
    assert len(read_proposals(shop)) == 5
    assert (shop.pairs / "pairs.parquet").read_bytes() == before


# pairs review


def test_review_exports_and_takes_decisions_in_and_makes_no_pairs(shop: Workspace, tmp_path: Path) -> None:
    path, where = tmp_path / "review.jsonl", ("--workspace", shop.root)
    before = (shop.pairs / "pairs.parquet").read_bytes()
    run("pairs", "propose", "4", *where)

    exported = result("pairs", "review", "--export", path, *where)
    taken = result("pairs", "review", "--import", decided(path, "accepted", "rejected", "accepted"), *where)

    assert exported == {"exported": 4, "pending": 4, "accepted": 0, "rejected": 0}
    assert taken == {"newly_accepted": 2, "newly_rejected": 1, "pending": 1, "accepted": 2, "rejected": 1}
    assert (shop.pairs / "pairs.parquet").read_bytes() == before
    assert result("pairs", *where)["sources"]["synthetic"]["trained"] == 2


def test_review_alone_tells_how_many_are_decided(shop: Workspace) -> None:
    run("pairs", "propose", "4", "--workspace", shop.root)

    assert "Proposals: 4 pending, 0 accepted, 0 rejected." in shown("pairs", "review", "--workspace", shop.root)


def test_decisions_are_taken_in_before_everything_is_written(shop: Workspace, tmp_path: Path) -> None:
    path, where = tmp_path / "review.jsonl", ("--workspace", shop.root)
    run("pairs", "propose", "4", *where)
    run("pairs", "review", "--export", path, *where)

    run("pairs", "review", "--import", decided(path, "accepted"), "--export", tmp_path / "after.jsonl", *where)

    assert '"status": "accepted", "reviewer": "ann"' in (tmp_path / "after.jsonl").read_text()


def test_a_bad_review_is_named_by_its_line_and_nothing_is_taken(shop: Workspace, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "review.jsonl", [{"id": "x"}])

    assert "line 1" in refused("pairs", "review", "--import", path, "--workspace", shop.root)


def test_there_is_nothing_to_review_before_anything_was_proposed(shop: Workspace, tmp_path: Path) -> None:
    said = refused("pairs", "review", "--export", tmp_path / "review.jsonl", "--workspace", shop.root)

    assert said.endswith("has no proposals to review; make some: `mangaassist pairs propose 300`")


# Both


@pytest.mark.parametrize("command", [("review",), ("propose", "3")])
def test_a_command_under_pairs_takes_workspace_and_json_and_refuses_a_folder_that_is_none(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    assert "is no workspace" in refused("pairs", *command, "--workspace", tmp_path, "--json", tmp_path / "out.json")


def test_options_before_the_command_are_refused_rather_than_ignored(shop: Workspace) -> None:
    done = run("pairs", "--workspace", shop.root, "review")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "options stand after the command: mangaassist pairs review --workspace DIR" in done.stderr


def test_without_a_number_nothing_is_proposed(shop: Workspace) -> None:
    assert run("pairs", "propose", "--workspace", shop.root).exit_code == 2
    assert run("pairs", "propose", "0", "--workspace", shop.root).exit_code == 2
