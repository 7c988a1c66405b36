import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

import mangaassist
from mangaassist.core.errors import ArtifactError, NotPromotable, RegistryError, UnknownRelease
from mangaassist.promotion import (
    IDENTITY,
    Aliases,
    Decision,
    GateEvidence,
    Measured,
    Registry,
    judge,
    publish,
    served_digest,
    to_json,
    verify,
)

SOURCES = Path(next(iter(mangaassist.__path__))).parent
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ticking() -> Callable[[], datetime]:
    minutes = count()
    return lambda: NOON + timedelta(minutes=next(minutes))


def open_registry(root: Path) -> Registry:
    return Registry(root, root / "workspace.sqlite", clock=ticking())


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with three releases that nobody has promoted yet."""
    for number in (1, 2, 3):
        publish(tmp_path, {"config.json": b"%d" % number})
    return open_registry(tmp_path)


V1, V2, V3 = "embed-adapter-v01", "embed-adapter-v02", "embed-adapter-v03"


@pytest.fixture
def decide(promotable: GateEvidence, tmp_path: Path) -> Callable[..., Decision]:
    def decision(release: str, live: str = IDENTITY) -> Decision:
        digest = served_digest(verify(tmp_path, release))
        return judge(replace(promotable, candidate=digest, live=live))

    return decision


def promote(registry: Registry, release: str, decision: Decision | None, *, live: str = IDENTITY) -> None:
    registry.promote(
        release, decision, expected_live=live, data_fingerprint="data-1", actor="mika", why="better on real queries"
    )


def test_the_identity_is_live_until_something_is_promoted(registry: Registry) -> None:
    assert registry.aliases() == Aliases(live=IDENTITY, candidate=None, previous=None)
    assert registry.history() == ()


def test_a_registry_may_be_made_by_several_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        registries = list(pool.map(lambda _: open_registry(tmp_path), range(8)))

    assert {registry.aliases().live for registry in registries} == {IDENTITY}


def test_a_promotion_moves_live_and_previous_and_is_written_down(
    registry: Registry, decide: Callable[..., Decision]
) -> None:
    decision = decide(V1)

    promote(registry, V1, decision)

    assert registry.aliases() == Aliases(live=V1, candidate=None, previous=IDENTITY)
    (entry,) = registry.history()
    assert (entry.at, entry.actor, entry.action, entry.release) == (NOON, "mika", "promote", V1)
    assert (entry.replaced, entry.why, entry.override) == (IDENTITY, "better on real queries", None)
    assert entry.decision == decision


def test_what_was_done_is_there_when_the_registry_is_opened_again(
    registry: Registry, decide: Callable[..., Decision], tmp_path: Path
) -> None:
    promote(registry, V1, decide(V1))

    again = open_registry(tmp_path)

    assert again.aliases() == registry.aliases()
    assert again.history() == registry.history()


def test_a_candidate_is_nominated_and_gives_up_the_name_when_it_goes_live(
    registry: Registry, decide: Callable[..., Decision]
) -> None:
    registry.nominate(V2, expected_candidate=None, actor="mika", why="trained on February")
    assert registry.aliases().candidate == V2

    promote(registry, V1, decide(V1))
    assert registry.aliases().candidate == V2

    promote(registry, V2, decide(V2, V1), live=V1)
    assert registry.aliases() == Aliases(live=V2, candidate=None, previous=V1)


def test_a_nomination_that_expects_another_candidate_changes_nothing(registry: Registry) -> None:
    registry.nominate(V1, expected_candidate=None, actor="mika", why="first")

    with pytest.raises(RegistryError, match=f"candidate is {V1}, not unset as expected"):
        registry.nominate(V2, expected_candidate=None, actor="noa", why="second")

    assert registry.aliases().candidate == V1
    assert len(registry.history()) == 1


def test_an_unknown_release_is_neither_nominated_nor_promoted(registry: Registry) -> None:
    with pytest.raises(UnknownRelease):
        registry.nominate("embed-adapter-v09", expected_candidate=None, actor="mika", why="typo")
    with pytest.raises(UnknownRelease):
        promote(registry, "embed-adapter-v09", None)


def test_promotion_without_a_decision_is_refused(registry: Registry) -> None:
    with pytest.raises(NotPromotable, match="no decision on it; run the gate"):
        promote(registry, V1, None)


def test_a_decision_that_does_not_say_promote_is_refused_with_the_rules_to_blame(
    registry: Registry, promotable: GateEvidence, tmp_path: Path
) -> None:
    weak = {**promotable.metrics, "recall@3": Measured(0.5, 0.4, 0.6)}
    evidence = replace(promotable, metrics=weak, candidate=served_digest(verify(tmp_path, V1)))

    with pytest.raises(NotPromotable, match=r"the gate said reject \(recall@3: 0\.500"):
        promote(registry, V1, judge(evidence))

    assert registry.aliases().live == IDENTITY


def test_a_decision_on_another_candidate_is_refused(registry: Registry, decide: Callable[..., Decision]) -> None:
    with pytest.raises(NotPromotable, match="on other files"):
        promote(registry, V2, decide(V1))


def test_a_decision_against_a_release_that_is_no_longer_live_is_refused(
    registry: Registry, decide: Callable[..., Decision]
) -> None:
    promote(registry, V1, decide(V1))

    with pytest.raises(NotPromotable, match=f"against {IDENTITY}, but {V1} is live"):
        promote(registry, V2, decide(V2, IDENTITY), live=V1)


def test_a_decision_on_other_data_is_refused(registry: Registry, decide: Callable[..., Decision]) -> None:
    with pytest.raises(NotPromotable, match="the data have changed"):
        registry.promote(
            V1, decide(V1), expected_live=IDENTITY, data_fingerprint="data-2", actor="mika", why="it is better"
        )


def test_what_is_live_is_not_promoted_again(registry: Registry, decide: Callable[..., Decision]) -> None:
    promote(registry, V1, decide(V1))

    with pytest.raises(NotPromotable, match="live already"):
        promote(registry, V1, decide(V1, V1), live=V1)


def test_an_override_goes_past_the_gate_and_leaves_its_reason(registry: Registry) -> None:
    registry.promote(
        V1,
        None,
        expected_live=IDENTITY,
        data_fingerprint="data-1",
        actor="mika",
        why="hotfix",
        override="live returns erased titles",
    )

    assert registry.aliases().live == V1
    assert registry.history()[0].override == "live returns erased titles"
    assert registry.history()[0].decision is None


def test_an_override_excuses_neither_a_moved_live_release_nor_a_changed_file(
    registry: Registry, tmp_path: Path
) -> None:
    def override(live: str) -> None:
        registry.promote(
            V1, None, expected_live=live, data_fingerprint="d", actor="mika", why="hotfix", override="urgent"
        )

    with pytest.raises(NotPromotable, match=f"live is {IDENTITY}, not {V2} as expected"):
        override(V2)

    (tmp_path / "releases" / V1 / "config.json").chmod(0o644)
    (tmp_path / "releases" / V1 / "config.json").write_bytes(b"tampered")
    with pytest.raises(ArtifactError, match=r"config\.json"):
        override(IDENTITY)
    assert registry.aliases().live == IDENTITY


@pytest.mark.parametrize(("actor", "why", "override"), [("", "why", None), ("mika", " ", None), ("mika", "why", " ")])
def test_who_and_why_must_be_said(
    registry: Registry, decide: Callable[..., Decision], actor: str, why: str, override: str | None
) -> None:
    with pytest.raises(RegistryError, match="say who does it and for what reason"):
        registry.promote(
            V1,
            decide(V1),
            expected_live=IDENTITY,
            data_fingerprint="data-1",
            actor=actor,
            why=why,
            override=override,
        )

    assert registry.aliases().live == IDENTITY


def test_rolling_back_twice_goes_two_releases_back_and_then_there_is_nothing(
    registry: Registry, decide: Callable[..., Decision]
) -> None:
    promote(registry, V1, decide(V1))
    promote(registry, V2, decide(V2, V1), live=V1)

    assert registry.rollback(expected_live=V2, actor="mika", why="slow") == V1
    assert registry.aliases() == Aliases(live=V1, candidate=None, previous=IDENTITY)
    assert registry.rollback(expected_live=V1, actor="mika", why="slow too") == IDENTITY
    assert registry.aliases() == Aliases(live=IDENTITY, candidate=None, previous=None)
    with pytest.raises(RegistryError, match="nothing to roll back to"):
        registry.rollback(expected_live=IDENTITY, actor="mika", why="still slow")
    assert [entry.action for entry in registry.history()] == ["promote", "promote", "rollback", "rollback"]


def test_a_promotion_after_a_rollback_lies_on_what_is_live_and_not_on_what_was_withdrawn(
    registry: Registry, decide: Callable[..., Decision]
) -> None:
    promote(registry, V1, decide(V1))
    promote(registry, V2, decide(V2, V1), live=V1)
    registry.rollback(expected_live=V2, actor="mika", why="slow")

    promote(registry, V3, decide(V3, V1), live=V1)

    assert registry.aliases() == Aliases(live=V3, candidate=None, previous=V1)


def test_a_rollback_by_somebody_who_saw_another_live_release_changes_nothing(
    registry: Registry, decide: Callable[..., Decision]
) -> None:
    promote(registry, V1, decide(V1))
    promote(registry, V2, decide(V2, V1), live=V1)
    registry.rollback(expected_live=V2, actor="mika", why="slow")

    with pytest.raises(RegistryError, match=f"live is {V1}, not {V2} as expected"):
        registry.rollback(expected_live=V2, actor="noa", why="slow")

    assert registry.aliases().live == V1


def test_a_rollback_to_a_changed_release_is_refused(
    registry: Registry, decide: Callable[..., Decision], tmp_path: Path
) -> None:
    promote(registry, V1, decide(V1))
    promote(registry, V2, decide(V2, V1), live=V1)
    (tmp_path / "releases" / V1 / "config.json").unlink()

    with pytest.raises(ArtifactError, match=r"config\.json: missing"):
        registry.rollback(expected_live=V2, actor="mika", why="slow")

    assert registry.aliases().live == V2


def test_the_audit_can_neither_be_edited_nor_cut(
    registry: Registry, decide: Callable[..., Decision], tmp_path: Path
) -> None:
    promote(registry, V1, decide(V1))
    database = sqlite3.connect(tmp_path / "workspace.sqlite")

    for statement in ("UPDATE release_audit SET actor = 'noa'", "DELETE FROM release_audit"):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            database.execute(statement)

    database.close()
    assert registry.history()[0].actor == "mika"


def test_times_are_kept_in_one_zone(tmp_path: Path) -> None:
    publish(tmp_path, {"config.json": b"1"})
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    registry = Registry(tmp_path, tmp_path / "workspace.sqlite", clock=lambda: tokyo)

    registry.nominate(V1, expected_candidate=None, actor="mika", why="first")

    assert registry.history()[0].at.isoformat() == "2026-03-01T12:00:00+00:00"


def test_a_write_that_fails_half_way_leaves_live_as_it_was(
    registry: Registry, decide: Callable[..., Decision], tmp_path: Path
) -> None:
    promote(registry, V1, decide(V1))
    database = sqlite3.connect(tmp_path / "workspace.sqlite")
    database.execute(
        "CREATE TRIGGER full BEFORE UPDATE ON release_aliases WHEN OLD.alias = 'previous' "
        "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    database.close()

    with pytest.raises(RegistryError, match="disk is full; no alias was changed"):
        promote(registry, V2, decide(V2, V1), live=V1)

    assert registry.aliases() == Aliases(live=V1, candidate=None, previous=IDENTITY)
    assert [entry.release for entry in registry.history()] == [V1]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "workspace.sqlite").write_bytes(b"no database at all" * 100)

    with pytest.raises(RegistryError, match=r"workspace\.sqlite: file is not a database"):
        open_registry(tmp_path)


def test_of_two_promoters_who_both_passed_the_gate_exactly_one_wins(
    registry: Registry, decide: Callable[..., Decision], tmp_path: Path
) -> None:
    together = Barrier(2)
    decisions = {release: decide(release) for release in (V1, V2)}

    def race(release: str) -> str:
        own = open_registry(tmp_path)
        together.wait()
        try:
            promote(own, release, decisions[release])
        except NotPromotable as refusal:
            return str(refusal)
        return "won"

    with ThreadPoolExecutor(2) as pool:
        results = dict(zip((V1, V2), pool.map(race, (V1, V2)), strict=True))

    (winner,) = [release for release, result in results.items() if result == "won"]
    (loss,) = [result for result in results.values() if result != "won"]
    assert f"live is {winner}, not {IDENTITY} as expected" in loss
    assert registry.aliases() == Aliases(live=winner, candidate=None, previous=IDENTITY)
    assert [entry.release for entry in registry.history()] == [winner]


PROMOTER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from mangaassist.core.errors import NotPromotable
from mangaassist.promotion import Decision, Registry, from_json
root, release, decision = Path(sys.argv[1]), sys.argv[2], from_json(Decision, sys.argv[3], source="argument")
registry = Registry(root, root / "workspace.sqlite", clock=lambda: datetime.now(UTC))
sys.stdin.readline()
change = {"expected_live": "embed-adapter-v00", "data_fingerprint": "data-1", "actor": "mika", "why": "better"}
try:
    registry.promote(release, decision, **change)
except NotPromotable:
    sys.exit(3)
"""


def test_of_two_processes_that_promote_exactly_one_wins(
    registry: Registry, decide: Callable[..., Decision], tmp_path: Path
) -> None:
    promoters = [
        subprocess.Popen(
            [sys.executable, "-c", PROMOTER, str(tmp_path), release, to_json(decide(release)).decode()],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
            text=True,
        )
        for release in (V1, V2)
    ]
    for promoter in promoters:
        assert promoter.stdin is not None
        promoter.stdin.write("go\n")
        promoter.stdin.flush()
    for promoter in promoters:
        promoter.communicate()

    assert sorted(promoter.returncode for promoter in promoters) == [0, 3]
    (entry,) = registry.history()
    assert registry.aliases().live == entry.release


def test_a_changed_live_release_is_not_buried_under_a_new_one_but_can_be_rolled_back_from(
    registry: Registry, decide: Callable[..., Decision], tmp_path: Path
) -> None:
    """Promoting over it would leave a `previous` that no rollback can bring back."""
    promote(registry, V1, decide(V1))
    path = tmp_path / "releases" / V1 / "config.json"
    path.chmod(0o644)
    path.write_bytes(b"tampered")

    with pytest.raises(ArtifactError, match=f"{path}: its sha256 differs .* or roll back to another release"):
        promote(registry, V2, decide(V2, V1), live=V1)
    with pytest.raises(ArtifactError, match="its sha256 differs"):
        registry.check_promotable({"config.json": b"2"}, decide(V2, V1), data_fingerprint="data-1", override="urgent")

    assert registry.aliases().live == V1
    assert registry.rollback(expected_live=V1, actor="mika", why="it was changed") == IDENTITY


def test_the_line_of_rollback_holds_what_rollbacks_can_reach(
    registry: Registry, decide: Callable[..., Decision]
) -> None:
    assert registry.rollback_line() == (IDENTITY,)

    promote(registry, V1, decide(V1))
    promote(registry, V2, decide(V2, V1), live=V1)
    assert registry.rollback_line() == (IDENTITY, V1, V2)

    registry.rollback(expected_live=V2, actor="mika", why="slow")
    assert registry.rollback_line() == (IDENTITY, V1)
