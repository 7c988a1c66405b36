"""The candidate in, its runs with one part of query composition left out each: what every part is worth."""

from dataclasses import asdict, replace

from mangaassist.core.types import Run
from mangaassist.loop.contenders import Retriever
from mangaassist.loop.judged import JudgedSplit
from mangaassist.queries import PLAIN


def ablated_runs(candidate: Retriever, split: JudgedSplit) -> dict[str, Run]:
    """Name of a weight → the run without it, for every weight that is not 0; `all` is without any."""
    weights = candidate.search.weights
    runs = {
        name: candidate.weighed(replace(weights, **{name: 0.0})).run(split)
        for name, weight in asdict(weights).items()
        if weight
    }
    return {**runs, "all": candidate.weighed(PLAIN).run(split)} if runs else {}
