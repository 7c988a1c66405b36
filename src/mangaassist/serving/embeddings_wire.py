"""The JSON of `POST /v1/embeddings` in, texts out; vectors in, the JSON that OpenAI's clients read out."""

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from mangaassist.core.service_settings import ServiceSettings
from mangaassist.core.types import Vectors
from mangaassist.data.problems import Problem
from mangaassist.encoders import estimate_cost
from mangaassist.serving.answers import TextKind
from mangaassist.serving.refusals import Refused, invalid_field, invalid_fields
from mangaassist.serving.retrieve_wire import whole_text

ANY_MODEL: Final = "mangaassist"
"""The model name that means whatever is live."""


def as_texts(value: object) -> object:
    """A single text as a list of one."""
    return [value] if isinstance(value, str) else value


TEXTS_SCHEMA: Final = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
Texts = Annotated[
    list[Annotated[str, AfterValidator(whole_text)]], BeforeValidator(as_texts), WithJsonSchema(TEXTS_SCHEMA)
]


class EmbeddingsBody(BaseModel):
    """What OpenAI's clients send, and our `kind`. Fields of theirs that we do not use, such as `user`, are ignored."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        json_schema_extra={"examples": [{"input": ["iyashikei manga"], "model": ANY_MODEL, "kind": "query"}]},
    )

    input: Texts
    model: str
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int | None, Field(ge=1)] = None
    kind: TextKind = "document"

    @classmethod
    def read(cls, values: dict[str, Any], settings: ServiceSettings) -> Self:
        """The checked body; Refused names each field that is wrong."""
        given = values.get("input")
        if isinstance(given, list) and given and not isinstance(given[0], str):
            raise invalid_field(Problem("input", "holds token numbers", "send texts; the service makes the tokens"))
        try:
            body = cls.model_validate(values)
        except ValidationError as error:
            raise invalid_fields(error) from None
        body.check_texts(settings)
        return body

    def check_texts(self, settings: ServiceSettings) -> None:
        """Refused if there are none or too many, or one is empty or too long."""
        if not self.input:
            raise Refused(400, "empty_input", "input: is empty; send at least one text")
        if len(self.input) > settings.texts_per_call:
            message = f"input: has {len(self.input):,} texts, the limit is {settings.texts_per_call:,}; send fewer"
            raise Refused(413, "too_many_texts", message)
        for index, text in enumerate(self.input):
            where = f"input.{index}"
            if not text.strip():
                raise Refused(400, "empty_input", f"{where}: is empty; leave it out")
            if len(text) > settings.text_characters:
                reason = f"has {len(text):,} characters, the limit is {settings.text_characters:,}"
                raise invalid_field(Problem(where, reason, "cut the text"))


def embeddings_json(body: EmbeddingsBody, vectors: Vectors, release: str, encoder_id: str) -> dict[str, Any]:
    """The vectors as they are sent; Refused if another model or dimension was asked for than there is."""
    if body.model not in (ANY_MODEL, release):
        message = (
            f"model: there is no {body.model[:100]!r} here; ask for {release!r}, or {ANY_MODEL!r} for what is live"
        )
        raise Refused(404, "model_not_found", message)
    dimension = vectors.shape[1]
    if body.dimensions not in (None, dimension):
        reason = f"is {body.dimensions}, but the vectors of {release} have {dimension}"
        raise invalid_field(Problem("dimensions", reason, f"leave it out, or ask for {dimension}"))
    tokens = sum(estimate_cost([text]).tokens for text in body.input)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(_encoded(vectors, body.encoding_format))
        ],
        "model": release,
        "encoder_id": encoder_id,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _encoded(vectors: Vectors, form: Literal["float", "base64"]) -> Sequence[Any]:
    if form == "float":
        rows: list[list[float]] = vectors.tolist()
        return rows
    return [base64.b64encode(row.tobytes()).decode("ascii") for row in vectors.astype("<f4")]
