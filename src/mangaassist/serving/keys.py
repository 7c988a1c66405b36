"""A workspace in, its API keys out: names, scopes and hashes in `keys.json`; a token itself is shown once, never kept.

A token is 256 random bits, so a plain SHA-256 is as good as a slow hash: there is nothing to guess.
"""

import hashlib
import hmac
import json
import secrets
import stat
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError

from mangaassist.core.errors import SettingsError
from mangaassist.core.files import canonical_json, write_atomic

Scope = Literal["retrieve", "events", "embeddings", "metrics"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
KEYS_FILE: Final = "keys.json"
TOKEN_PREFIX: Final = "ma_"  # noqa: S105 (what tokens begin with, none itself)
NAME_LIMIT: Final = 64


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Who may ask for what. requests_per_minute: None for the service's own rate."""

    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    created: str
    requests_per_minute: int | None = Field(default=None, gt=0)


_KEYS: Final = TypeAdapter(tuple[ApiKey, ...])


def read_keys(root: Path) -> tuple[ApiKey, ...]:
    """The keys of a workspace; raises SettingsError if the file is damaged, or if others can read it."""
    path = root / KEYS_FILE
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = json.loads(path.read_bytes())
        keys = _KEYS.validate_python(content["keys"])
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
    except (ValueError, KeyError, TypeError, ValidationError):
        raise SettingsError(f"{path}: is damaged; restore it, or remove it and add the keys anew") from None
    if mode & 0o077:
        raise SettingsError(f"{path}: others can read the API keys (mode {mode:04o}); run `chmod 600 {path}`")
    return keys


def add_key(
    root: Path, name: str, scopes: tuple[str, ...], *, at: datetime, requests_per_minute: int | None = None
) -> tuple[ApiKey, str]:
    """A new key and its token, which nobody can read again."""
    keys = read_keys(root)
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise SettingsError(f"key name {name[:NAME_LIMIT]!r}: take 1 to {NAME_LIMIT} printable characters")
    if any(key.name == name for key in keys):
        raise SettingsError(f"there is a key {name!r} already; choose another name, or revoke it first")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        told = f"unknown scopes: {', '.join(unknown)}" if unknown else "no scope"
        raise SettingsError(f"key {name!r}: {told}; give some of {', '.join(SCOPES)}, separated by commas")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    allowed = tuple(scope for scope in SCOPES if scope in scopes)
    key = ApiKey(name, token_hash(token), allowed, at.isoformat(timespec="seconds"), requests_per_minute)
    _write(root, (*keys, key))
    return key, token


def revoke_key(root: Path, name: str) -> None:
    """Take a key away; a running service notices with the next request."""
    keys = read_keys(root)
    if all(key.name != name for key in keys):
        known = ", ".join(repr(key.name) for key in keys) or "none"
        raise SettingsError(f"there is no key {name!r}; there are: {known}")
    _write(root, tuple(key for key in keys if key.name != name))


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _write(root: Path, keys: tuple[ApiKey, ...]) -> None:
    content: dict[str, Any] = {"format_version": 1, "keys": [asdict(key) for key in keys]}
    write_atomic(root / KEYS_FILE, canonical_json(content))


class KeyRing:
    """The keys as they are now: `refresh` before each look-up reads a changed file again.

    Once there has been a key, the service asks for one: revoking the last, or losing the file, opens nothing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._state = self._file_state()
        self._keys = read_keys(root)
        self.is_needed = bool(self._keys)

    def find(self, token: str) -> ApiKey | None:
        """The key of this token, as of the last `refresh`."""
        asked = token_hash(token)
        found = [key for key in self._keys if hmac.compare_digest(key.sha256, asked)]
        return found[0] if found else None

    def refresh(self) -> None:
        """Read the file again if it has changed; raises SettingsError if it has become unreadable."""
        state = self._file_state()
        if state != self._state:
            self._keys = read_keys(self._root)
            self._state = state
            self.is_needed = self.is_needed or bool(self._keys)

    def _file_state(self) -> tuple[int, int, int] | None:
        try:
            state = (self._root / KEYS_FILE).stat()
        except FileNotFoundError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_mode
