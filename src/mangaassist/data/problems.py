"""A failed validation in; field, reason and remedy out, never the value itself, which may be private."""

from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one row was refused: the field it lies in (empty: the whole row), what is wrong, and what to do."""

    field: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field or 'row'}: {self.reason}; {self.remedy}"


MOMENT = "write it as ISO 8601 with a zone, e.g. 2026-11-03T09:30:00Z"
REMEDIES = {
    "missing": "add the field; it is required",
    "string_type": "give a text",
    "string_unicode": "write the file as valid UTF-8",
    "string_too_long": "shorten it, or map the right column to this field",
    "tuple_type": 'give a list; in CSV as JSON: ["first", "second"]',
    "dict_type": 'give a struct; in CSV as JSON: {"name": "value"}',
    "model_type": 'give a struct; in CSV as JSON: {"name": "value"}',
    "too_long": "give fewer entries",
    "extra_forbidden": "remove the field, or correct its name",
    "literal_error": "use one of the values named",
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_from_date_parsing": MOMENT,
}


def refusal(kind: str, reason: str, remedy: str) -> PydanticCustomError:
    """An error to raise inside a validator: its remedy travels with it to `first_problem`."""
    return PydanticCustomError(kind, "{reason}", {"reason": reason, "remedy": remedy})


def first_problem(error: ValidationError) -> Problem:
    """The first thing wrong with a row."""
    return as_problem(error.errors(include_url=False, include_input=False)[0])


def as_problem(details: ErrorDetails) -> Problem:
    """One pydantic error in our words."""
    field = ".".join(str(part) for part in details["loc"])
    remedy = details.get("ctx", {}).get("remedy") or REMEDIES.get(details["type"], "correct the value")
    return Problem(field, details["msg"], str(remedy))
