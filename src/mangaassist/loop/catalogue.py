"""A workspace in, what is retrieved from out: the documents, their base vectors' encoder, and facts about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mangaassist.core.errors import DataError
from mangaassist.core.files import sha256_bytes
from mangaassist.core.types import DocId, Document, Progress
from mangaassist.data import KINDS, Workspace, all_entries, articles, documents, is_sparse, titles
from mangaassist.encoders import CachedEncoder, load_encoder
from mangaassist.loop.settings import Settings
from mangaassist.loop.texts import DocumentTexts, texts_in_force

DocumentDetail: TypeAlias = Literal["sparse", "rich", "articles"]
"""A title whose description says little by itself (`is_sparse`), any other title, a help article."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The shop's documents as they are encoded. series: of titles that have one; popularity: of titles that have it.

    details: what each document is by how much its plain text says.
    """

    documents: Sequence[Document]
    series: Mapping[DocId, str]
    popularity: Mapping[DocId, float]
    details: Mapping[DocId, DocumentDetail]

    @property
    def headings(self) -> dict[DocId, str]:
        """What each document is called."""
        return {document.doc_id: document.heading for document in self.documents}


def load_catalogue(workspace: Workspace, settings: Settings, texts: DocumentTexts | None = None) -> Catalogue:
    """The catalogue and the help centre of a workspace; raises DataError if both are empty.

    texts: how titles become texts; as for the candidate where nothing is said.
    """
    known, helping = titles(workspace), articles(workspace)
    texts = texts or texts_in_force(workspace, settings)
    found = documents(known, helping, enrich=texts.enrich, template=texts.template)
    if not found:
        raise DataError(
            f"{workspace.root} holds no title and no article yet; take them in: "
            "`mangaassist ingest FOLDER` with a catalogue.jsonl in it"
        )
    return Catalogue(
        documents=found,
        series={DocId(title.title_id): title.series_id for title in known if title.series_id},
        popularity={DocId(title.title_id): title.popularity or 0.0 for title in known},
        details={
            **{DocId(title.title_id): "sparse" if is_sparse(title) else "rich" for title in known},
            **{DocId(article.article_id): "articles" for article in helping},
        },
    )


def workspace_encoder(workspace: Workspace, settings: Settings, progress: Progress) -> CachedEncoder:
    """The encoder of the settings behind the workspace's vector cache."""
    return CachedEncoder(load_encoder(settings.encoder, settings.titan), workspace.vectors, progress=progress)


def encoder_id_of(settings: Settings) -> str:
    """The id of the encoder of the settings."""
    return load_encoder(settings.encoder, settings.titan).encoder_id


def data_fingerprint(workspace: Workspace, kinds: Iterable[str] = KINDS) -> str:
    """One digest of every file of these kinds that was taken in, and of what was erased of it.

    That of all kinds is what a decision is about.
    """
    counting = [entry for entry in all_entries(workspace.engine) if entry.deleted_at is None]
    told = [
        f"{entry.kind} {entry.sha256}" + (f" without {entry.erased}" if entry.erased else "")
        for kind in kinds
        for entry in counting
        if entry.kind == kind
    ]
    return sha256_bytes("\n".join(told).encode())
