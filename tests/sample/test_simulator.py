import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import islice, pairwise

import pytest
from sample_shop import ARTICLES, COLD, NEEDS, POPULARITY, TITLES, rank, rows

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId
from mangaassist.sample import Habits, LoggedSearch, Targets, all_typed_forms, simulate
from mangaassist.sample.simulator_dice import Dice
from mangaassist.sample.simulator_policy import LoggingPolicy, popularity_quantiles

HABITS = Habits(clients=200, bot_share=0.01)
NO_BOTS = Habits(clients=200, bot_share=0.0)


def sessions(amount: int | Targets, *, seed: int = 1, habits: Habits = HABITS) -> list[LoggedSearch]:
    return list(simulate(NEEDS, POPULARITY, rank, amount=amount, seed=seed, cold=COLD, habits=habits))


@pytest.fixture(scope="module")
def log() -> list[LoggedSearch]:
    return sessions(1500)


def by_session(log: list[LoggedSearch]) -> dict[str, list[LoggedSearch]]:
    grouped: dict[str, list[LoggedSearch]] = {}
    for search in log:
        grouped.setdefault(search.events[0]["session_id"], []).append(search)
    return grouped


def asked_at(search: LoggedSearch) -> datetime:
    return datetime.fromisoformat(search.query["timestamp"])


def test_equal_seeds_give_equal_bytes_and_other_seeds_other_logs_with_other_ids() -> None:
    first, again, other = (json.dumps(rows(sessions(40, seed=seed))) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert not {row["query_id"] for row in json.loads(first)[0]} & {row["query_id"] for row in json.loads(other)[0]}


def test_the_target_clicks_and_cart_events_are_reached_exactly() -> None:
    actions = Counter(event["action_name"] for event in rows(sessions(Targets(clicks=1800, carts=400)))[1])

    assert actions["click"] == 1800
    assert actions["add_to_cart"] + actions["purchase"] + actions["add_to_wishlist"] == 400
    assert min(actions["purchase"], actions["add_to_wishlist"]) > 30


def test_rows_stream_before_the_log_is_made() -> None:
    endless = simulate(NEEDS, POPULARITY, rank, amount=10**12, seed=1)

    assert len(list(islice(endless, 3))) == 3


def test_rows_have_the_shape_of_user_behavior_insights(log: list[LoggedSearch]) -> None:
    query, event = log[0].query, log[0].events[0]

    assert set(query) == {
        "application",
        "query_id",
        "client_id",
        "user_query",
        "query_attributes",
        "timestamp",
        "query_response_id",
        "query_response_hit_ids",
    }
    assert set(query["query_attributes"]) == {"intent", "intent_confidence", "top_score", "release", "locale"}
    assert event["event_attributes"] == {
        "object": {"object_id": query["query_response_hit_ids"][0], "object_id_field": "title_id"},
        "position": {"ordinal": 1},
    }
    assert (event["action_name"], event["query_id"], event["client_id"]) == (
        "impression",
        query["query_id"],
        query["client_id"],
    )
    assert query["timestamp"].endswith("Z")
    assert asked_at(log[0]).tzinfo is not None


def test_ids_are_unique_and_events_of_a_search_come_in_time_order_at_their_place(log: list[LoggedSearch]) -> None:
    queries, events = rows(log)

    assert len({row["query_id"] for row in queries}) == len(queries)
    assert len({row["event_id"] for row in events}) == len(events)
    for search in log:
        times = [event["timestamp"] for event in search.events]
        assert times == sorted(times)
        for event in search.events:
            place = event["event_attributes"]["position"]["ordinal"]
            hit = search.query["query_response_hit_ids"][place - 1]
            assert event["event_attributes"]["object"]["object_id"] == hit


def test_cold_documents_appear_nowhere_in_the_log(log: list[LoggedSearch]) -> None:
    text = json.dumps(rows(log))

    assert not [doc_id for doc_id in COLD if f'"{doc_id}"' in text]
    assert [doc_id for doc_id in TITLES if doc_id not in COLD and f'"{doc_id}"' not in text] == []


def test_sessions_spread_over_the_days_and_a_few_clients_come_often(log: list[LoggedSearch]) -> None:
    days = {(asked_at(search) - HABITS.start).days for search in log}
    clients = Counter(search[0].query["client_id"] for search in by_session(log).values())

    assert days == set(range(60))
    assert clients.most_common(1)[0][1] > 3 * sorted(clients.values())[len(clients) // 2]


def test_needs_follow_a_zipf_law_and_are_typed_in_known_forms(log: list[LoggedSearch]) -> None:
    need_of = {form: number for number, forms in enumerate(all_typed_forms(NEEDS, 1)) for form in forms}

    asked = Counter(need_of[search.query["user_query"]] for search in log)

    ordered = [count for _, count in asked.most_common()]
    assert ordered[0] > 5 * ordered[-1]
    assert len({search.query["user_query"] for search in log}) > 5 * len(NEEDS)


def test_a_need_is_searched_again_only_after_no_relevant_click_within_30_seconds_and_in_other_words() -> None:
    forms = all_typed_forms(NEEDS, 1)
    again = 0
    for searches in by_session(sessions(800, habits=NO_BOTS)).values():
        for before, after in pairwise(searches):
            gap = asked_at(after) - asked_at(before)
            if gap > timedelta(seconds=30):
                continue
            again += 1
            both = {before.query["user_query"], after.query["user_query"]}
            (number, *_) = [number for number in range(len(NEEDS)) if both <= set(forms[number])]
            assert before.query["user_query"] != after.query["user_query"]
            clicked = {
                DocId(event["event_attributes"]["object"]["object_id"])
                for event in before.events
                if event["action_name"] == "click"
            }
            assert not [doc_id for doc_id in clicked if NEEDS[number].grades.get(doc_id, 0) >= 1]

    assert again > 100


def test_bots_search_at_a_rate_no_human_reaches_and_are_few(log: list[LoggedSearch]) -> None:
    lengths = [len(searches) for searches in by_session(log).values()]
    bots = [searches for searches in by_session(log).values() if len(searches) >= 40]

    assert 5 <= len(bots) <= 30, "1 % of 1500"
    assert max(length for length in lengths if length < 40) < 20
    for searches in bots:
        assert asked_at(searches[20]) - asked_at(searches[0]) < timedelta(seconds=20)


def test_help_articles_are_read_but_not_bought(log: list[LoggedSearch]) -> None:
    actions = Counter(
        event["action_name"]
        for event in rows(log)[1]
        if event["event_attributes"]["object"]["object_id_field"] == "article_id"
    )

    assert actions["click"] > 0
    assert set(actions) == {"impression", "click"}


def test_the_router_is_now_and_then_wrong_or_unsure(log: list[LoggedSearch]) -> None:
    attributes = [search.query["query_attributes"] for search in log]

    wrong = sum(each["intent"] == "other" for each in attributes) / len(attributes)
    unsure = sum(each["intent"] != "other" and each["intent_confidence"] < 0.6 for each in attributes) / len(attributes)
    assert wrong == pytest.approx(0.03, abs=0.015)
    assert unsure == pytest.approx(0.05, abs=0.02)


def test_targets_out_of_reach_are_an_error_and_not_an_endless_loop() -> None:
    helpless = [need for need in NEEDS if need.intent == "faq"]

    with pytest.raises(DataError, match="no event that the targets still want"):
        list(simulate(helpless, {}, rank, amount=Targets(clicks=5, carts=5), seed=1, habits=NO_BOTS))
    with pytest.raises(DataError, match="outside `cold`"):
        list(simulate(NEEDS, {}, lambda _: [], amount=Targets(clicks=5, carts=0), seed=1, habits=NO_BOTS))


def test_no_needs_are_refused_at_once() -> None:
    with pytest.raises(DataError, match="no need to simulate"):
        simulate([], POPULARITY, rank, amount=1, seed=1)


def shown_by(*, popularity_mix: float, exploration: float, explores: bool = True) -> Counter[DocId]:
    policy = LoggingPolicy(
        lambda _: TITLES[::-1], POPULARITY, COLD, popularity_mix=popularity_mix, exploration=exploration
    )
    dice = Dice(1)
    return Counter(doc_id for _ in range(2000) for doc_id in policy.page("x", 5, dice, explores=explores))


def test_the_logging_policy_shows_the_base_ranking_without_cold_documents() -> None:
    assert set(shown_by(popularity_mix=0, exploration=0)) == set(TITLES[45:50])


def test_the_logging_policy_mixes_in_popular_and_random_titles_at_their_shares() -> None:
    popular = shown_by(popularity_mix=0.2, exploration=0)
    explored = shown_by(popularity_mix=0, exploration=0.1)

    assert sum(popular[title] for title in TITLES[:5]) / popular.total() == pytest.approx(0.2, abs=0.02)
    assert sum(explored[title] for title in TITLES[:45]) / explored.total() == pytest.approx(0.1 * 45 / 50, abs=0.02)
    assert shown_by(popularity_mix=0, exploration=0.1, explores=False)[TITLES[0]] == 0


def test_a_ranking_that_ends_early_makes_a_short_page_without_repeats() -> None:
    policy = LoggingPolicy(lambda _: ARTICLES[:3] * 2, {}, set(), popularity_mix=0.5, exploration=0.1)

    assert sorted(policy.page("x", 10, Dice(1))) == ARTICLES[:3]


def test_tastes_are_places_by_popularity() -> None:
    assert popularity_quantiles({DocId("a"): 5.0, DocId("b"): 900.0, DocId("c"): 7.0}) == {"a": 0, "c": 0.5, "b": 1}
