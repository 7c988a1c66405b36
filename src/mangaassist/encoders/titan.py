"""Texts in, base vectors out, from Amazon Titan Text Embeddings V2 on Bedrock: one text a request, several at once."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from mangaassist.core.errors import EncoderError, SettingsError
from mangaassist.core.token_bucket import TokenBucket
from mangaassist.core.types import Vectors
from mangaassist.encoders.extras import import_extra
from mangaassist.encoders.protocol import PartlyEncoded
from mangaassist.encoders.titan_answers import (
    CREDENTIALS_REMEDY,
    REACH_REMEDY,
    TextRefused,
    beginning,
    code_and_message,
    error_of_service,
    vector_of,
)
from mangaassist.encoders.titan_text import titan_text

MODEL_ID = "amazon.titan-embed-text-v2:0"

TitanDimension = Literal[1024, 512, 256]

_PASSING = {"ModelTimeoutException", "ModelErrorException"}
"""Errors of the model that pass, but that botocore does not retry by itself."""

_TRIES = 3


@dataclass(frozen=True, slots=True)
class TitanSettings:
    """How Bedrock is asked. Region, credentials and endpoint come from AWS's own variables and files.

    requests_per_minute: this shop's share of the account's quota (AWS Service Quotas); retries count as well.
    threads: requests under way at once.  attempts: tries of one request, the first included.
    timeout_s: how long one try may stay without an answer.
    """

    dimension: TitanDimension = 1024
    requests_per_minute: int = 600
    threads: int = 8
    attempts: int = 8
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if self.dimension not in get_args(TitanDimension):
            raise SettingsError(f"titan: dimension is {self.dimension}; choose 1024, 512 or 256")
        for name in ("requests_per_minute", "threads", "attempts", "timeout_s"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"titan: {name} is {getattr(self, name)}; it must be above 0")


class TitanEncoder:
    """Titan V2 with unit vectors of 1024, 512 or 256 dimensions; costs money and is throttled: keep it in a cache.

    Raises MissingExtra without boto3. `encode` raises PartlyEncoded, which holds what was encoded: a text that the
    service refuses does not stop the others; throttling, timeouts and missing credentials stop what is not yet sent.
    """

    def __init__(self, settings: TitanSettings | None = None) -> None:
        self._settings = settings or TitanSettings()
        self.dimension: int = self._settings.dimension
        self.encoder_id = f"{MODEL_ID}@{self.dimension}"
        boto3 = import_extra("boto3", extra="titan")
        self._errors = import_extra("botocore.exceptions", extra="titan")
        self._bucket = TokenBucket(self._settings.requests_per_minute)
        self._client = self._connect(boto3)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Base vectors, (n, dimension), unit length; equal texts are sent once."""
        sent = [titan_text(text) for text in texts]
        found, failures = self._ask_all(list(dict.fromkeys(sent)))
        if failures:
            first = next(failures[text] for text in sent if text in failures)
            more = f" ({len(failures) - 1} more texts of this batch failed)" if len(failures) > 1 else ""
            kept = {text: found[as_sent] for text, as_sent in zip(texts, sent, strict=True) if as_sent in found}
            raise PartlyEncoded(f"{first}{more}", kept) from first
        return np.stack([found[text] for text in sent]) if sent else np.empty((0, self.dimension), np.float32)

    def _ask_all(self, texts: list[str]) -> tuple[dict[str, Vectors], dict[str, EncoderError]]:
        """Vectors and errors by text. After an error that would meet every text, those not yet sent are in neither."""
        found: dict[str, Vectors] = {}
        failures: dict[str, EncoderError] = {}
        stop = threading.Event()

        def ask(text: str) -> None:
            if stop.is_set():
                return
            try:
                found[text] = self._ask(text)
            except EncoderError as error:
                failures[text] = error
                if not isinstance(error, TextRefused):
                    stop.set()

        with ThreadPoolExecutor(self._settings.threads, thread_name_prefix="titan") as pool:
            list(pool.map(ask, texts))
        return found, failures

    def _ask(self, text: str) -> Vectors:
        for left in reversed(range(_TRIES)):
            try:
                return vector_of(self._request(text), text, self.dimension)
            except (self._errors.ClientError, self._errors.BotoCoreError) as error:
                if not left or not self._passes(error):
                    raise self._explain(error, text) from error
        raise AssertionError("the last try returns or raises")

    def _request(self, text: str) -> bytes:
        body = {"inputText": text, "dimensions": self.dimension, "normalize": True, "embeddingTypes": ["float"]}
        response = self._client.invoke_model(
            modelId=MODEL_ID, body=json.dumps(body), contentType="application/json", accept="application/json"
        )
        return bytes(response["body"].read())

    def _passes(self, error: Exception) -> bool:
        """Whether to try again: botocore has already retried what else is worth it."""
        if isinstance(error, self._errors.ClientError):
            return code_and_message(error.response)[0] in _PASSING
        return isinstance(error, self._errors.ResponseStreamingError | self._errors.IncompleteReadError)

    def _explain(self, error: Any, text: str) -> EncoderError:
        if isinstance(error, self._errors.ClientError):
            return error_of_service(*code_and_message(error.response), text)
        if isinstance(error, self._errors.NoCredentialsError | self._errors.PartialCredentialsError):
            return EncoderError(f"{MODEL_ID} cannot be asked: {error}; {CREDENTIALS_REMEDY}")
        return EncoderError(
            f"Bedrock gave no answer to the text that begins {beginning(text)}: {error}; {REACH_REMEDY}"
        )

    def _connect(self, boto3: Any) -> Any:
        config = import_extra("botocore.config", extra="titan").Config(
            retries={"mode": "adaptive", "total_max_attempts": self._settings.attempts},
            max_pool_connections=self._settings.threads,
            connect_timeout=self._settings.timeout_s,
            read_timeout=self._settings.timeout_s,
        )
        try:
            client = boto3.session.Session().client("bedrock-runtime", config=config)
        except self._errors.BotoCoreError as error:
            raise EncoderError(
                f"no client for Amazon Bedrock: {error}; set AWS_DEFAULT_REGION, and look at AWS_PROFILE"
            ) from error
        # Every attempt asks for a turn, before it is signed: a signature would grow old while waiting.
        client.meta.events.register_first("request-created.bedrock-runtime.InvokeModel", self._take_turn)
        return client

    def _take_turn(self, **_: Any) -> None:
        self._bucket.take()
