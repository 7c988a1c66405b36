"""Texts in, base vectors out, each text encoded once ever: a resumable cache on disk, keyed by content hash."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from mangaassist.core.errors import EncoderError, EncoderMismatch
from mangaassist.core.types import Progress, Vectors, no_progress
from mangaassist.encoders.protocol import Encoder, EncodesEach, PartlyEncoded

_COMMIT_EVERY = 64
_LOOK_UP = 500


class CachedEncoder:
    """Wraps an encoder; vectors live in `<directory>/<encoder id>.sqlite` and survive kills and restarts.

    A batch of at most 64 texts is stored in one transaction as soon as it is encoded, so a killed job loses no more
    than that, and several processes may share the file; of a batch that failed in part, what PartlyEncoded holds is
    stored. Raises EncoderMismatch if the file holds another encoder's vectors, EncoderError if it cannot be read or
    written.
    """

    def __init__(self, encoder: Encoder, directory: Path, *, progress: Progress = no_progress) -> None:
        self.wrapped = encoder
        self._progress = progress
        self.encoder_id = encoder.encoder_id
        self.dimension = encoder.dimension
        self.encoded = 0
        """How many texts this object had to encode because the cache did not hold them."""
        self._path = cache_file(directory, encoder.encoder_id)
        directory.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            self._prepare(connection)

    def uncached(self, texts: Sequence[str]) -> list[str]:
        """The texts, each once, that `encode` would have to encode."""
        by_key = {_key(text): text for text in texts}
        with self._open() as connection:
            known = self._look_up(connection, list(by_key))
        return [text for key, text in by_key.items() if key not in known]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Base vectors of the texts, (n, dimension); those not yet cached are encoded, stored and counted."""
        keys = [_key(text) for text in texts]
        with self._open() as connection:
            known = self._look_up(connection, list(dict.fromkeys(keys)))
            missing = list({key: text for key, text in zip(keys, texts, strict=True) if key not in known}.items())
            # Texts of one length together: none waits for a longer one, in its batch or in that of another process.
            missing.sort(key=lambda each: len(each[1]))
            done = 0
            for batch in self._encode_and_store(connection, missing):
                known.update(batch)
                done += len(batch)
                self._progress("encoding", done, len(missing))
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, key in enumerate(keys):
            vectors[row] = known[key]
        return vectors

    def _encode_and_store(
        self, connection: sqlite3.Connection, missing: list[tuple[bytes, str]]
    ) -> Iterator[dict[bytes, Vectors]]:
        """Each batch, once it is stored; of one that failed in part, what was encoded is stored."""
        batches = [missing[start : start + _COMMIT_EVERY] for start in range(0, len(missing), _COMMIT_EVERY)]
        each = self._vectors([[text for _, text in batch] for batch in batches])
        for batch in batches:
            try:
                vectors = next(each)
            except PartlyEncoded as partly:
                self._store(connection, {key: partly.vectors[text] for key, text in batch if text in partly.vectors})
                raise
            encoded = {key: vector for (key, _), vector in zip(batch, vectors, strict=True)}
            self._store(connection, encoded)
            yield encoded

    def _vectors(self, batches: list[list[str]]) -> Iterator[Vectors]:
        """Vectors of each batch in order: by several processes, where the encoder has them."""
        if isinstance(self.wrapped, EncodesEach):
            return self.wrapped.encode_each(batches)
        return map(self.wrapped.encode, batches)

    def _store(self, connection: sqlite3.Connection, encoded: dict[bytes, Vectors]) -> None:
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in encoded.items()]
        with connection:
            connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
        self.encoded += len(encoded)

    def _look_up(self, connection: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        for start in range(0, len(keys), _LOOK_UP):
            chunk = keys[start : start + _LOOK_UP]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608 (only question marks)
            found.update((key, np.frombuffer(blob, dtype="<f4")) for key, blob in connection.execute(query, chunk))
        return found

    def _prepare(self, connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
            connection.execute("CREATE TABLE IF NOT EXISTS encoder (id TEXT PRIMARY KEY, dimension INTEGER)")
            connection.execute("INSERT OR IGNORE INTO encoder VALUES (?, ?)", (self.encoder_id, self.dimension))
        stored = connection.execute("SELECT id, dimension FROM encoder").fetchall()
        if stored != [(self.encoder_id, self.dimension)]:
            raise EncoderMismatch(
                f"{self._path} holds vectors of {stored}, not of {self.encoder_id!r} ({self.dimension}-d); "
                "delete the file to encode anew"
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self._path, timeout=60)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise EncoderError(
                f"the vector cache {self._path} cannot be used: {error}; "
                "free disk space, or delete the file (it can be rebuilt)"
            ) from error


def cache_file(directory: Path, encoder_id: str) -> Path:
    """Where the vectors of this encoder lie."""
    return directory / (re.sub(r"[^A-Za-z0-9._@-]+", "_", encoder_id) + ".sqlite")


def forget_texts(path: Path, texts: Sequence[str], *, dry_run: bool) -> int:
    """How many of these texts the cache file held; their vectors are gone and overwritten, unless `dry_run`."""
    keys = [(_key(text),) for text in texts]
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        held = [key for key in keys if connection.execute("SELECT 1 FROM vectors WHERE key = ?", key).fetchone()]
        if held and not dry_run:
            connection.execute("PRAGMA secure_delete=ON")
            with connection:
                connection.executemany("DELETE FROM vectors WHERE key = ?", held)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(held)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
