"""Needs in shoppers' own words in, each with what answers it in a catalogue, its logged and its held-out texts, out.

What a need's texts say shall not be what the catalogue says, so that they fail; which ones really do, `failing` tells
by the logged texts alone.
"""

import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mangaassist.core.types import DocId, GroupId, Intent, Query, QueryId
from mangaassist.data import Title
from mangaassist.loop import JudgedSplit
from mangaassist.pairs import near_duplicate_groups

NEEDS_FILE: Final = Path(__file__).parent / "failing_needs.toml"

FAILS_UNDER: Final = 0.5
"""A need whose logged texts find an answer among the first three less often than this is one that the shop fails at."""


@dataclass(frozen=True, slots=True)
class Need:
    """One need. logged: texts that shoppers typed and got nothing for; held_out: others, that no log ever held.

    answers: the documents that answer it.  plain: what the catalogue calls it; empty of help articles.
    means: words of these shoppers → the facets that they mean.
    """

    name: str
    logged: tuple[str, ...]
    held_out: tuple[str, ...]
    answers: frozenset[DocId]
    intent: Intent
    plain: str = ""
    means: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def failing_needs(catalogue: Sequence[Title], articles: Collection[DocId], path: Path = NEEDS_FILE) -> list[Need]:
    """The needs of the file that anything answers, each with its texts in two parts."""
    facets = {
        DocId(each.title_id): {_plain(name) for name in (*each.genres, *each.tones, *each.themes)} for each in catalogue
    }
    found = []
    for name, told in tomllib.loads(path.read_text(encoding="utf-8")).items():
        rules = [{_plain(facet) for facet in rule} for rule in told.get("answers", ())]
        answers = {doc_id for doc_id, has in facets.items() if any(rule <= has for rule in rules)}
        answers |= {DocId(each) for each in told.get("articles", ())} & set(articles)
        if answers:
            logged, held_out = parted(told["texts"])
            found.append(
                Need(
                    name,
                    logged=logged,
                    held_out=held_out,
                    answers=frozenset(answers),
                    intent="faq" if "articles" in told else "recommendation",
                    plain=" ".join(told["answers"][0]) if "answers" in told else "",
                    means={word: tuple(facets) for word, facets in told.get("means", {}).items()},
                )
            )
    return found


def parted(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Two thirds of the texts, and the others, but near-duplicates in one: what is held out is not what was logged."""
    found: tuple[list[str], list[str]] = ([], [])
    groups = near_duplicate_groups(texts)
    for group in dict.fromkeys(groups):
        smaller = found[1] if 2 * len(found[1]) < len(found[0]) else found[0]
        smaller += [text for text, of in zip(texts, groups, strict=True) if of == group]
    return tuple(found[0]), tuple(found[1])


def split_of(needs: Sequence[Need], texts: Callable[[Need], Sequence[str]]) -> JudgedSplit:
    """The chosen texts of the needs as judged queries, a group each need."""
    asked = {QueryId(f"{need.name}-{place}"): (need, text) for need in needs for place, text in enumerate(texts(need))}
    return JudgedSplit(
        queries=[
            Query(query_id, text, need.intent, group=GroupId(f"need:{need.name}"))
            for query_id, (need, text) in asked.items()
        ],
        qrels={query_id: dict.fromkeys(need.answers, 1) for query_id, (need, _) in asked.items()},
        groups={query_id: GroupId(f"need:{need.name}") for query_id, (need, _) in asked.items()},
    )


def failing(needs: Sequence[Need], success_at_3: Mapping[QueryId, float]) -> list[Need]:
    """The needs that the shop fails at, and of their logged texts those that found no answer among the first three.

    success_at_3: of the logged texts, under the ids that `split_of` gives them. The held-out texts have no say.
    """
    found = []
    for need in needs:
        hits = [success_at_3[QueryId(f"{need.name}-{place}")] for place in range(len(need.logged))]
        if sum(hits) / len(hits) < FAILS_UNDER:
            missed = tuple(text for text, hit in zip(need.logged, hits, strict=True) if not hit)
            found.append(replace(need, logged=missed))
    return found


def _plain(facet: str) -> str:
    return facet.casefold().replace("_", " ").replace("-", " ").strip()
