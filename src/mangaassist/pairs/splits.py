"""Queries in, parts that share nothing out: groups and near-duplicates never straddle a split."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from mangaassist.core.errors import DataError
from mangaassist.core.types import GroupId, Groups, Query, QueryId
from mangaassist.pairs.near_duplicates import DisjointSets, near_duplicate_groups


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


def _draw(seed: int, name: str) -> bytes:
    """A place in an order that depends on the seed and the name alone."""
    return sha256(f"{seed} {name}".encode()).digest()
