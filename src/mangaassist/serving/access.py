"""A request in; who sends it out, or a refusal: keys and scopes, rates, and a service that is stopping."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from mangaassist.core.errors import SettingsError
from mangaassist.core.service_settings import ServiceSettings
from mangaassist.core.token_bucket import TokenBucket
from mangaassist.serving.keys import ApiKey, KeyRing, Scope
from mangaassist.serving.refusals import Refused

CALLERS: Final = 10_000
"""Buckets kept; of more callers, the one that was longest away begins with a full bucket again."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: the name of a key, or an address where there are no keys."""

    name: str
    requests_per_minute: int


class Access:
    """Lets requests in. Holds the keys and every caller's bucket; all calls come from the event loop's thread."""

    def __init__(
        self, keys: KeyRing, settings: ServiceSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.keys, self._settings, self._clock = keys, settings, clock
        self._buckets: OrderedDict[Caller, TokenBucket] = OrderedDict()

    def admit(self, request: Request, scope: Scope | None) -> Caller:
        """The caller, if they may do this now. scope: None for what any key may see."""
        caller = self._caller(request, scope)
        wait_s = self._bucket(caller).try_take()
        if wait_s > 0:
            message = f"more than {caller.requests_per_minute:,} requests a minute; wait {wait_s:.1f} s"
            raise Refused(429, "rate_limited", message, retry_after_s=wait_s)
        return caller

    def _caller(self, request: Request, scope: Scope | None) -> Caller:
        rate = self._settings.requests_per_minute
        try:
            self.keys.refresh()
            if not self.keys.is_needed:
                return Caller(f"address {request.client.host if request.client else 'unknown'}", rate)
            key = self._key(request)
        except SettingsError:
            message = "the service cannot read its API keys; its operator finds the reason with `mangaassist keys list`"
            raise Refused(503, "unavailable", message, retry_after_s=5) from None
        if scope is not None and scope not in key.scopes:
            message = f"key {key.name!r} may not {scope}; it has: {', '.join(key.scopes)}"
            raise Refused(403, "scope_missing", message)
        return Caller(f"key {key.name}", key.requests_per_minute or rate)

    def _key(self, request: Request) -> ApiKey:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.casefold() != "bearer" or not token.strip():
            raise Refused(401, "key_missing", "an API key is needed; send `Authorization: Bearer TOKEN`")
        key = self.keys.find(token.strip())
        if key is None:
            raise Refused(401, "key_unknown", "no such API key, or it was revoked; ask the operator for one")
        return key

    def _bucket(self, caller: Caller) -> TokenBucket:
        bucket = self._buckets.pop(caller, None)
        if bucket is None:
            burst = min(self._settings.burst, caller.requests_per_minute)
            bucket = TokenBucket(caller.requests_per_minute, burst=burst, clock=self._clock)
        self._buckets[caller] = bucket
        if len(self._buckets) > CALLERS:
            self._buckets.popitem(last=False)
        return bucket
