"""A release and the catalogue in, its index out: built with its shelves, brought up to date by a delta, or left.

Needs no lock of the workspace: it reads tables, which an ingest adds to whole, and has a lock of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mangaassist.core.errors import ArtifactError, DataError
from mangaassist.core.types import DocId, Document, Progress, Vectors
from mangaassist.data import Title, Workspace, articles, documents, titles
from mangaassist.encoders import CachedEncoder
from mangaassist.loop.catalogue import workspace_encoder
from mangaassist.loop.contenders import adapter_of_release
from mangaassist.loop.facet_values import FACETS, facet_values
from mangaassist.loop.release_index import (
    MADE_OF,
    MadeOf,
    Record,
    by_id,
    digest_of,
    indexing,
    read_made_of,
    write_made_of,
)
from mangaassist.loop.settings import Settings
from mangaassist.loop.texts import texts_of_release
from mangaassist.retrieval import DocumentVectors, IndexInfo, build_index, open_index
from mangaassist.shelves import RECIPE, make_shelves

MOST_CHANGED_SHARE = 0.2
MOST_IN_DELTA = 2_000
"""A change of more documents than this share, or a delta of more than this, makes a new build."""

Action = Literal["built", "changed", "up to date"]


@dataclass(frozen=True, slots=True)
class IndexUpdate:
    """What became of an index. written: documents that are new or changed.  removed: that are gone."""

    release: str
    action: Action
    documents: int
    written: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the index is to hold."""

    documents: Sequence[Document]
    records: dict[DocId, Record]
    made_of: MadeOf
    enrichment: str


def update_index(workspace: Workspace, settings: Settings, release: str, *, progress: Progress) -> IndexUpdate:
    """Bring the index of a published release up to the catalogue; where it is, nothing is written.

    Raises DataError for an empty catalogue, and what reading the release raises.
    """
    encoder = workspace_encoder(workspace, settings, progress)
    with indexing(workspace, release) as folder:
        wanted = _wanted(workspace, settings, release, encoder)
        held = read_made_of(folder)
        if held is not None and held.suits(wanted.made_of):
            update = _updated(workspace, folder, wanted, held, encoder)
            if update is not None:
                return update
        return _built(workspace, folder, wanted, encoder, progress)


def _wanted(workspace: Workspace, settings: Settings, release: str, encoder: CachedEncoder) -> _Wanted:
    known, helping = titles(workspace), articles(workspace)
    texts = texts_of_release(workspace, release, settings)
    found = documents(known, helping, enrich=texts.enrich, template=texts.template)
    if not found:
        raise DataError(f"{workspace.root} holds no title and no article yet; take them in: `mangaassist ingest`")
    records = by_id(known, helping)
    digests = {document.doc_id: digest_of(document, records[document.doc_id]) for document in found}
    made_of = MadeOf(encoder.encoder_id, release, texts.as_json(), digests, shelves=RECIPE)
    return _Wanted(found, records, made_of, texts.enrich)


def _built(
    workspace: Workspace, folder: Path, wanted: _Wanted, encoder: CachedEncoder, progress: Progress
) -> IndexUpdate:
    made_of = wanted.made_of
    vectors = _vectors(workspace, wanted, wanted.made_of.documents.keys(), encoder)
    (folder / MADE_OF).unlink(missing_ok=True)
    info = IndexInfo(
        encoder.encoder_id,
        made_of.release,
        encoder.dimension,
        catalogue=made_of.catalogue,
        enrichment=wanted.enrichment,
    )
    build_index(folder, vectors, info, attachments=_shelves(wanted, vectors, progress))
    write_made_of(folder, made_of)
    return IndexUpdate(made_of.release, "built", len(wanted.documents), written=len(wanted.documents))


def _shelves(wanted: _Wanted, vectors: DocumentVectors, progress: Progress) -> dict[str, bytes]:
    """The files of the shelves of these documents."""
    progress("shelving", 0, 1)
    records = [wanted.records[doc_id] for doc_id in vectors.doc_ids]
    known = [record for record in records if isinstance(record, Title)]
    rows = [row for row, record in enumerate(records) if isinstance(record, Title)]
    made_of = wanted.made_of
    made = make_shelves(known, vectors.vectors[rows], release=made_of.release, encoder_id=made_of.encoder_id)
    progress("shelving", 1, 1)
    return made.as_files()


def _updated(
    workspace: Workspace, folder: Path, wanted: _Wanted, held: MadeOf, encoder: CachedEncoder
) -> IndexUpdate | None:
    """The index with its delta, or as it is; None where a new build is due, be it because files are damaged."""
    made_of = wanted.made_of
    written = {doc_id for doc_id, digest in made_of.documents.items() if held.documents.get(doc_id) != digest}
    removed = sorted(held.documents.keys() - made_of.documents.keys())
    try:
        store = open_index(folder, encoder_id=made_of.encoder_id, release=made_of.release)
    except ArtifactError:
        return None
    if not written and not removed:
        return IndexUpdate(made_of.release, "up to date", len(wanted.documents))
    changes = len(written) + len(removed)
    if changes > MOST_CHANGED_SHARE * len(wanted.documents) or store.changed_documents + changes > MOST_IN_DELTA:
        return None
    vectors = _vectors(workspace, wanted, written, encoder)
    (folder / MADE_OF).unlink()
    store.upsert(vectors)
    store.delete(removed)
    write_made_of(folder, made_of)
    return IndexUpdate(made_of.release, "changed", len(wanted.documents), len(written), len(removed))


def _vectors(
    workspace: Workspace, wanted: _Wanted, which: Collection[DocId], encoder: CachedEncoder
) -> DocumentVectors:
    """Adapted vectors and facets of some of the documents."""
    chosen = [document for document in wanted.documents if document.doc_id in which]
    adapter = adapter_of_release(workspace, wanted.made_of.release, encoder)
    base: Vectors = encoder.encode([document.text for document in chosen])
    return document_vectors([each.doc_id for each in chosen], adapter.adapt_documents(base), wanted.records)


def document_vectors(doc_ids: Sequence[DocId], adapted: Vectors, records: Mapping[DocId, Record]) -> DocumentVectors:
    """Documents as an index takes them: adapted vectors (n, d), and the facets that filters ask for."""
    values = [facet_values(records[doc_id]) for doc_id in doc_ids]
    return DocumentVectors(doc_ids, adapted, {name: [each[name] for each in values] for name in FACETS})
