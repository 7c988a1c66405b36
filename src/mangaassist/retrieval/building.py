"""Documents with vectors in, the live index of a folder out."""

from collections.abc import Mapping
from pathlib import Path

from mangaassist.retrieval.build import EXACT_UP_TO, write_build
from mangaassist.retrieval.index_folder import read_current, switch_to_new, writing
from mangaassist.retrieval.snapshot import fresh, with_news
from mangaassist.retrieval.store import DocumentVectors, IndexInfo, check_dimension


def build_index(
    folder: Path,
    documents: DocumentVectors,
    info: IndexInfo,
    *,
    exact_up_to: int = EXACT_UP_TO,
    attachments: Mapping[str, bytes] | None = None,
) -> str:
    """Build an index of these documents in `folder`, make it the live one, and say its name.

    attachments: files to keep with it, by name; `EmbeddedStore.attachments` gives them back.

    The documents are the whole truth: what the delta of the former build said is over. So read them and build under
    one lock of your own, lest a change falls between; whoever writes to the delta waits until the build is done.
    """
    check_dimension(documents, info.dimension)
    with writing(folder):
        return switch_to_new(
            folder,
            lambda place: write_build(place, documents, info, exact_up_to=exact_up_to, attachments=attachments),
        )


def compact(folder: Path, *, exact_up_to: int = EXACT_UP_TO) -> str:
    """Build the live index anew from its own documents, its delta included, and say the new one's name.

    Attachments stay what they were.
    """
    with writing(folder):
        now = with_news(fresh(folder, read_current(folder)))
        documents, info, attached = now.documents(), now.build.info, now.build.attachments
        return switch_to_new(
            folder,
            lambda place: write_build(place, documents, info, exact_up_to=exact_up_to, attachments=attached),
        )
