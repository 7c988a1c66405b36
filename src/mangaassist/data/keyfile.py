"""A place outside the workspace in, the shop's privacy key out: made on first use, refused where others can read it."""

import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mangaassist.core.errors import SettingsError
from mangaassist.core.files import sync_directory
from mangaassist.data.privacy import PrivacyKey

KEY_VARIABLE: Final = "MANGAASSIST_PRIVACY_KEY_FILE"
DEFAULT_KEY_FILE: Final = "~/.config/mangaassist/privacy.key"
KEY_BYTES: Final = 32
SHORTEST_KEY: Final = 16


def key_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the key lies: `$MANGAASSIST_PRIVACY_KEY_FILE`, or else `~/.config/mangaassist/privacy.key`."""
    return Path(environ.get(KEY_VARIABLE) or DEFAULT_KEY_FILE).expanduser()


def load_key(path: Path, *, workspace: Path) -> PrivacyKey:
    """The key of this file, made with mode 0600 if there is none yet.

    Raises SettingsError if the file lies inside the workspace (a backup would carry it along), if others can read it,
    or if it holds too little.
    """
    real = path.resolve()
    if real.is_relative_to(workspace.resolve()):
        raise SettingsError(f"{path}: the privacy key lies inside the workspace; move it out, and set {KEY_VARIABLE}")
    try:
        if not real.exists():
            _create(real)
        return _read(real)
    except OSError as error:
        reason = f"{path}: the privacy key cannot be read or made ({error.strerror})"
        raise SettingsError(f"{reason}; check the permissions, or set {KEY_VARIABLE}") from None


def _create(path: Path) -> None:
    """Write a new key whole or not at all; a key that another process has just made is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(KEY_BYTES).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()
    sync_directory(path.parent)


def _read(path: Path) -> PrivacyKey:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise SettingsError(f"{path}: others can read the privacy key (mode {mode:04o}); run `chmod 600 {path}`")
    secret = path.read_bytes().strip()
    if len(secret) < SHORTEST_KEY:
        raise SettingsError(f"{path}: the privacy key has {len(secret)} bytes; restore it from your backup of keys")
    return PrivacyKey(secret)
