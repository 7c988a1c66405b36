"""Titan through real boto3 and real HTTP, against a Bedrock on loopback that fails by plan."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_bedrock import Answer, FakeBedrock, embedding_of, refusal, running_bedrock
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.errors import EncoderError, MissingExtra, SettingsError
from mangaassist.encoders import CachedEncoder, PartlyEncoded, TitanEncoder, TitanSettings, estimate_cost, load_encoder
from mangaassist.encoders.titan_answers import vector_of
from mangaassist.encoders.titan_text import titan_text

FAST = TitanSettings(requests_per_minute=600_000, attempts=3, timeout_s=5)
TEXTS = [f"text {number}" for number in range(300)]

THROTTLED = refusal(429, "ThrottlingException", "Too many requests")


@pytest.fixture
def bedrock() -> Iterator[FakeBedrock]:
    with running_bedrock() as server:
        yield server


def test_the_vectors_are_titans_in_the_order_of_the_texts(bedrock: FakeBedrock) -> None:
    vectors = TitanEncoder(FAST).encode(TEXTS[:50])

    assert vectors == pytest.approx(np.array([embedding_of(text, 1024) for text in TEXTS[:50]]), abs=1e-6)


@pytest.mark.parametrize("dimension", [1024, 512, 256])
def test_every_dimension_has_its_own_id(bedrock: FakeBedrock, dimension: int) -> None:
    encoder = load_encoder("titan", TitanSettings(dimension=dimension))  # type: ignore[arg-type]

    assert encoder.encoder_id == f"amazon.titan-embed-text-v2:0@{dimension}"
    assert encoder.encode(["berserk"]).shape == (1, dimension)
    assert [request.dimension for request in bedrock.received] == [dimension]


def test_an_answer_that_is_not_of_unit_length_is_made_so(bedrock: FakeBedrock) -> None:
    bedrock.plan = lambda _text, _times: Answer(body=json.dumps({"embedding": [2.0] * 256}).encode())

    (vector,) = TitanEncoder(TitanSettings(dimension=256)).encode(["berserk"])

    assert vector == pytest.approx(np.full(256, 1 / 16))


def test_equal_texts_are_paid_once(bedrock: FakeBedrock) -> None:
    TitanEncoder(FAST).encode(["berserk", "ｂｅｒｓｅｒｋ", "berserk"])

    assert [request.text for request in bedrock.received] == ["berserk"]


def test_throttling_is_waited_out(bedrock: FakeBedrock) -> None:
    bedrock.plan = lambda _text, times: THROTTLED if times == 0 else None

    vectors = TitanEncoder(FAST).encode(["berserk"])

    assert vectors[0] == pytest.approx(np.array(embedding_of("berserk", 1024)), abs=1e-6)
    assert len(bedrock.received) == 2


def test_throttling_without_end_names_the_setting_to_change(bedrock: FakeBedrock) -> None:
    bedrock.plan = lambda _text, _times: THROTTLED

    with pytest.raises(EncoderError, match="set `requests_per_minute`"):
        TitanEncoder(TitanSettings(attempts=2)).encode(["berserk"])

    assert len(bedrock.received) == 2


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(bedrock: FakeBedrock) -> None:
    bedrock.plan = lambda _text, times: Answer(after_s=30) if times == 0 else None

    vectors = TitanEncoder(TitanSettings(attempts=2, timeout_s=0.2)).encode(["berserk"])

    assert len(vectors) == 1
    assert len(bedrock.received) == 2


def test_a_service_that_never_answers_is_reported_with_a_remedy(bedrock: FakeBedrock) -> None:
    bedrock.plan = lambda _text, _times: Answer(after_s=30)

    with pytest.raises(EncoderError, match=r"begins 'berserk'.*check the network"):
        TitanEncoder(TitanSettings(attempts=2, timeout_s=0.1)).encode(["berserk"])


@pytest.mark.parametrize(
    "passing",
    [
        refusal(408, "ModelTimeoutException", "the model took too long"),
        refusal(424, "ModelErrorException", "the model failed"),
        refusal(429, "ModelNotReadyException", "the model is loading"),
        refusal(500, "InternalServerException", "sorry"),
        refusal(503, "ServiceUnavailableException", "sorry"),
        Answer(body=b'{"embedding": [0.1, ', missing_bytes=1000),
    ],
    ids=lambda answer: answer.error or "broken off",
)
def test_errors_that_pass_are_tried_again(bedrock: FakeBedrock, passing: Answer) -> None:
    bedrock.plan = lambda _text, times: passing if times == 0 else None

    assert len(TitanEncoder(FAST).encode(["berserk"])) == 1
    assert len(bedrock.received) == 2


def test_a_model_that_keeps_failing_is_given_up(bedrock: FakeBedrock) -> None:
    bedrock.plan = lambda _text, _times: refusal(424, "ModelErrorException", "the model failed")

    with pytest.raises(EncoderError, match=r"ModelErrorException \(the model failed\).*run again"):
        TitanEncoder(FAST).encode(["berserk"])

    assert len(bedrock.received) == 3


MALFORMED = {
    b"": "is no JSON",
    b"<html>": "is no JSON",
    b"[]": "has no embedding",
    b"{}": "has no embedding",
    b'{"embedding": null}': "has no embedding",
    b'{"embedding": [0.6]}': "has 1 numbers, not 2",
    b'{"embedding": [0.6, 0.8, 0]}': "has 3 numbers, not 2",
    b'{"embedding": [0.6, NaN]}': "no finite number",
    b'{"embedding": [0.6, Infinity]}': "no finite number",
    b'{"embedding": [0.6, 1' + b"0" * 400 + b"]}": "no finite number",
    b'{"embedding": [0.6, "0.8"]}': "no finite number",
    b'{"embedding": [0.6, [0.8]]}': "no finite number",
    b'{"embedding": [0, 0]}': "without length",
}


@pytest.mark.parametrize(("body", "what"), MALFORMED.items(), ids=range(len(MALFORMED)))
def test_a_malformed_answer_is_an_error_that_names_the_texts_beginning(body: bytes, what: str) -> None:
    with pytest.raises(EncoderError, match=f"begins 'dark fantasy' .*{what}"):
        vector_of(body, "dark fantasy", 2)


def test_a_well_formed_answer_is_a_unit_vector() -> None:
    assert vector_of(b'{"embedding": [3, 4.0]}', "x", 2) == pytest.approx(np.array([0.6, 0.8]))


@given(
    st.binary(max_size=40) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_no_answer_whatever_raises_anything_but_encoder_error(body: bytes) -> None:
    for answer in (body, b'{"embedding": ' + body + b"}"):
        try:
            assert np.linalg.norm(vector_of(answer, "x", 1)) == pytest.approx(1.0)
        except EncoderError:
            continue


def test_malformed_answers_over_http_stop_the_job_and_only_the_beginning_of_the_text_is_shown(
    bedrock: FakeBedrock,
) -> None:
    bedrock.plan = lambda _text, _times: Answer(body=b'{"embedding": [1.0]}')

    with pytest.raises(EncoderError) as caught:
        TitanEncoder(TitanSettings(threads=1)).encode(["a" * 500, "second", "third"])

    assert f"begins '{'a' * 60}…' has 1 numbers, not 1024" in str(caught.value)
    assert len(bedrock.received) == 1


def test_one_refused_text_among_hundreds_is_named_and_loses_none_of_the_others(
    bedrock: FakeBedrock, tmp_path: Path
) -> None:
    refused = refusal(400, "ValidationException", "Malformed input request")
    bedrock.plan = lambda text, _times: refused if text == "text 130" else None
    first = CachedEncoder(TitanEncoder(FAST), tmp_path)

    with pytest.raises(EncoderError, match="'text 130': Malformed input request; correct or remove that text"):
        first.encode(TEXTS)

    assert first.encoded == 3 * 64 - 1  # two whole batches, and the third without the refused text
    assert len(bedrock.received) == 3 * 64

    bedrock.plan = lambda _text, _times: None
    vectors = CachedEncoder(TitanEncoder(FAST), tmp_path).encode(TEXTS)

    assert sorted(bedrock.answered) == sorted(TEXTS)  # each once: nothing was encoded twice
    assert vectors == pytest.approx(np.array([embedding_of(text, 1024) for text in TEXTS]), abs=1e-6)


def test_several_refused_texts_are_counted_and_the_first_is_named(bedrock: FakeBedrock) -> None:
    bedrock.plan = lambda text, _times: refusal(400, "ValidationException", "no") if text != "good" else None

    with pytest.raises(PartlyEncoded, match=r"'bad 1'.*\(1 more texts of this batch failed\)") as caught:
        TitanEncoder(FAST).encode(["bad 1", "good", "bad 2"])

    assert set(caught.value.vectors) == {"good"}


def test_a_job_cut_off_by_throttling_goes_on_where_it_stopped(bedrock: FakeBedrock, tmp_path: Path) -> None:
    settings = TitanSettings(requests_per_minute=600_000, attempts=1, threads=4)
    bedrock.plan = lambda _text, _times: THROTTLED if len(bedrock.answered) >= 100 else None
    first = CachedEncoder(TitanEncoder(settings), tmp_path)

    with pytest.raises(EncoderError, match="ThrottlingException"):
        first.encode(TEXTS)

    assert first.encoded == len(bedrock.answered) >= 100
    assert len(bedrock.received) <= len(bedrock.answered) + 4  # what was not yet sent was not sent

    bedrock.plan = lambda _text, _times: None
    CachedEncoder(TitanEncoder(FAST), tmp_path).encode(TEXTS)

    assert sorted(bedrock.answered) == sorted(TEXTS)


def test_requests_and_retries_keep_to_the_rate(bedrock: FakeBedrock) -> None:
    failed = refusal(424, "ModelErrorException", "the model failed")
    bedrock.plan = lambda text, times: failed if text == "text 3" and times == 0 else None

    TitanEncoder(TitanSettings(requests_per_minute=1200, threads=8)).encode(TEXTS[:10])

    times = [request.at for request in bedrock.received]
    assert len(times) == 11
    assert times[-1] - times[0] >= 0.9 * 10 * 0.05


def test_missing_credentials_are_reported_with_a_remedy_and_nothing_is_sent(
    bedrock: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(EncoderError, match="AWS_PROFILE or AWS_ACCESS_KEY_ID"):
        TitanEncoder(FAST).encode(TEXTS)

    assert not bedrock.received


def test_credentials_that_may_not_use_the_model_are_reported_with_a_remedy(bedrock: FakeBedrock) -> None:
    bedrock.plan = lambda _text, _times: refusal(403, "AccessDeniedException", "not authorized")

    with pytest.raises(EncoderError, match=r"not authorized.*bedrock:InvokeModel"):
        TitanEncoder(FAST).encode(["berserk"])

    assert len(bedrock.received) == 1


def test_a_missing_region_is_reported_with_a_remedy(bedrock: FakeBedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)

    with pytest.raises(EncoderError, match="set AWS_DEFAULT_REGION"):
        TitanEncoder(FAST)


def test_a_service_that_is_not_there_is_reported_with_a_remedy(
    bedrock: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")

    with pytest.raises(EncoderError, match="AWS_ENDPOINT_URL_BEDROCK_RUNTIME"):
        TitanEncoder(TitanSettings(attempts=1)).encode(["berserk"])


def test_without_boto3_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)

    with pytest.raises(MissingExtra, match=r"needs boto3; .* pip install .*-e '\.\[titan\]'"):
        load_encoder("titan")


@pytest.mark.parametrize(
    "wrong",
    [{"dimension": 1023}, {"requests_per_minute": 0}, {"threads": 0}, {"attempts": 0}, {"timeout_s": float("nan")}],
    ids=repr,
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=f"titan: {next(iter(wrong))} is "):
        TitanSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a" * 16_000, 16_000),
        ("a" * 16_001, 16_000),
        ("漫" * 8_000, 8_000),
        ("漫" * 8_001, 8_000),
        ("a" * 50_001, 16_000),
    ],
    ids=["english at", "english over", "japanese at", "japanese over", "over Titan's own bound"],
)
def test_long_texts_are_cut_before_titan_refuses_them(text: str, length: int) -> None:
    assert titan_text(text) == text[:length]


@given(st.text(max_size=200).map(lambda text: text * 100))
def test_what_is_sent_is_never_empty_and_within_the_bounds(text: str) -> None:
    sent = titan_text(text)

    assert sent.strip()
    assert sum(1 if char.isascii() else 2 for char in sent) <= 16_000
    assert titan_text(sent) == sent


def test_the_cost_is_estimated_from_distinct_texts_and_their_script() -> None:
    """40 Latin characters are 10 tokens, 30 Japanese ones 20; a million tokens cost two cents."""
    estimate = estimate_cost(["abcd" * 10, "漫" * 30, "漫" * 30])

    assert (estimate.texts, estimate.tokens) == (2, 30)
    assert estimate.dollars == pytest.approx(30 * 0.02 / 1e6)


def test_nothing_costs_nothing() -> None:
    estimate = estimate_cost([])

    assert (estimate.texts, estimate.tokens, estimate.dollars) == (0, 0, 0.0)
