"""What a shelf is, and all shelves of one index build: values, and the two files that hold them.

shelves.json       release, encoder, and of each shelf id, name, facets, and its titles, the most typical first
shelf_centres.f32  float32, the centre of each shelf, in their order
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from mangaassist.core.errors import ArtifactError, EncoderMismatch, IndexOutOfDate
from mangaassist.core.files import canonical_json
from mangaassist.core.types import DocId, Vectors

SHELVES_FILE: Final = "shelves.json"
CENTRES_FILE: Final = "shelf_centres.f32"
FORMAT_VERSION: Final = 1
_MEND: Final = "build it anew: `mangaassist index --workspace DIR`"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Titles that belong together. id: the same for the same release and name.  facets: what sets it apart.

    titles: the most typical first.
    """

    id: str
    name: str
    facets: tuple[str, ...]
    titles: tuple[DocId, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Shelving:
    """All shelves of one index build: every title of it on one of them. centres: (shelves, d), unit length."""

    release: str
    encoder_id: str
    shelves: Sequence[Shelf]
    centres: Vectors

    def as_files(self) -> dict[str, bytes]:
        """The files, by name; equal shelves are equal bytes."""
        told = {
            "format_version": FORMAT_VERSION,
            "release": self.release,
            "encoder_id": self.encoder_id,
            "shelves": [asdict(shelf) for shelf in self.shelves],
        }
        centres = np.ascontiguousarray(self.centres, dtype="<f4").tobytes()
        return {SHELVES_FILE: canonical_json(told), CENTRES_FILE: centres}


def no_shelves(release: str, encoder_id: str, dimension: int) -> Shelving:
    """Not one shelf: of no titles, and of an index of before there were shelves."""
    return Shelving(release, encoder_id, [], np.empty((0, dimension), dtype=np.float32))


def shelving_from_files(files: Mapping[str, bytes], *, release: str, encoder_id: str, dimension: int) -> Shelving:
    """The shelves that these files of an index hold; no shelves where the files are not there.

    Raises ArtifactError for files that are damaged or of another format, EncoderMismatch and IndexOutOfDate for shelves
    of another encoder or release.
    """
    if SHELVES_FILE not in files:
        return no_shelves(release, encoder_id, dimension)
    found = _read(files, dimension)
    if found.encoder_id != encoder_id:
        raise EncoderMismatch(
            f"the shelves were made of vectors of the encoder {found.encoder_id!r}, not {encoder_id!r}; {_MEND}"
        )
    if found.release != release:
        raise IndexOutOfDate(f"the shelves were made for the release {found.release!r}, not {release!r}; {_MEND}")
    return found


def _read(files: Mapping[str, bytes], dimension: int) -> Shelving:
    try:
        told = json.loads(files[SHELVES_FILE])
        if told["format_version"] != FORMAT_VERSION:
            raise ArtifactError(
                f"{SHELVES_FILE} has format version {told['format_version']!r}, this program reads {FORMAT_VERSION}; "
                f"{_MEND}"
            )
        shelves = [
            Shelf(each["id"], each["name"], tuple(each["facets"]), tuple(each["titles"])) for each in told["shelves"]
        ]
        centres = np.frombuffer(files[CENTRES_FILE], dtype="<f4").reshape(len(shelves), dimension)
        return Shelving(told["release"], told["encoder_id"], shelves, centres)
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{SHELVES_FILE} or {CENTRES_FILE} cannot be read: {error!r}; {_MEND}") from error
