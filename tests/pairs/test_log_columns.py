"""What columns make of a log is what reading its rows one by one would."""

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_pairs import reference_held_out, reference_pairs
from search_log_builder import SearchLogBuilder

from mangaassist.core.types import DocId, Pair, PairSource
from mangaassist.data import Workspace, ingest, log_tables, ubi_events, ubi_queries
from mangaassist.pairs import (
    LOG_SOURCES,
    LiveLogRules,
    PairRules,
    PairsReport,
    cart_pairs,
    click_pairs,
    hold_out_newest,
    log_pair_rows,
    mark_newest,
    mine_log,
    pairs_of_rows,
    read_visits,
)
from mangaassist.sample import sample_shop, simulate

DAY = 86_400
ACTIONS = ["impression", "impression", "click", "click", "add_to_cart", "purchase", "add_to_wishlist", "view"]
DOCUMENTS = ["a", "b", "c", "d", "Z", "é", "😀"]
SEEDS = st.integers(0, 10**9)
MAKERS = {"click": click_pairs, "cart": cart_pairs}


def often(usual: Any, *others: Any) -> list[Any]:
    """The usual value four times in five."""
    return [usual] * 4 * len(others) + [*others]


def drawn_log(seed: int) -> SearchLogBuilder:
    """A busy log with everything in it that the rules tell apart; moments come in bursts, and on several days."""
    rng, log = Random(seed), SearchLogBuilder()
    dense = rng.choice([1, 10, 10, 60])

    def moment() -> float:
        return rng.choice([0, 0, 0, 1, 2, 3]) * DAY + rng.choice([0, 20, 40, 60, 61, 86_390 / dense]) * dense / 10

    names = [f"q{number}" for number in range(rng.randint(1, 8))]
    for name in [*names, *rng.choices(names, k=rng.choice([0, 0, 1]))]:
        log.query(
            name,
            rng.choice(often("x", "X", "Straße", "STRASSE", "ｘ", " ", "\u3000", "y")),
            client=rng.choice(["ann", "ann", "ben", None]),
            intent=rng.choice(often("recommendation", "other", None)),
            confidence=rng.choice(often(0.9, 0.6, 0.3, float("nan"), None)),
            hits=rng.sample(DOCUMENTS, k=rng.randint(0, 4)),
            at=moment(),
        )
    sessions: list[Any] = rng.choice([["s1"], ["s1", "s2", "s3", None], [None], names])
    for number in range(rng.randint(0, 70)):
        log.event(
            rng.choice(ACTIONS),
            rng.choice([*names * 4, "unknown", None]),
            rng.choice([*DOCUMENTS * 2, None]),
            ordinal=rng.choice([1, 2, 3, 4, 5, 6, None]),
            session=rng.choice(sessions),
            client=rng.choice(["ann", "ben", None]),
            at=moment(),
            event_id=rng.choice([None] * 12 + [f"e{number - 1}", f"e{number}"]),
        )
    return log


def one_row_per_id_and_moment(queries: pl.DataFrame, events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Which of two rows with one id and one time counts, nobody has said."""
    return queries.unique(["query_id", "timestamp"], keep="first"), events.unique(
        ["event_id", "timestamp"], keep="first"
    )


def rounded(report: PairsReport) -> PairsReport:
    """Sums of weights may be added up in another order."""
    pairs = [replace(pair, weight=round(pair.weight, 9)) for pair in report.pairs]
    return replace(report, pairs=pairs, largest_client_share=round(report.largest_client_share, 9))


@pytest.mark.parametrize("source", ["click", "cart"])
@given(
    seed=SEEDS,
    rules=st.builds(
        PairRules,
        max_searches_per_minute=st.integers(2, 8),
        max_actions_per_minute=st.integers(3, 40),
        max_repeats=st.integers(1, 2),
        max_client_share=st.sampled_from([0.01, 0.4, 1.0]),
    ),
    held_out=st.sets(st.sampled_from(["q0", "q1"])),
)
def test_pairs_counts_and_shares_are_those_of_the_rows(
    source: PairSource, seed: int, rules: PairRules, held_out: set[str]
) -> None:
    frames = one_row_per_id_and_moment(*drawn_log(seed).frames())

    report = MAKERS[source](*frames, rules, held_out=held_out)  # type: ignore[arg-type]

    assert rounded(report) == rounded(reference_pairs(source, *frames, rules, held_out))  # type: ignore[arg-type]


@given(seed=SEEDS, share=st.sampled_from([0.1, 0.34, 0.5, 0.9]))
def test_what_is_held_out_is_what_the_rows_say(seed: int, share: float) -> None:
    queries, events = drawn_log(seed).frames()
    frames = queries.unique("query_id", keep="first"), events.unique("event_id", keep="first")

    assert hold_out_newest(*frames, LiveLogRules(share)) == reference_held_out(*frames, LiveLogRules(share))


@pytest.fixture(scope="module")
def sample_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Searches of the sample shop's shoppers, taken in from a file of each kind."""
    folder, shop = tmp_path_factory.mktemp("sample"), sample_shop()
    popularity = {DocId(title.title_id): title.popularity or 0.0 for title in shop.titles}
    log = list(simulate(shop.needs(), popularity, lambda _: shop.doc_ids[:60], amount=150, seed=0, cold=shop.cold))
    rows = {"queries": [search.query for search in log], "events": [each for search in log for each in search.events]}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(folder / "privacy.key"))
        workspace = Workspace.create(folder / "shop")
        for kind in ("queries", "events"):
            file = folder / f"{kind}.jsonl"
            file.write_text("".join(json.dumps(row) + "\n" for row in rows[kind]))
            ingest(workspace, kind, file)
        yield workspace


def test_the_sample_shops_log_comes_to_the_pairs_of_its_rows(sample_log: Workspace) -> None:
    frames, rules = (ubi_queries(sample_log), ubi_events(sample_log)), PairRules(max_client_share=0.05)
    held_out = reference_held_out(*frames, LiveLogRules()).query_ids
    wanted = {source: reference_pairs(source, *frames, rules, held_out) for source in LOG_SOURCES}

    with log_tables(sample_log) as db:
        read_visits(db)
        mark_newest(db, LiveLogRules())
        counts = mine_log(db, rules)
        found = {source: pairs_of_rows(log_pair_rows(db, f"{source}_capped")) for source in LOG_SOURCES}

    assert held_out
    for source, report in wanted.items():
        made = counts[source]
        told = PairsReport(found[source], made.raw, made.dropped, made.inhuman_sessions, made.largest_client_share)
        assert rounded(told) == rounded(report)
        assert made.used == sum(len(pair.evidence) for pair in report.pairs) > 0
        assert made.unique == len({(pair.query_text, pair.positive) for pair in report.pairs})


def test_the_pairs_are_python_values_like_any_others() -> None:
    log = SearchLogBuilder().query("q1", shown="a b").click("q1", "b", event_id="e1", at=61.000001)

    [pair] = click_pairs(*log.frames(), PairRules()).pairs

    assert isinstance(pair, Pair)
    assert pair.at is not None
    assert pair.at.isoformat() == "2026-03-01T00:01:01.000001+00:00"
