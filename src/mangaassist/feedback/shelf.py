"""A catalogue with its vectors in, what proposals look up about its documents out."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from mangaassist.core.types import DocId, Document, Vectors
from mangaassist.feedback.cluster_wishes import ClusterWishes
from mangaassist.queries import Facet, FacetIndex


@dataclass(frozen=True, slots=True, eq=False)
class ProposalShelf:
    """The documents that may be proposed. vectors: (m, d) base, in their order.  facets: of the same documents."""

    documents: Sequence[Document]
    vectors: Vectors
    facets: FacetIndex

    def rows_of(self, kind: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """The places of the documents of a kind; a corpus of plain documents is all of one kind."""
        rows = [row for row, document in enumerate(self.documents) if document.kind in (kind, "document")]
        return np.array(rows, dtype=np.int64)

    def headings(self) -> dict[DocId, str]:
        """What each document is called."""
        return {document.doc_id: document.heading for document in self.documents}

    def kinds(self) -> dict[DocId, str]:
        """What each document is."""
        return {document.doc_id: document.kind for document in self.documents}

    def has_all(self, doc_id: DocId, facets: AbstractSet[Facet]) -> bool:
        """Whether a document has each of these facets."""
        return facets <= self.facets.of(doc_id)

    def share_wanted(self, wishes: ClusterWishes) -> Vectors:
        """(m,) in [0, 1]: the share of what a cluster wants that each document has, by how many say it and rarity."""
        total, summed = 0.0, np.zeros(len(self.documents), dtype=np.float32)
        for facet, share in wishes.wanted.items():
            summed += share * self.facets.having([facet])
            total += share
        return summed / np.float32(max(total, 1e-9))


def names_in(facets: FacetIndex, chosen: Mapping[Facet, float] | AbstractSet[Facet]) -> list[str]:
    """What the catalogue calls these facets, in their order where they have one."""
    order = list(chosen) if isinstance(chosen, Mapping) else sorted(chosen)
    return [facets.names[facet].replace("_", " ") for facet in order if facet in facets.names]
