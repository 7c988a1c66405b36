"""A folder of index builds in, a store out that this and any other process can search, and change."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mangaassist.core.errors import EncoderMismatch, IndexOutOfDate
from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval.build import MEND, Build
from mangaassist.retrieval.delta import Change
from mangaassist.retrieval.facets import completed
from mangaassist.retrieval.index_folder import current_name, read_current, writing
from mangaassist.retrieval.reading import VectorReader, reader_of
from mangaassist.retrieval.snapshot import fresh, with_news
from mangaassist.retrieval.store import (
    DocumentVectors,
    Hits,
    IndexInfo,
    Where,
    check_dimension,
    check_queries,
    no_documents,
)


class EmbeddedStore:
    """The live build of a folder, memory-mapped, with what its delta says since.

    `refresh` brings in what others wrote; call it before a request, or each second in a thread of its own. A search
    sees one state throughout, and any number may run at once.
    Raises ArtifactError where there is no whole index, EncoderMismatch and IndexOutOfDate for one of another encoder
    or release.
    """

    def __init__(self, folder: Path, *, encoder_id: str, release: str) -> None:
        self._folder = folder
        self._refreshing = threading.Lock()
        build = read_current(folder)
        _check_belongs(build, folder, encoder_id=encoder_id, release=release)
        self._now = with_news(fresh(folder, build))

    @property
    def info(self) -> IndexInfo:
        """Whose vectors these are."""
        return self._now.build.info

    @property
    def doc_ids(self) -> Sequence[DocId]:
        """Every document, in the order of the ids."""
        return self._now.doc_ids()

    def __len__(self) -> int:
        return len(self._now)

    @property
    def changed_documents(self) -> int:
        """How many documents come from the delta: each costs every search a little, until `compact`."""
        return len(self._now.changed)

    @property
    def attachments(self) -> Mapping[str, bytes]:
        """The files that were kept with the build, by name; the delta changes none of them."""
        return self._now.build.attachments

    def search(self, queries: Vectors, k: int, *, where: Where | None = None) -> list[Hits]:
        """For each query the best `k` documents that pass the filter."""
        now = self._now
        check_queries(queries, k, now.build.info.dimension)
        return now.search(queries, k, where)

    def vectors(self, doc_ids: Sequence[DocId]) -> Vectors:
        """The vectors of these documents, (n, d)."""
        now = self._now
        found = np.empty((len(doc_ids), now.build.info.dimension), dtype=np.float32)
        for index, doc_id in enumerate(doc_ids):
            found[index] = now.vector(doc_id)
        return found

    def reader(self, doc_ids: Sequence[DocId]) -> VectorReader:
        """Reads vectors of these documents by their number in this order; a later `refresh` does not change it."""
        return reader_of(self._now, doc_ids)

    def upsert(self, documents: DocumentVectors) -> None:
        """Add documents, or replace those of the same id; every process sees it at its next `refresh`."""
        names, count = list(self._now.build.facets.values), len(documents.doc_ids)
        check_dimension(documents, self.info.dimension)
        facets = completed(documents.facets, names, count)
        self._append(Change(DocumentVectors(documents.doc_ids, documents.vectors, facets)))

    def delete(self, doc_ids: Sequence[DocId]) -> None:
        """Remove documents; one that is not there is no error."""
        self._append(Change(no_documents(self.info.dimension), doc_ids))

    def refresh(self) -> bool:
        """Bring in what was written since; says whether anything was.

        A new build of the same release takes the place of the old one. One of another release does not: whoever loads
        the release opens its index.
        """
        with self._refreshing:
            before = self._now
            if current_name(self._folder) not in (before.build.name, None):
                build = read_current(self._folder)
                if _same_use(build.info, before.build.info):
                    before = fresh(self._folder, build)
            after = with_news(before)
            changed = after is not self._now
            self._now = after
        return changed

    def _append(self, change: Change) -> None:
        if not change.upserts.doc_ids and not change.deletes:
            return
        with writing(self._folder):
            self.refresh()
            name = current_name(self._folder)
            if name != self._now.build.name:
                raise IndexOutOfDate(
                    f"{self._folder} has gone on to {name}, of another release than {self.info.release!r}; "
                    "open the index again with the release that is live"
                )
            self._now.delta.append(change)
        self.refresh()


def open_index(folder: Path, *, encoder_id: str, release: str) -> EmbeddedStore:
    """The live index of a folder; raises as EmbeddedStore does."""
    return EmbeddedStore(folder, encoder_id=encoder_id, release=release)


def _check_belongs(build: Build, folder: Path, *, encoder_id: str, release: str) -> None:
    """Raise EncoderMismatch or IndexOutOfDate for a build of another encoder or release."""
    if build.info.encoder_id != encoder_id:
        raise EncoderMismatch(
            f"the index in {folder} holds vectors of the encoder {build.info.encoder_id!r}, not {encoder_id!r}; {MEND}"
        )
    if build.info.release != release:
        raise IndexOutOfDate(
            f"the index in {folder} was built for the release {build.info.release!r}, not {release!r}; {MEND}"
        )


def _same_use(one: IndexInfo, other: IndexInfo) -> bool:
    return (one.encoder_id, one.release) == (other.encoder_id, other.release)
