from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mangaassist.core.errors import SettingsError
from mangaassist.loop import Settings, read_settings
from mangaassist.pairs import PairRules
from mangaassist.promotion import GateSettings


def written(root: Path, text: str) -> Path:
    (root / "mangaassist.toml").write_text(text, encoding="utf-8")
    return root


def test_without_a_file_the_defaults_are_the_documented_first_run(tmp_path: Path) -> None:
    settings = read_settings(tmp_path)

    assert settings.model_dump() == Settings().model_dump()
    assert (settings.encoder, settings.enrich, settings.live_log.newest_share) == ("local", "auto", 0.10)
    assert settings.template == (
        "title + author + demographic + genre + tone + themes + age rating + availability + description"
    )
    gate = settings.gate
    assert (gate.recall_at_3_floor, gate.ndcg_at_10_floor, gate.bad_top1_ceiling) == (0.80, 0.78, 0.08)
    assert (gate.latency_addon_ceiling_ms, gate.routing_ceiling_ms, gate.response_allowance_ms) == (2.0, 15.0, 2.0)
    assert (gate.harm_margin, gate.harm_margin_of_mean, gate.looks_allowed) == (0.05, 0.02, 20)
    assert (gate.queries_for_interval, gate.queries_for_mean, gate.judged_at_3_floor) == (100, 50, 0.95)
    pairs = settings.pairs
    assert (pairs.max_repeats, pairs.max_client_share, pairs.max_synthetic_share) == (3, 0.01, 0.20)


def test_what_the_file_says_replaces_only_what_it_says(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, 'enrich = "sparse"\n[gate]\nrecall_at_3_floor = 0.7\n'))

    assert settings.enrich == "sparse"
    assert settings.gate == GateSettings(recall_at_3_floor=0.7)
    assert settings.pairs == PairRules()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("encodr = 'local'", "encodr"),
        ("[gates]\nndcg_at_10_floor = 0.5", "gates"),
        ("[gate]\nrecall_floor = 0.5", "recall_floor"),
        ("[pairs]\nmax_repeat = 2", "max_repeat"),
        ("[pairs]\nmax_repeats = 'many'", "pairs.max_repeats"),
        ("[pairs]\nmax_repeats = 0", "max_repeats is 0"),
        ("[pairs]\nmax_client_share = 1.5", "max_client_share is 1.5"),
        ("enrich = 'some'", "enrich"),
        ("[live_log]\nnewest_share = 1.0", "newest_share is 1.0"),
        ("[live_log]\nshare = 0.1", "has no key share"),
        ("pairs = 3", "pairs"),
    ],
)
def test_an_unknown_key_or_a_bad_value_is_an_error_that_names_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(written(tmp_path, text))

    assert str(tmp_path / "mangaassist.toml") in str(raised.value)
    assert key in str(raised.value)
    assert "correct it, or leave it out for the default" in str(raised.value)


def test_an_unknown_key_in_a_section_tells_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(written(tmp_path, "[gate]\nrecall_floor = 0.5"))

    assert all(field.name in str(raised.value) for field in fields(GateSettings))


@pytest.mark.parametrize("content", [b"encoder = [", b"encoder = '\xff\xfe'", b"encoder local"])
def test_a_file_that_is_no_toml_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mangaassist.toml").write_bytes(content)

    with pytest.raises(SettingsError, match=r"mangaassist\.toml: is no TOML in UTF-8: .+; correct that line"):
        read_settings(tmp_path)


def test_an_environment_variable_goes_before_the_file_and_leaves_the_rest_of_its_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "enrich = 'sparse'\n[gate]\nrecall_at_3_floor = 0.7\nndcg_at_10_floor = 0.6\n")
    monkeypatch.setenv("MANGAASSIST_ENRICH", "none")
    monkeypatch.setenv("MANGAASSIST_GATE__RECALL_AT_3_FLOOR", "0.5")

    settings = read_settings(tmp_path)

    assert settings.enrich == "none"
    assert settings.gate == GateSettings(recall_at_3_floor=0.5, ndcg_at_10_floor=0.6)


def test_a_bad_environment_variable_is_told_apart_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANGAASSIST_PAIRS__MAX_REPEAT", "2")

    with pytest.raises(SettingsError, match=r"\(or a MANGAASSIST_ variable\): pairs: .*has no key max_repeat"):
        read_settings(tmp_path)


def test_the_privacy_key_s_variable_is_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", "/nowhere")

    assert read_settings(tmp_path).model_dump() == Settings().model_dump()


def test_settings_cannot_be_changed_after_reading(tmp_path: Path) -> None:
    settings: Any = read_settings(tmp_path)

    with pytest.raises(ValueError, match="frozen"):
        settings.enrich = "none"
