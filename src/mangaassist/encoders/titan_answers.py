"""What Bedrock answered in, a base vector out, or an error that names the text and says what to do."""

import json
from typing import Any

import numpy as np

from mangaassist.core.errors import EncoderError
from mangaassist.core.types import Vectors

CREDENTIALS_REMEDY = (
    "give credentials that may use bedrock:InvokeModel on this model, through AWS_PROFILE or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, then run again: what is encoded is kept in the cache"
)
QUOTA_REMEDY = (
    "set `requests_per_minute` to this account's quota for the model (AWS Service Quotas, Amazon Bedrock), "
    "then run again: what is encoded is kept in the cache"
)
AGAIN_REMEDY = "run again: what is encoded is kept in the cache"
REACH_REMEDY = (
    "check the network, AWS_DEFAULT_REGION and AWS_ENDPOINT_URL_BEDROCK_RUNTIME, "
    "then run again: what is encoded is kept in the cache"
)

_REMEDIES = {
    "AccessDeniedException": CREDENTIALS_REMEDY,
    "ExpiredTokenException": CREDENTIALS_REMEDY,
    "InvalidSignatureException": CREDENTIALS_REMEDY,
    "UnrecognizedClientException": CREDENTIALS_REMEDY,
    "ResourceNotFoundException": "choose a region that has the model with AWS_DEFAULT_REGION",
    "ServiceQuotaExceededException": QUOTA_REMEDY,
    "ThrottlingException": QUOTA_REMEDY,
}
_BEGINNING = 60


class TextRefused(EncoderError):
    """The service does not take this text; it may well take others."""


def vector_of(body: bytes, text: str, dimension: int) -> Vectors:
    """The embedding in an answer, (dimension,), unit length; raises EncoderError naming what is wrong with it."""
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise _malformed(text, "is no JSON") from error
    values = answer.get("embedding") if isinstance(answer, dict) else None
    if not isinstance(values, list):
        raise _malformed(text, "has no embedding")
    if len(values) != dimension:
        raise _malformed(text, f"has {len(values)} numbers, not {dimension}")
    if not all(isinstance(value, int | float) and abs(value) <= 1e18 for value in values):
        raise _malformed(text, "holds something that is no finite number")  # NaN compares false
    vector = np.array(values, dtype=np.float64)
    length = np.linalg.norm(vector)
    if length < 1e-18:
        raise _malformed(text, "is a vector without length")
    return np.asarray(vector / length, dtype=np.float32)


def error_of_service(code: str, message: str, text: str) -> EncoderError:
    """The error for one that Bedrock reported, with the remedy for its kind."""
    if code == "ValidationException":
        return TextRefused(
            f"Titan refuses the text that begins {beginning(text)}: {message}; correct or remove that text, "
            f"then {AGAIN_REMEDY}"
        )
    remedy = _REMEDIES.get(code, AGAIN_REMEDY)
    return EncoderError(f"Bedrock answered {code} ({message}) to the text that begins {beginning(text)}; {remedy}")


def beginning(text: str) -> str:
    """The first characters of a text, quoted, for a message."""
    return repr(text if len(text) <= _BEGINNING else text[:_BEGINNING] + "…")


def code_and_message(response: dict[str, Any]) -> tuple[str, str]:
    """The error code and message in a botocore error response."""
    error = response.get("Error", {})
    return str(error.get("Code", "unknown")), str(error.get("Message", ""))


def _malformed(text: str, what: str) -> EncoderError:
    return EncoderError(
        f"Titan's answer to the text that begins {beginning(text)} {what}; "
        f"{AGAIN_REMEDY}, and if it stays so look at AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
    )
