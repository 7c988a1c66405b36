"""Validated user records and the shop's key in; the same records without anything that names a person out.

Client and user ids become HMAC-SHA256 pseudonyms: equal ids stay equal, and nobody without the key can go back.
Texts that users wrote are scrubbed. The catalogue's own texts are the shop's and stay as they are.
"""

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mangaassist.data.contracts import JudgedQuery
from mangaassist.data.scrub import scrub
from mangaassist.data.ubi import UbiEvent, UbiQuery

PERSONAL_IDS: Final = frozenset({"clientid", "userid", "userpseudoid", "anonymousid"})
PSEUDONYM_BYTES: Final = 16
SEAL: Final = "~"
WITHHELD: Final = "[withheld: the row could not be read, so what it says of a person could not be removed]"


@dataclass(frozen=True, slots=True)
class PrivacyKey:
    """The secret behind every pseudonym of one shop."""

    secret: bytes = field(repr=False)

    def pseudonym(self, raw: str) -> str:
        """32 hex digits that stand for `raw`; those inside, if `raw` is a pseudonym that this key has sealed."""
        name, mark, tag = raw.partition(SEAL)
        if mark and hmac.compare_digest(tag.encode(), self._tag(name).encode()):
            return name
        return self._digest(raw)

    def sealed(self, pseudonym: str) -> str:
        """The pseudonym in a form that this key knows again: our own logs come back through ingest without a second
        replacement, so that a client has one pseudonym wherever the shop saw it.
        """
        return f"{pseudonym}{SEAL}{self._tag(pseudonym)}"

    def _tag(self, pseudonym: str) -> str:
        return self._digest(f"seal of pseudonym\0{pseudonym}")

    def _digest(self, text: str) -> str:
        return hmac.digest(self.secret, text.encode(), hashlib.sha256)[:PSEUDONYM_BYTES].hex()

    @property
    def fingerprint(self) -> str:
        """Which key this is, without giving it away."""
        return hashlib.sha256(b"mangaassist privacy key\0" + self.secret).hexdigest()[:16]


def protect_query(query: UbiQuery, key: PrivacyKey) -> UbiQuery:
    """The query with its client replaced, and its text and attributes scrubbed."""
    changes = {
        "user_query": scrub(query.user_query),
        "client_id": query.client_id and key.pseudonym(query.client_id),
        "query_attributes": protect_value(query.query_attributes, key),
    }
    return query.model_copy(update=changes)


def protect_event(event: UbiEvent, key: PrivacyKey) -> UbiEvent:
    """The event with its client and user replaced, and its message scrubbed."""
    changes = {
        "client_id": event.client_id and key.pseudonym(event.client_id),
        "user_id": event.user_id and key.pseudonym(event.user_id),
        "message": event.message and scrub(event.message),
    }
    return event.model_copy(update=changes)


def protect_judged_query(query: JudgedQuery, _key: PrivacyKey) -> JudgedQuery:
    """The judged query with its text scrubbed: it may be a real user's."""
    return query.model_copy(update={"text": scrub(query.text)})


def protect_value(value: Any, key: PrivacyKey | None) -> Any:
    """A nested value with every text scrubbed and everything under a client or user id replaced."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {name: _protect_entry(str(name), entry, key) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [protect_value(entry, key) for entry in value]
    return "[bytes]" if isinstance(value, bytes | bytearray) else value


def _protect_entry(name: str, value: Any, key: PrivacyKey | None) -> Any:
    if name.casefold().replace("_", "") not in PERSONAL_IDS or value is None:
        return protect_value(value, key)
    if key is None:
        return "[id]"
    return key.pseudonym(value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str))


def known_parts(value: Any, shape: Mapping[str, Any] | None) -> Any:
    """Of a nested value only what the shape names (None: a single value), at any place where a list may stand."""
    if shape is None:
        return value if value is None or isinstance(value, str | int | float) else f"[{type(value).__name__}]"
    if isinstance(value, list | tuple):
        return [known_parts(entry, shape) for entry in value]
    if isinstance(value, Mapping):
        return {name: known_parts(value[name], part) for name, part in shape.items() if name in value}
    return None if value is None else f"[{type(value).__name__}]"


def protect_raw(values: Mapping[str, Any], known: Collection[str]) -> str:
    """A refused row as it may be kept: only the fields that the contract names, scrubbed, ids blotted out, as JSON."""
    kept = {name: value for name, value in values.items() if name in known}
    return json.dumps(protect_value(kept, None), ensure_ascii=False, default=str)
