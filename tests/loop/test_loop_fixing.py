import json

import pytest
from loop_fixtures import NOON

from mangaassist.core.errors import DataError, SettingsError
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace, titles
from mangaassist.evaluation import DIAGNOSES
from mangaassist.loop import (
    candidate_folder,
    evaluate_candidate,
    judged_split,
    make_pairs,
    put_in_force,
    read_diagnoses,
    read_pairs,
    read_settings,
    registry_of,
    without_fixes,
)
from mangaassist.loop.fixing import without_overlap
from mangaassist.promotion import IDENTITY, GateEvidence, from_json


def put(workspace: Workspace, *fixes: str) -> None:
    put_in_force(workspace, read_settings(workspace.root), fixes)  # type: ignore[arg-type]


# Diagnoses of an evaluated candidate


def test_the_report_and_the_gate_s_evidence_hold_every_diagnosis(shop: Workspace) -> None:
    report = json.loads((candidate_folder(shop) / "report.json").read_bytes())
    path = candidate_folder(shop) / "evidence.json"
    evidence = from_json(GateEvidence, path.read_bytes(), source=str(path))

    assert tuple(each["name"] for each in report["diagnoses"]) == DIAGNOSES
    assert evidence.diagnoses == {each["name"]: each["status"] for each in report["diagnoses"]}
    assert "## Diagnoses: known failures" in (candidate_folder(shop) / "report.md").read_text()


def test_a_threshold_of_the_settings_is_the_one_that_decides(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text("[diagnoses]\nsaturated_base_tolerated = 0.0\nsaturated_base = 0.0\n")

    report = evaluate_candidate(shop, read_settings(shop.root), live=IDENTITY, seed=0, now=NOON, progress=no_progress)

    assert {each["name"]: each["status"] for each in report["diagnoses"]}["saturated_base"] == "fail"


def test_an_unknown_threshold_is_an_error(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text("[diagnoses]\ncold_harmm = 0.1\n")

    with pytest.raises(SettingsError, match="has no key cold_harmm"):
        read_settings(shop.root)


def test_diagnoses_are_read_again_from_the_newest_run(shop: Workspace) -> None:
    found = read_diagnoses(shop, registry_of(shop).aliases(), None)

    assert (found["release"], found["live"]) == ("candidate", IDENTITY)
    assert len(found["diagnoses"]) == 8


@pytest.mark.parametrize("release", ["live", IDENTITY])
def test_the_frozen_encoder_has_no_diagnoses(release: str, shop: Workspace) -> None:
    with pytest.raises(DataError, match="is the frozen encoder, which the others are diagnosed against"):
        read_diagnoses(shop, registry_of(shop).aliases(), release)


def test_a_report_from_before_diagnoses_says_what_to_do(shop: Workspace) -> None:
    path = candidate_folder(shop) / "report.json"
    path.write_text(json.dumps({key: each for key, each in json.loads(path.read_text()).items() if key != "diagnoses"}))

    with pytest.raises(DataError, match="is older than diagnoses; evaluate a candidate again"):
        read_diagnoses(shop, registry_of(shop).aliases(), None)


# Fixes


def test_a_fix_changes_the_rules_until_it_is_taken_back(shop: Workspace) -> None:
    put(shop, "popularity_collapse")
    put(shop, "cold_harm")

    fixed = read_settings(shop.root)
    without_fixes(shop)
    plain = read_settings(shop.root)

    assert (fixed.fixes, fixed.pairs.popularity_exponent) == (("cold_harm", "popularity_collapse"), 1.0)
    assert (plain.fixes, plain.pairs.popularity_exponent) == ((), 0.5)


def test_pairs_that_were_made_without_the_fix_have_to_be_made_again(shop: Workspace) -> None:
    put(shop, "language_drift")

    with pytest.raises(DataError, match="make them again: `mangaassist pairs`"):
        read_pairs(shop, read_settings(shop.root))
    make_pairs(shop, read_settings(shop.root))
    read_pairs(shop, read_settings(shop.root))


def test_the_fix_of_synthetic_drift_drops_the_generators_of_the_newest_report(shop: Workspace) -> None:
    path = candidate_folder(shop) / "report.json"
    report = json.loads(path.read_bytes())
    for each in report["diagnoses"]:
        if each["name"] == "synthetic_drift":
            each["figures"] = {
                "real recall@3": {"baseline": 0.5, "candidate": 0.6, "implied": None},
                "gain on facets": {"baseline": 0.0, "candidate": 0.4, "implied": None},
                "gain on alias": {"baseline": 0.0, "candidate": 0.12, "implied": None},
            }
    path.write_text(json.dumps(report))

    put(shop, "synthetic_drift")

    assert read_settings(shop.root).pairs.dropped_generators == ("facets",)


def test_a_broken_list_of_fixes_names_the_remedy(shop: Workspace) -> None:
    (shop.pairs / "fixes.json").write_text('{"fixes": ["no_such"]}')

    with pytest.raises(SettingsError, match="train --without-fixes"):
        read_settings(shop.root)


def test_the_fix_of_metadata_leakage_leaves_out_judged_queries_that_hold_two_tags(shop: Workspace) -> None:
    put(shop, "metadata_leakage")
    split = judged_split(shop, "test")
    query = split.queries[0]
    wanted = next(doc_id for doc_id, grade in split.qrels[query.query_id].items() if grade)
    known = [
        each.model_copy(update={"tones": tuple(query.text.split()[:2])}) if each.title_id == wanted else each
        for each in titles(shop)
    ]

    kept = without_overlap(split, known, read_settings(shop.root))

    assert query.query_id not in kept.qrels
    assert len(kept.queries) >= len(split.queries) - 5
