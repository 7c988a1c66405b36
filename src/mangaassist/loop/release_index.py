"""A workspace and a release in, where its index lies and what it was made of out.

    index/<release>/            the builds and their delta (docs/index.md)
    index/<release>/made_of.json  the digest of every document in it; absent while an index is being changed
    index/<release>.lock        held by whoever changes it

`made_of.json` is taken away first and written last: where it stands, the index holds just what it says.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeAlias

from mangaassist.core.errors import ArtifactError
from mangaassist.core.files import canonical_json, sha256_bytes, write_atomic
from mangaassist.core.types import DocId, Document
from mangaassist.data import Article, Title, Workspace

MADE_OF = "made_of.json"

Record: TypeAlias = Title | Article


@dataclass(frozen=True, slots=True)
class MadeOf:
    """What an index was made of. texts: how titles become texts.  documents: id → digest of text and record.

    shelves: how its shelves were made; empty for an index of before there were any.
    """

    encoder_id: str
    release: str
    texts: Mapping[str, str]
    documents: Mapping[DocId, str]
    shelves: str = ""

    def suits(self, other: "MadeOf") -> bool:
        """Whether the other differs in its documents at most."""
        return replace(self, documents={}) == replace(other, documents={})

    @property
    def catalogue(self) -> str:
        """One digest of all documents."""
        return sha256_bytes(canonical_json({str(name): digest for name, digest in self.documents.items()}))


def index_folder(workspace: Workspace, release: str) -> Path:
    """Where the index of a release lies, or will."""
    return workspace.index / release


def index_stamp(folder: Path) -> tuple[int, int] | None:
    """Changes whenever the index did; None where there is none, or one that is being changed. A cheap look."""
    try:
        found = (folder / MADE_OF).stat()
    except FileNotFoundError:
        return None
    return (found.st_mtime_ns, found.st_ino)


def read_made_of(folder: Path) -> MadeOf | None:
    """What the index was made of; None where nobody knows, and so it has to be built anew."""
    try:
        return MadeOf(**json.loads((folder / MADE_OF).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_made_of(folder: Path, made_of: MadeOf) -> None:
    """From now on the index holds just this."""
    write_atomic(folder / MADE_OF, canonical_json(asdict(made_of)))


def digest_of(document: Document, record: Record) -> str:
    """Changes with the text that is encoded, and with anything that the shop knows of the document."""
    return sha256_bytes(f"{document.text}\0{record.model_dump_json()}".encode("utf-8", "surrogatepass"))


def by_id(titles: Sequence[Title], articles: Sequence[Article]) -> dict[DocId, Record]:
    """The record behind every document."""
    records: dict[DocId, Record] = {DocId(title.title_id): title for title in titles}
    return records | {DocId(article.article_id): article for article in articles}


@contextmanager
def indexing(workspace: Workspace, release: str) -> Iterator[Path]:
    """Wait for whoever changes this index, then be the only one; the lock ends with its process."""
    try:
        workspace.index.mkdir(exist_ok=True)
        with (workspace.index / f"{release}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield index_folder(workspace, release)
    except OSError as error:
        raise ArtifactError(f"{workspace.index} cannot be written: {error}; make room and try again") from error
