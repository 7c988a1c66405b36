"""A cluster's texts in, the facets that it asks for and those it turns down out: by its words, and by its vectors.

Words: the reading of every text (the lexicon, and facets named as the catalogue names them). Vectors: a facet stands
out whose own vector is nearer to the cluster's centre than to other clusters' by far.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mangaassist.core.types import Vectors
from mangaassist.queries import Facet, QueryReader

SAID_BY: Final = 0.25
"""Share of the texts that must say a facet for the cluster to ask for it."""

TURNED_DOWN_BY: Final = 0.1
STANDS_OUT: Final = 3.0
"""Standard deviations above the other clusters' cosine, from which a facet that no text says is asked for."""

MOST_BY_VECTORS: Final = 2


@dataclass(frozen=True, slots=True)
class ClusterWishes:
    """wanted: facet → how much of the cluster says so, in (0, 1].  by_vectors: of these, those that no text says.
    rejected: facets turned down, with the share of texts that do.
    """

    wanted: Mapping[Facet, float]
    by_vectors: frozenset[Facet]
    rejected: Mapping[Facet, float]

    @property
    def core(self) -> frozenset[Facet]:
        """The facets that an answer must not lack: what at least half as many texts say as say the most said one."""
        said = {facet: share for facet, share in self.wanted.items() if facet not in self.by_vectors}
        most = max(said.values(), default=0.0)
        return frozenset(facet for facet, share in said.items() if 2 * share >= most)


class FacetVectors:
    """The vectors of a catalogue's facets against the centres of clusters.

    names: the facets, in the order of vectors (f, d).  centres: (k, d), of all clusters.
    """

    def __init__(self, names: Sequence[Facet], vectors: Vectors, centres: Vectors) -> None:
        self._names, self._vectors = list(names), vectors
        cosines = centres @ vectors.T if len(centres) and len(names) else np.zeros((0, len(names)), dtype=np.float32)
        self._mean = cosines.mean(axis=0) if len(cosines) else np.zeros(len(names), dtype=np.float32)
        self._spread = np.maximum(cosines.std(axis=0), 0.02) if len(cosines) else np.ones(len(names), np.float32)

    def standing_out(self, centre: Vectors) -> dict[Facet, float]:
        """The facets nearest to one centre beyond what is usual, with by how many standard deviations."""
        if not self._names:
            return {}
        above = (self._vectors @ centre - self._mean) / self._spread
        best = sorted(range(len(above)), key=lambda place: (-above[place], self._names[place]))[:MOST_BY_VECTORS]
        return {self._names[place]: float(above[place]) for place in best if above[place] >= STANDS_OUT}


def cluster_wishes(texts: Sequence[str], reader: QueryReader, vectors: FacetVectors, centre: Vectors) -> ClusterWishes:
    """What a cluster asks for and turns down. A facet that more texts reject than ask for is rejected."""
    readings = [reader.read(text) for text in texts]
    wanted = Counter(facet for reading in readings for facet in reading.wanted)
    rejected = Counter(facet for reading in readings for facet in reading.rejected)
    count = max(len(texts), 1)
    turned_down = {
        facet: times / count
        for facet, times in rejected.items()
        if times / count >= TURNED_DOWN_BY and times >= wanted[facet]
    }
    asked = {
        facet: times / count for facet, times in wanted.items() if times / count >= SAID_BY and facet not in turned_down
    }
    implied = {facet for facet in vectors.standing_out(centre) if facet not in asked and facet not in turned_down}
    return ClusterWishes(
        wanted=dict(sorted({**asked, **dict.fromkeys(implied, SAID_BY)}.items(), key=lambda each: (-each[1], each[0]))),
        by_vectors=frozenset(implied),
        rejected=dict(sorted(turned_down.items(), key=lambda each: (-each[1], each[0]))),
    )
