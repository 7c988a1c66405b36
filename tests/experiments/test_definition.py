"""The file of an experiment: what it must say, who is drawn, and what an error tells."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mangaassist.core.errors import DataError
from mangaassist.experiments.definition import Experiment, read_experiment, write_experiment

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


def an_experiment(**changes: Any) -> Experiment:
    values: dict[str, Any] = {
        "name": "interleave-01", "kind": "interleave", "live": "embed-adapter-v00", "candidate": "embed-adapter-v01",
        "share": 0.3, "started_at": NOON, "actor": "mina", "why": "a test",
    }  # fmt: skip
    return Experiment.model_validate({**values, **changes})


def written(folder: Path, **changes: Any) -> Path:
    """The file with these fields changed, as a hand might."""
    path = folder / "interleave-01.json"
    path.write_text(json.dumps({**an_experiment().model_dump(mode="json"), **changes}))
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_experiment(tmp_path, an_experiment())

    assert read_experiment(tmp_path / "interleave-01.json") == an_experiment()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"version": 2}, "version: is 2, this program knows 1; use the program that wrote it"),
        ({"format": "other"}, "format: Input should be 'mangaassist-experiment'"),
        ({"kind": "coin"}, "kind: Input should be 'shadow', 'interleave' or 'canary'"),
        ({"share": 0}, "share: Input should be greater than 0"),
        ({"share": 1.2}, "share: Input should be less than or equal to 1"),
        ({"share": 1, "kind": "canary"}, "a canary needs sessions that stay with live"),
        ({"candidate": "embed-adapter-v00"}, "live and candidate are both embed-adapter-v00"),
        ({"candidate": "../../etc"}, "candidate: String should match pattern"),
        ({"started_at": "2026-11-05T12:00:00"}, "started_at: Input should have timezone info"),
        ({"stopped_at": "2026-11-04T12:00:00Z"}, "stopped_at lies before started_at"),
        ({"why": " "}, "why: String should have at least 1 character"),
        ({"sahre": 0.1}, "sahre: Extra inputs are not permitted"),
        ({"name": "another"}, "name: is 'another'; a file has the name of its experiment"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_by_field(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    path = written(tmp_path, **changes)

    with pytest.raises(DataError) as raised:
        read_experiment(path)

    assert str(raised.value).startswith(f"{path}: ")
    assert says in str(raised.value)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"", b"[]", b'"text"'])
def test_a_file_that_is_no_experiment_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "interleave-01.json"
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"remove (it|the file) and start anew"):
        read_experiment(path)


def test_a_session_is_drawn_or_not_for_ever_and_about_as_often_as_the_share_says() -> None:
    experiment = an_experiment()

    drawn = [experiment.draws(f"session {number}") for number in range(5000)]

    assert drawn == [experiment.draws(f"session {number}") for number in range(5000)]
    assert abs(sum(drawn) / 5000 - 0.3) < 0.02
    assert all(an_experiment(share=1).draws(f"session {number}") for number in range(100))


@pytest.mark.parametrize("other", [{"name": "interleave-02"}, {"seed": 1}])
def test_another_experiment_draws_other_sessions(other: dict[str, Any]) -> None:
    one, another = an_experiment(share=0.5), an_experiment(share=0.5, **other)

    same = sum(one.draws(f"s{number}") == another.draws(f"s{number}") for number in range(4000))

    assert abs(same / 4000 - 0.5) < 0.03


def test_a_session_id_that_is_half_a_character_is_drawn_like_any_other() -> None:
    assert an_experiment(share=1).draws("\ud800")
