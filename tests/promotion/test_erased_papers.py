import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mangaassist.core.errors import ArtifactError, RegistryError
from mangaassist.promotion import PAIRS, RowCount, erase_pairs, publish, read_erased_paper, served_digest, verify
from mangaassist.promotion.erased_papers import erased_path

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
V1 = "embed-adapter-v01"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    publish(tmp_path, {"config.json": b"{}", "report.json": b"{}", PAIRS: b"pairs"})
    return tmp_path


def erase(root: Path, *, asked_for: int = 2, dry_run: bool = False, why: str = "asked to") -> int:
    return erase_pairs(root, lambda _: RowCount(5, asked_for), at=NOON, actor="mina", why=why, dry_run=dry_run)


def test_the_pairs_go_and_the_tombstone_says_what_they_were(root: Path) -> None:
    before = verify(root, V1)

    assert erase(root) == 1

    told = read_erased_paper(root, V1)
    assert told is not None
    assert (told.paper, told.sha256, told.rows, told.asked_for) == (PAIRS, before[PAIRS], 5, 2)
    assert (told.at, told.actor, told.why) == ("2026-11-03T12:00:00+00:00", "mina", "asked to")
    assert not (root / "releases" / V1 / PAIRS).exists()
    assert verify(root, V1) == before
    assert served_digest(verify(root, V1)) == served_digest(before)


def test_pairs_without_such_rows_stay(root: Path) -> None:
    assert erase(root, asked_for=0) == 0

    assert (root / "releases" / V1 / PAIRS).is_file()
    assert read_erased_paper(root, V1) is None


def test_a_dry_run_counts_only(root: Path) -> None:
    assert erase(root, dry_run=True) == 1

    assert (root / "releases" / V1 / PAIRS).is_file()
    assert read_erased_paper(root, V1) is None


def test_a_second_erasure_keeps_the_first_tombstone(root: Path) -> None:
    erase(root)
    first = read_erased_paper(root, V1)

    assert erase(root, why="once more") == 0

    assert read_erased_paper(root, V1) == first


def test_without_a_tombstone_missing_pairs_are_a_damage(root: Path) -> None:
    (root / "releases" / V1 / PAIRS).unlink()

    with pytest.raises(ArtifactError, match=r"pairs\.parquet: missing, but manifest\.json names it"):
        verify(root, V1)


@pytest.mark.parametrize(
    "lie",
    [{"sha256": "f" * 64}, {"paper": "config.json"}, {"paper": "manifest.json"}, {"release": "embed-adapter-v02"}],
    ids=["another-digest", "what-is-served", "the-manifest", "another-release"],
)
def test_a_tombstone_excuses_the_paper_it_names_with_the_manifests_digest_and_nothing_else(
    root: Path, lie: dict[str, str]
) -> None:
    digests = verify(root, V1)
    erase(root)
    path = erased_path(root, V1)
    told = json.loads(path.read_bytes()) | lie
    if "paper" in lie:
        told["sha256"] = digests.get(lie["paper"], told["sha256"])
        (root / "releases" / V1 / lie["paper"]).unlink()
    path.write_text(json.dumps(told))

    with pytest.raises(ArtifactError):
        verify(root, V1)


def test_an_erased_paper_that_comes_back_changed_is_noticed(root: Path) -> None:
    erase(root)
    (root / "releases" / V1 / PAIRS).write_bytes(b"other pairs")

    with pytest.raises(ArtifactError, match="its sha256 differs"):
        verify(root, V1)


def test_of_a_changed_release_nothing_is_erased(root: Path) -> None:
    path = root / "releases" / V1 / PAIRS
    path.chmod(0o644)
    path.write_bytes(b"changed")

    with pytest.raises(ArtifactError, match="its sha256 differs"):
        erase(root)

    assert read_erased_paper(root, V1) is None


def test_an_erasure_is_signed(root: Path) -> None:
    with pytest.raises(RegistryError, match="say who does it and why"):
        erase(root, why=" ")


def test_the_number_of_the_release_stays_taken(root: Path) -> None:
    erase(root)

    assert publish(root, {"config.json": b"2"}) == "embed-adapter-v02"
