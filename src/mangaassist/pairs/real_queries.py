"""Judged queries and proposals in, nothing out: an error where a query that was made up would count in a gate metric.

The gate must rest on what people ask. A query counts as made up if it carries the id of a proposal, or has the text of
one and no shopper ever typed it. A text that shoppers typed is real, whoever proposed it too.
"""

from collections.abc import Collection, Iterable, Sequence

from mangaassist.core.errors import LeakageError
from mangaassist.core.types import Query
from mangaassist.pairs.near_duplicates import normalise
from mangaassist.pairs.synthetic import SyntheticPair


def check_real_queries(queries: Sequence[Query], proposals: Iterable[SyntheticPair], typed: Collection[str]) -> None:
    """Raises LeakageError if any of the judged queries is synthetic. typed: texts of the search log."""
    made_up = list(proposals)
    ids = {proposal.id for proposal in made_up}
    real = {normalise(text) for text in typed}
    texts = {normalise(proposal.query_text) for proposal in made_up} - real
    found = [query for query in queries if query.query_id in ids or normalise(query.text) in texts]
    if found:
        first = found[0]
        raise LeakageError(
            f"{len(found)} of {len(queries)} judged queries are synthetic; the first: {first.query_id} {first.text!r} "
            "is a proposal that no shopper typed. A gate metric must rest on what people ask: take these queries out "
            "of judged_queries or give them the split train; if somebody did ask this, ingest the log that shows it"
        )
