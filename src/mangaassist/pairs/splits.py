"""Queries or pairs in, parts that share nothing out: groups and near-duplicates never straddle a split."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, GroupId, Groups, Pair, PairSource, Query, QueryId
from mangaassist.pairs.near_duplicates import DisjointSets, NearDuplicateIndex, near_duplicate_groups
from mangaassist.pairs.negatives import query_text_id

REAL_USERS: tuple[PairSource, ...] = ("click", "cart", "judgement", "feedback")
"""Sources that validation may be made of; the others only train."""


def split_groups(queries: Iterable[Query]) -> dict[QueryId, GroupId]:
    """The group of every query: its own `group` joined with those of its near-duplicates, and of theirs.

    A group is named after its first query id, so the name depends on nothing but the queries.
    """
    ordered = sorted(queries, key=lambda query: query.query_id)
    joined = DisjointSets(len(ordered))
    first_of: dict[GroupId, int] = {}
    for position, similar in enumerate(near_duplicate_groups([query.text for query in ordered])):
        joined.join(similar, position)
        group = ordered[position].group
        if group is not None:
            joined.join(first_of.setdefault(group, position), position)
    return {query.query_id: GroupId(ordered[joined.first(position)].query_id) for position, query in enumerate(ordered)}


def split_by_group(
    query_ids: Iterable[QueryId], groups: Groups, fractions: Mapping[str, float], seed: int
) -> dict[str, list[QueryId]]:
    """The queries of each named part, sorted; every group is whole in one part. A query without a group is its own.

    Groups are taken in an order drawn from `seed`, those larger than the smallest part first, each by the part that
    then lacks most queries: so parts come near their fractions. The order of `query_ids` does not matter.
    Raises DataError if a part stays empty.
    """
    if abs(sum(fractions.values()) - 1) > 1e-9 or min(fractions.values()) <= 0:
        raise ValueError(f"fractions are {dict(fractions)}; they must be above 0 and add up to 1")
    members: dict[str, list[QueryId]] = {}
    for query_id in sorted(set(query_ids)):
        members.setdefault(groups.get(query_id, query_id), []).append(query_id)
    total = sum(len(group) for group in members.values())
    parts: dict[str, list[QueryId]] = {name: [] for name in fractions}
    smallest_part = min(fractions.values()) * total
    for group in sorted(members, key=lambda group: (len(members[group]) <= smallest_part, _draw(seed, group))):
        neediest = max(fractions, key=lambda name: fractions[name] * total - len(parts[name]))
        parts[neediest] += members[group]
    empty = [name for name, part in parts.items() if not part]
    if empty:
        largest = max(len(group) for group in members.values())
        raise DataError(
            f"{total} queries in {len(members)} groups, the largest of {largest}, leave {', '.join(empty)} empty; "
            "add queries that are less alike, or use fewer parts"
        )
    return {name: sorted(part) for name, part in parts.items()}


@dataclass(frozen=True, slots=True)
class DevSplit:
    """Pairs to train on, pairs to validate on, and the cold documents: positives in `dev` and in no pair of training.

    Corpus pairs do not make a document warm.
    """

    train: list[Pair]
    dev: list[Pair]
    cold: frozenset[DocId]


def carve_dev(
    pairs: Sequence[Pair], *, share: float, cold_share: float, seed: int, groups: Groups | None = None
) -> DevSplit:
    """A validation part carved out of training pairs, its query groups apart and some of its documents held out.

    share: of the query texts of real users.  cold_share: of dev's positives, to hold out of training; others may be
    cold by themselves.
    groups: the group of a pair's query id, where known; near-duplicate texts are grouped anyway.
    Training loses the pairs of dev's groups, those with a cold positive and, of other sources, those near a dev text.
    Corpus pairs all stay: they hold no user's answer.
    """
    real = [pair for pair in pairs if pair.source in REAL_USERS]
    group_of = _text_groups(real, groups or {})
    dev_ids = set(split_by_group(group_of, group_of, {"train": 1 - share, "dev": share}, seed)["dev"])
    dev = [pair for pair in real if query_text_id(pair.query_text) in dev_ids]
    positives = {pair.positive for pair in dev}
    by_draw = sorted(positives, key=lambda doc_id: _draw(seed, doc_id))
    held_out = set(by_draw[: round(cold_share * len(positives))])
    near_dev = NearDuplicateIndex(sorted({pair.query_text for pair in dev}))

    def trains(pair: Pair) -> bool:
        if pair.source == "corpus":
            return True
        if pair.positive in held_out:
            return False
        if pair.source in REAL_USERS:
            return query_text_id(pair.query_text) not in dev_ids
        return not near_dev.has_match(pair.query_text)

    train = [pair for pair in pairs if trains(pair)]
    return DevSplit(train, dev, frozenset(positives - {pair.positive for pair in train if pair.source != "corpus"}))


def _text_groups(pairs: Iterable[Pair], groups: Groups) -> dict[QueryId, GroupId]:
    """The group of every query text; a text that several groups asked joins them."""
    texts: dict[str, Query] = {}
    for pair in pairs:
        text_id = query_text_id(pair.query_text)
        group = groups.get(pair.query_id) if pair.query_id is not None else None
        asked = f"{text_id} {group or ''}"
        texts.setdefault(asked, Query(QueryId(asked), pair.query_text, group=group))
    return {QueryId(asked.split(" ")[0]): group for asked, group in split_groups(texts.values()).items()}


def _draw(seed: int, name: str) -> bytes:
    """A place in an order that depends on the seed and the name alone."""
    return sha256(f"{seed} {name}".encode()).digest()
