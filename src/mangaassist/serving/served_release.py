"""A release and its index in, everything that answers come from out: one value that never changes.

A new release, or a change of its index, makes a new value beside the old one.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from mangaassist.adapter import Adapter
from mangaassist.core.errors import IndexOutOfDate
from mangaassist.core.types import DocId, Document, Vectors
from mangaassist.data import Title, Workspace, articles, documents, titles
from mangaassist.encoders import CachedEncoder
from mangaassist.loop import (
    DocumentTexts,
    Record,
    Settings,
    adapter_of_release,
    by_id,
    composition_of_release,
    index_folder,
    texts_of_release,
)
from mangaassist.queries import Composer, CompositionWeights, Lexicon, QueryReader, read_lexicon
from mangaassist.retrieval import EXACT_UP_TO, EmbeddedStore, open_index
from mangaassist.serving.filtering import FilterMasks
from mangaassist.serving.lasting_memory import REMEMBERED
from mangaassist.serving.mapped_vectors import mapped_vectors
from mangaassist.serving.ranking import Ranks, RanksAll, RanksCandidates
from mangaassist.serving.results import Shown, shown_of
from mangaassist.serving.stored_catalogue import IN_MEMORY_UP_TO, stored_catalogue
from mangaassist.shelves import Arrangement, shelving_from_files


@dataclass(frozen=True, slots=True, eq=False)
class ServedRelease:
    """One release over one state of the catalogue, its documents in the order of their ids.

    shown: what answers show of each.  base: their base vectors, (m, d): of titles that a query names.
    rows: where each document stands.  out_of_print: titles known to be so.
    shelves: none where the index is of before there were any.
    """

    release: str
    adapter: Adapter
    weights: CompositionWeights
    composer: Composer
    shown: Sequence[Shown]
    base: Vectors
    rows: Mapping[DocId, int]
    filters: FilterMasks
    out_of_print: Set[DocId]
    ranks: Ranks
    shelves: Arrangement

    @property
    def base_ranks(self) -> Ranks:
        """What ranks by base vectors, every document scored: for queries that the adapter does not cover."""
        return RanksAll(self.ranks.doc_ids, self.base)

    def shown_of(self, doc_id: DocId) -> Shown:
        """What answers show of a document."""
        return self.shown[self.rows[doc_id]]


@dataclass(frozen=True, slots=True)
class Composition:
    """How a release composes queries and writes documents. lexicon: None for the workspace's present one."""

    weights: CompositionWeights
    lexicon: Lexicon | None
    texts: DocumentTexts


def open_release(
    workspace: Workspace,
    settings: Settings,
    release: str,
    encoder: CachedEncoder,
    *,
    exact_up_to: int = EXACT_UP_TO,
    in_memory_up_to: int = IN_MEMORY_UP_TO,
) -> ServedRelease:
    """A published release on its index; what the catalogue has gained since the index was made is not served yet.

    exact_up_to: documents that are all scored.  in_memory_up_to: documents of which all that is shown is kept at hand.

    Raises ArtifactError where it has no index, IndexOutOfDate for one that holds none of the shop's documents, or
    shelves of another release.
    """
    store = open_index(index_folder(workspace, release), encoder_id=encoder.encoder_id, release=release)
    weights, lexicon = composition_of_release(workspace, release)
    composition = Composition(weights, lexicon, texts_of_release(workspace, release, settings))
    found, records = catalogue_of(workspace, composition.texts)
    indexed = set(store.doc_ids)
    kept = [document for document in found if document.doc_id in indexed]
    if not kept:
        raise IndexOutOfDate(
            f"the index of {release} holds none of the {len(found)} documents of {workspace.root}; "
            f"bring it up to date: `mangaassist index --workspace {workspace.root}`"
        )
    adapter = adapter_of_release(workspace, release, encoder)
    doc_ids, texts = [document.doc_id for document in kept], [document.text for document in kept]
    base = mapped_vectors(
        index_folder(workspace, release),
        [encoder.encoder_id, *texts],
        (len(kept), encoder.dimension),
        lambda: encoder.encode(texts),
    )
    ranks = ranks_of(store, doc_ids, exact_up_to)
    shelves = _shelves_of(store, [document.doc_id for document in kept if document.kind == "title"])
    served = assembled(workspace, release, adapter, composition, kept, records, base, ranks, shelves)
    if len(kept) <= in_memory_up_to:
        return served
    return replace(served, shown=stored_catalogue(index_folder(workspace, release), served.shown))


def ranks_of(store: EmbeddedStore, doc_ids: Sequence[DocId], exact_up_to: int) -> Ranks:
    """What ranks these documents of an index: all of them scored, or candidates where there are too many.

    An index that was built before so few were too many has no scan that finds candidates.
    """
    if len(doc_ids) > exact_up_to:
        candidates = RanksCandidates.over(store, doc_ids)
        if candidates.reader.scan is not None:
            return candidates
    return RanksAll(doc_ids, np.ascontiguousarray(store.vectors(doc_ids)))


def _shelves_of(store: EmbeddedStore, titles: Sequence[DocId]) -> Arrangement:
    """The shelves of an index with what stands on them now."""
    info = store.info
    made = shelving_from_files(
        store.attachments, release=info.release, encoder_id=info.encoder_id, dimension=info.dimension
    )
    return Arrangement(made, titles, store.vectors)


def catalogue_of(workspace: Workspace, texts: DocumentTexts) -> tuple[list[Document], dict[DocId, Record]]:
    """The present documents in the order of their ids, and the record behind each."""
    known, helping = titles(workspace), articles(workspace)
    found = documents(known, helping, enrich=texts.enrich, template=texts.template)
    return sorted(found, key=lambda document: document.doc_id), by_id(known, helping)


def assembled(
    workspace: Workspace,
    release: str,
    adapter: Adapter,
    composition: Composition,
    kept: Sequence[Document],
    records: Mapping[DocId, Record],
    base: Vectors,
    ranks: Ranks,
    shelves: Arrangement,
) -> ServedRelease:
    """The value that answers come from. kept: the documents served; base, ranks: of just these."""
    own = read_lexicon(workspace.root) if composition.lexicon is None else composition.lexicon
    theirs = {document.doc_id: records[document.doc_id] for document in kept}
    known = [record for record in theirs.values() if isinstance(record, Title)]
    filters = FilterMasks(list(theirs.values()))
    reader = QueryReader(known, [document.doc_id for document in kept], own, remembered=REMEMBERED)
    return ServedRelease(
        release=release,
        adapter=adapter,
        weights=composition.weights,
        composer=Composer(kept, known, own, reader=reader),
        shown=[shown_of(document, theirs[document.doc_id]) for document in kept],
        base=base,
        rows={document.doc_id: row for row, document in enumerate(kept)},
        filters=filters,
        out_of_print=frozenset(kept[row].doc_id for row in np.flatnonzero(filters.out_of_print).tolist()),
        ranks=ranks,
        shelves=shelves,
    )
