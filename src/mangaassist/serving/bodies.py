"""A request's bytes in, JSON values out; what is too large, too slow or no JSON is refused with a reason."""

import asyncio
import json
from typing import Any, Final, NoReturn

from starlette.requests import Request

from mangaassist.serving.refusals import Refused

DISCARDED: Final = 16 << 20
"""How much of an oversized body is read and thrown away, so that the refusal arrives; more, and the line is cut."""


async def read_body(request: Request, *, limit: int, within_s: float) -> bytes:
    """The whole body; 413 if it is larger than `limit` bytes, 408 if it takes too long to arrive."""
    try:
        async with asyncio.timeout(within_s):
            return await _read(request, limit)
    except TimeoutError:
        message = f"the body did not arrive within {within_s:g} s; send it in one go"
        raise Refused(408, "body_too_slow", message) from None


async def _read(request: Request, limit: int) -> bytes:
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            body += chunk
        elif size > DISCARDED:
            break
    if size > limit:
        raise Refused(413, "body_too_large", f"the body is larger than {limit:,} bytes; send less at a time")
    return bytes(body)


def parse_json(body: bytes) -> Any:
    """The JSON value of a body; 400 says where it is none. Lone surrogates pass: each field judges its own text."""
    if not body.strip():
        raise Refused(400, "empty_body", "the body is empty; send a JSON object")
    try:
        return json.loads(body.decode().removeprefix("\ufeff"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        message = f"the body is not UTF-8 at byte {error.start + 1}; encode it as UTF-8"
        raise Refused(400, "malformed_json", message) from None
    except RecursionError:
        raise Refused(400, "malformed_json", "the body is nested too deeply; send a flat object") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg} at line {error.lineno} column {error.colno}"
        raise Refused(400, "malformed_json", f"the body is not JSON: {where}; correct it there") from None
    except ValueError:
        raise Refused(400, "malformed_json", "the body holds a number that is none; write finite numbers") from None


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise Refused(400, "malformed_json", "the body is JSON but no object; send an object in braces")
    return value


def _no_constant(_name: str) -> NoReturn:
    raise ValueError
