"""Frozen dataclasses in, canonical JSON out, and back; whatever does not fit is an error that names the field."""

from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from mangaassist.core.errors import DataError
from mangaassist.core.files import canonical_json

Value = TypeVar("Value")

EXACT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
"""The `__pydantic_config__` of every value that travels as JSON here: no unknown key, no guessed type, no NaN."""


def to_json(value: object) -> bytes:
    """The one JSON form of a value: equal values are equal bytes."""
    return canonical_json(TypeAdapter(type(value)).dump_python(value, mode="json"))


def from_json(kind: type[Value], content: bytes | str, *, source: str) -> Value:
    """The value that `content` holds; `source` (a file or a table) is named when it does not fit."""
    try:
        return TypeAdapter(kind).validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole text"
        raise DataError(
            f"{source}: {field}: {first['msg']} ({error.error_count()} such in all); "
            f"this must be a {kind.__name__} as it was written, so write it again rather than mend it by hand"
        ) from error
