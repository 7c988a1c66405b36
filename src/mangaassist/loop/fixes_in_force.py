"""`pairs/fixes.json` in, the fixes that `train --fix` put in force out; and the other way round."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from mangaassist.core.errors import SettingsError
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.pairs import Fix

FIXES_FILE = Path("pairs", "fixes.json")


@dataclass(frozen=True, slots=True)
class StoredFixes:
    """Fixes in force, and the generators that `synthetic_drift` drops."""

    fixes: tuple[Fix, ...] = ()
    drifting_generators: tuple[str, ...] = ()


_STORED = TypeAdapter(StoredFixes)


def read_fixes(root: Path) -> StoredFixes:
    """What is in force in a workspace; nothing where nobody asked for a fix."""
    path = root / FIXES_FILE
    if not path.is_file():
        return StoredFixes()
    try:
        return _STORED.validate_python(json.loads(path.read_bytes()))
    except (ValidationError, ValueError) as error:
        raise SettingsError(f"{path}: {error}; remove it: `mangaassist train --without-fixes`") from error


def store_fixes(root: Path, stored: StoredFixes) -> None:
    """Puts these fixes in force, and no others."""
    write_atomic(root / FIXES_FILE, canonical_json(asdict(stored)))
