"""Rows of a BEIR set in; titles, help articles and judged queries by our contracts out.

An error names the field as the set has it: `_id`, `text`.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, model_validator

from mangaassist.core.types import INTENTS
from mangaassist.data.contracts import Article, Id, JudgedQuery, ObjectId, OptionalText, Title
from mangaassist.data.problems import refusal

GROUPED_BY: Final = ("reference", "faq")
"""What in a query's metadata names its group, the first that is there."""


class BeirTitle(Title):
    """A row of `catalog.jsonl`; `members`, its readers, stand for a popularity that is not given."""

    @model_validator(mode="before")
    @classmethod
    def _with_readers(cls, values: Any) -> Any:
        return {"popularity": values.get("members"), **values} if isinstance(values, Mapping) else values


class BeirDocument(Article):
    """A row of `corpus.jsonl`; the title of one that has none is its text."""

    article_id: ObjectId = Field(alias="_id")
    body: OptionalText = Field(default=None, alias="text")

    @model_validator(mode="before")
    @classmethod
    def _with_title(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        title, text = values.get("title"), values.get("text")
        if not _says(title) and not _says(text):
            raise refusal("empty_document", "has neither a title nor a text", "write one of them, or remove the row")
        told = {"url": _metadata(values).get("url"), **values}
        return told if _says(title) else {**told, "title": text, "text": None}


class BeirQuery(JudgedQuery):
    """A row of `queries.jsonl` with its split; metadata may name intent, language, reference title or FAQ."""

    query_id: Id = Field(alias="_id")

    @model_validator(mode="before")
    @classmethod
    def _with_metadata(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        told = {name: _as_text(value) for name, value in _metadata(values).items() if value is not None}
        intent = told.get("intent")
        return {
            **values,
            "intent": intent if intent in INTENTS else None,
            "language": told.get("language"),
            "reference": told.get("reference"),
            "group": next((f"{name}:{told[name]}" for name in GROUPED_BY if name in told), None),
        }


def _says(value: object) -> bool:
    """Whether a value says something; what is no text is left to the contract to refuse."""
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _metadata(values: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = values.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise refusal("metadata", "its metadata is no object", "write {} for none")
    return metadata


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
