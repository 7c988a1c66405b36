from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mangaassist.data import (
    KNOWN_ACTIONS,
    Article,
    CuratedPair,
    JudgedQuery,
    Judgement,
    Problem,
    Title,
    UbiEvent,
    UbiQuery,
    with_event_id,
    with_query_id,
)
from mangaassist.data.contracts import Record
from mangaassist.data.problems import first_problem

NOON = "2026-11-03T12:00:00Z"


def problem_of(model: type[Record], **values: Any) -> Problem:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return first_problem(caught.value)


def test_a_title_needs_only_its_id_and_its_name() -> None:
    title = Title(title_id="m1", title="Monster")

    assert (title.genres, title.description, title.volumes) == ((), None, None)


def test_lists_may_be_null_and_unknown_fields_are_ignored() -> None:
    title = Title.model_validate({"title_id": "m1", "title": "Monster", "genres": None, "score": 8.4})

    assert title.genres == ()
    assert not hasattr(title, "score")


def test_whole_floats_numbers_as_ids_and_nan_are_read_as_tables_mean_them() -> None:
    title = Title.model_validate(
        {"title_id": 122663, "title": 86, "volumes": 11.0, "popularity": float("nan"), "published": date(1994, 12, 5)}
    )

    assert (title.title_id, title.title, title.volumes) == ("122663", "86", 11)
    assert (title.popularity, title.published) == (None, "1994-12-05")


def test_a_list_in_a_csv_cell_is_json_and_a_title_in_brackets_stays_a_title() -> None:
    title = Title.model_validate(
        {"title_id": "1", "title": "[Oshi no Ko]", "genres": '["Drama", "Drama", "", "Idols"]'}
    )

    assert (title.title, title.genres) == ("[Oshi no Ko]", ("Drama", "Idols"))


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"title": "Monster"}, "title_id", "add the field"),
        ({"title_id": "m1", "title": "  "}, "title", "give a text"),
        ({"title_id": "m1", "title": "a\0b"}, "title", "NUL"),
        ({"title_id": "m1", "title": "\ud800"}, "title", "UTF-8"),
        ({"title_id": 1.5, "title": "Monster"}, "title_id", "text"),
        ({"title_id": "m1", "title": "Monster", "genres": "Drama"}, "genres", '["first", "second"]'),
        ({"title_id": "m1", "title": "Monster", "genres": "[Drama"}, "genres", "valid JSON"),
        ({"title_id": "m1", "title": "Monster", "volumes": 1.5}, "volumes", "fractional"),
        ({"title_id": "m1", "title": "Monster", "volumes": 10**30}, "volumes", "less than"),
        ({"title_id": "m1", "title": "Monster", "popularity": float("inf")}, "popularity", "finite"),
    ],
)
def test_a_bad_title_is_refused_with_its_field_and_a_remedy(values: dict[str, Any], field: str, said: str) -> None:
    problem = problem_of(Title, **values)

    assert problem.field == field
    assert said in str(problem)


def test_an_object_id_may_have_256_characters_and_no_more() -> None:
    assert Article(article_id="a" * 256, title="Shipping").article_id == "a" * 256
    assert "256" in problem_of(Article, article_id="a" * 257, title="Shipping").reason


def test_a_query_id_may_have_100_characters_and_no_more() -> None:
    assert Judgement(query_id="q" * 100, doc_id="m1", grade=3).query_id == "q" * 100
    assert "100" in problem_of(Judgement, query_id="q" * 101, doc_id="m1", grade=3).reason


@pytest.mark.parametrize("grade", [-1, 4, 1.5, "high", None])
def test_a_grade_outside_0_to_3_is_refused(grade: object) -> None:
    assert problem_of(Judgement, query_id="q1", doc_id="m1", grade=grade).field == "grade"


@pytest.mark.parametrize("grade", [0, "3", 2.0])
def test_a_grade_of_0_to_3_is_read_as_a_whole_number(grade: Any) -> None:
    assert Judgement(query_id="q1", doc_id="m1", grade=grade).grade == int(float(grade))


def test_a_judged_query_names_its_split_and_an_intent_that_we_know() -> None:
    assert JudgedQuery(query_id="q1", text="cozy", split="dev").intent is None
    assert "'train', 'dev' or 'test'" in problem_of(JudgedQuery, query_id="q1", text="cozy", split="Test").reason
    assert problem_of(JudgedQuery, query_id="q1", text="cozy", split="dev", intent="chat").field == "intent"


def test_a_curated_pair_names_two_titles_and_may_say_what_they_share() -> None:
    assert CuratedPair(title_id="m1", similar_id="m2").shared is None
    assert problem_of(CuratedPair, title_id="m1").field == "similar_id"
    assert problem_of(CuratedPair, title_id="m1", similar_id=" m1 ").remedy == "name another title, or remove the row"


def test_a_reason_never_repeats_the_value_which_may_be_private() -> None:
    problem = problem_of(UbiEvent, action_name="click", timestamp="alice@example.com")

    assert "alice" not in str(problem)


@pytest.mark.parametrize("name", [*KNOWN_ACTIONS, "dwell", "a" * 100])
def test_any_action_name_up_to_100_characters_is_read(name: str) -> None:
    assert UbiEvent.model_validate({"action_name": name, "timestamp": NOON}).action_name == name


def test_an_action_name_of_101_characters_is_refused() -> None:
    assert problem_of(UbiEvent, action_name="a" * 101, timestamp=NOON).field == "action_name"


@pytest.mark.parametrize("timestamp", ["2026-11-03T12:00:00", "2026-11-03", datetime(2026, 11, 3)])
def test_a_time_without_a_zone_is_refused_with_the_way_to_write_it(timestamp: object) -> None:
    problem = problem_of(UbiEvent, action_name="click", timestamp=timestamp)

    assert (problem.field, problem.reason) == ("timestamp", "has no time zone")
    assert "2026-11-03T09:30:00Z" in problem.remedy


def test_a_time_is_kept_in_utc() -> None:
    event = UbiEvent.model_validate({"action_name": "click", "timestamp": "2026-11-03T21:00:00+09:00"})

    assert event.timestamp == datetime(2026, 11, 3, 12, tzinfo=UTC)


def test_a_time_at_the_edge_of_the_calendar_is_refused_and_does_not_overflow() -> None:
    assert problem_of(UbiEvent, action_name="click", timestamp="0001-01-01T00:00:00+09:00").field == "timestamp"


def test_position_1_is_the_first_and_position_0_is_refused_with_the_remedy() -> None:
    first = UbiEvent.model_validate({"action_name": "click", "timestamp": NOON, "event_attributes": at_position(1)})
    problem = problem_of(UbiEvent, action_name="click", timestamp=NOON, event_attributes=at_position(0))

    assert first.event_attributes.position.ordinal == 1
    assert problem.field == "event_attributes.position.ordinal"
    assert "add 1" in problem.remedy


def at_position(ordinal: int) -> dict[str, Any]:
    return {"object": {"object_id": "m1", "object_id_field": "title_id"}, "position": {"ordinal": ordinal}}


def test_a_struct_in_a_csv_cell_is_json() -> None:
    event = UbiEvent.model_validate(
        {"action_name": "click", "timestamp": NOON, "event_attributes": '{"object": {"object_id": 7}}'}
    )

    assert event.event_attributes.object.object_id == "7"
    assert event.event_attributes.position.ordinal is None


def test_an_event_keeps_its_own_id() -> None:
    event = UbiEvent.model_validate({"action_name": "click", "timestamp": NOON, "event_id": "e1"})

    assert with_event_id(event).event_id == "e1"


def test_an_event_without_an_id_gets_one_from_what_it_says_not_from_how_it_is_written() -> None:
    plain = UbiEvent.model_validate({"action_name": "click", "timestamp": NOON, "query_id": "q1"})
    other_zone = UbiEvent.model_validate(
        {"query_id": " q1 ", "timestamp": "2026-11-03T21:00:00+09:00", "action_name": "click", "extra": 1}
    )
    other_query = UbiEvent.model_validate({"action_name": "click", "timestamp": NOON, "query_id": "q2"})

    assert with_event_id(plain).event_id == with_event_id(other_zone).event_id
    assert with_event_id(plain).event_id != with_event_id(other_query).event_id


def test_a_query_without_an_id_gets_one_from_its_content() -> None:
    first = with_query_id(UbiQuery(user_query="cozy manga"))
    second = with_query_id(UbiQuery(user_query="cozy manga "))

    assert first.query_id == second.query_id
    assert with_query_id(UbiQuery(user_query="cozy manga", query_id="q9")).query_id == "q9"


def test_a_hole_in_the_returned_hits_is_refused_because_it_would_move_the_rest() -> None:
    problem = problem_of(UbiQuery, user_query="cozy", query_response_hit_ids=["m1", None, "m2"])

    assert problem.field == "query_response_hit_ids.1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    model=st.sampled_from([Title, Article, CuratedPair, JudgedQuery, Judgement, UbiQuery, UbiEvent]),
    data=st.data(),
)
def test_any_values_are_either_read_or_refused_with_a_problem(model: type[Record], data: st.DataObject) -> None:
    values = {name: data.draw(JSON, name) for name in model.model_fields}

    try:
        record = model.model_validate(values)
    except ValidationError as error:
        remedy = first_problem(error).remedy
    else:
        remedy = "none needed"
        assert model.model_validate(record.model_dump()) == record
    assert remedy
