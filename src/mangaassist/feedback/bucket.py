"""Searches in, the failed ones out, each with why it counts as failed and what caused it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from mangaassist.feedback.causes import REASONS, Cause, cause_of
from mangaassist.feedback.rules import FeedbackRules
from mangaassist.feedback.thresholds import Threshold, threshold_for
from mangaassist.pairs import normalise

ENTRY: Final = pl.Schema(
    {
        "query_id": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "text": pl.String(),
        "key": pl.String(),
        "client": pl.String(),
        "session": pl.String(),
        "intent": pl.String(),
        "intent_confidence": pl.Float64(),
        "release": pl.String(),
        "top_score": pl.Float64(),
        "threshold": pl.Float64(),
        "results": pl.List(pl.String()),
        "clicked": pl.List(pl.String()),
        "reasons": pl.List(pl.String()),
        "cause": pl.String(),
        "next": pl.String(),
        "next_query_id": pl.String(),
        "next_text": pl.String(),
        "next_clicked": pl.List(pl.String()),
        "is_hurt": pl.Boolean(),
    }
)
"""The columns of an entry.

key: the text as texts are compared.  threshold: what top_score was held to; null where nothing could be said.
next: what the user did: bought, clicked, tried_again, searched_on or left.  next_text, next_query_id, next_clicked: the
next search of the session where it was another try.  is_hurt: whether the user found nothing: no click, or tried again.
"""

MOST_COMPARED: Final = 5_000

Thresholds = Mapping[str, Mapping[str, Threshold]]
"""Release → intent → threshold."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a search is held to besides itself.

    thresholds: see `calibrate`.  foreign: keys of texts worded otherwise than the catalogue.
    similar: (key, key of the next) of tries at one thing.  kinds: document → its kind.
    min_intent_confidence: an intent with less is uncertain.
    """

    thresholds: Thresholds
    foreign: Collection[str]
    similar: Collection[tuple[str, str]]
    kinds: Mapping[str, str]
    min_intent_confidence: float


def text_key(text: str) -> str:
    """The text as texts are compared: NFKC, casefold, single spaces.

    >>> text_key("  Slow   Burn ")
    'slow burn'
    """
    return " ".join(normalise(text).split())


def with_keys(searches: pl.DataFrame) -> pl.DataFrame:
    """The searches with `key` and `next_key`."""
    typed = pl.concat([searches["text"], searches["next_text"].rename("text")]).unique().drop_nulls()
    keys = pl.DataFrame({"text": typed, "key": pl.Series([text_key(each) for each in typed], dtype=pl.String())})
    following = keys.rename({"text": "next_text", "key": "next_key"})
    return searches.join(keys, on="text", how="left").join(following, on="next_text", how="left")


def is_soon(rules: FeedbackRules) -> pl.Expr:
    """Whether the session's next search followed within the time, other words, and no click between."""
    gap = (pl.col("next_at") - pl.col("at")).dt.total_microseconds() / 1e6
    no_click_between = pl.col("first_click").is_null() | (pl.col("first_click") > pl.col("next_at"))
    soon = (gap <= rules.reformulated_within_s) & no_click_between & (pl.col("key") != pl.col("next_key"))
    return soon.fill_null(value=False)


def reasoned(searches: pl.DataFrame, known: Known, rules: FeedbackRules) -> pl.DataFrame:
    """The searches, as `with_keys` gives them, that fail by any signal; with `reasons`, `threshold`, `next`, `is_hurt`.

    no_click needs results that somebody is known to have seen, and time for a click to come.
    """
    found = (
        searches.join(_thresholds(searches, known.thresholds), on=["release", "intent"], how="left", nulls_equal=True)
        .join(_flag(known.foreign, "is_foreign"), on="key", how="left")
        .join(_pairs(known.similar), on=["key", "next_key"], how="left")
    )
    tried_again = is_soon(rules) & pl.col("is_similar").fill_null(value=False)
    low = (pl.col("top_score") < pl.col("threshold")).fill_null(value=False) | (pl.col("results").list.len() == 0)
    uncertain = pl.col("intent_confidence").is_nan() | (pl.col("intent_confidence") < known.min_intent_confidence)
    signals = {
        "low_score": low,
        "reformulated": tried_again,
        "no_click": pl.col("is_shown") & ~pl.col("is_clicked") & pl.col("is_settled"),
        "foreign_words": pl.col("is_foreign").fill_null(value=False),
        "uncertain_intent": uncertain.fill_null(value=False),
    }
    assert tuple(signals) == REASONS
    named = [pl.when(said).then(pl.lit(name)) for name, said in signals.items()]
    return (
        found.with_columns(
            reasons=pl.concat_list(named).list.drop_nulls(),
            is_tried_again=tried_again,
            is_uncertain=signals["uncertain_intent"],
            is_foreign=signals["foreign_words"],
            is_hurt=tried_again | ~pl.col("is_clicked"),
        )
        .filter(pl.col("reasons").list.len() > 0)
        .with_columns(next=_next())
    )


def with_causes(failed: pl.DataFrame, known: Known, far: Collection[str]) -> pl.DataFrame:
    """The entries of the bucket: what `reasoned` gave, with the cause of each. far: keys near no document."""
    rows = failed.select(
        "intent",
        "is_uncertain",
        "key",
        "is_foreign",
        "is_tried_again",
        "next_clicked",
        "results",
    ).iter_rows()
    far = frozenset(far)
    causes: list[Cause] = [
        cause_of(
            intent=intent,
            is_uncertain=is_uncertain,
            is_other_kind_clicked=is_tried_again and _is_other_kind(next_clicked, results, known.kinds),
            is_far_from_all=key in far,
            is_clicked_later=is_tried_again and bool(next_clicked),
            is_foreign=is_foreign,
        )
        for intent, is_uncertain, key, is_foreign, is_tried_again, next_clicked, results in rows
    ]
    following = [
        pl.when("is_tried_again").then(pl.col(name)).alias(name)
        for name in ("next_query_id", "next_text", "next_clicked")
    ]
    entries = failed.with_columns(pl.Series("cause", causes, dtype=pl.String()), *following)
    return entries.select(list(ENTRY)).cast(ENTRY)


def similar_keys(
    tries: Sequence[tuple[str, str]], rules: FeedbackRules, like: Callable[[Sequence[tuple[str, str]]], Sequence[float]]
) -> set[tuple[str, str]]:
    """Of (key, next key), those that are tries at one thing: by their letters, or else by `like`, a cosine.

    Of very many only the first `MOST_COMPARED` are compared by `like`, which has to encode them: pass the most frequent
    first.
    """
    tries = list(dict.fromkeys(tries))
    close = {pair for pair in tries if _overlap(*pair) >= rules.similar_text}
    others = [pair for pair in tries if pair not in close][:MOST_COMPARED]
    return close | {pair for pair, cosine in zip(others, like(others), strict=True) if cosine >= rules.similar_meaning}


def _overlap(left: str, right: str) -> float:
    """Shared letter pairs over those of the shorter text: a text that was cut short or added to is like the first."""
    one, other = ({text[place : place + 2] for place in range(max(1, len(text) - 1))} for text in (left, right))
    return len(one & other) / min(len(one), len(other)) * min(1.0, 0.5 + min(len(one), len(other)) / 12)


def _next() -> pl.Expr:
    return (
        pl.when("is_bought")
        .then(pl.lit("bought"))
        .when("is_tried_again")
        .then(pl.lit("tried_again"))
        .when("is_clicked")
        .then(pl.lit("clicked"))
        .when(pl.col("next_query_id").is_not_null())
        .then(pl.lit("searched_on"))
        .otherwise(pl.lit("left"))
    )


def _is_other_kind(clicked: Sequence[str] | None, results: Sequence[str], kinds: Mapping[str, str]) -> bool:
    """Whether what was clicked is of one kind, and all that was found of the other."""
    wanted, found = ({kinds[each] for each in some or () if each in kinds} for some in (clicked, results))
    return len(wanted) == 1 and len(found) == 1 and wanted != found


def _thresholds(searches: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    rows = [
        (release, intent, threshold_for(thresholds[release], intent))
        for release, intent in searches.select("release", "intent").unique().sort("release", "intent").iter_rows()
        if release in thresholds
    ]
    return pl.DataFrame(
        rows, schema={"release": pl.String(), "intent": pl.String(), "threshold": pl.Float64()}, orient="row"
    )


def _flag(keys: Collection[str], name: str) -> pl.DataFrame:
    return pl.DataFrame({"key": pl.Series(sorted(keys), dtype=pl.String())}).with_columns(pl.lit(True).alias(name))


def _pairs(similar: Collection[tuple[str, str]]) -> pl.DataFrame:
    rows = sorted(similar)
    frame = pl.DataFrame(rows, schema={"key": pl.String(), "next_key": pl.String()}, orient="row")
    return frame.with_columns(is_similar=pl.lit(True))
