"""Texts in, what Titan is sent out, and an estimate of what encoding them costs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from mangaassist.encoders.cleaning import clean_text

MAX_CHARACTERS = 50_000
"""Titan's own bound on a text; its other one, 8,192 tokens, is nearly always met first."""

DOLLARS_PER_MILLION_TOKENS = 0.02

_TOKEN_BUDGET = 8_000
_FIRST_CJK = 0x2E80
"""The CJK radicals: kana, kanji, hangul and full-width forms come after them."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What encoding would cost. texts: distinct ones.  tokens: estimated, not counted.  dollars: at the list price."""

    texts: int
    tokens: int
    dollars: float


def estimate_cost(texts: Sequence[str]) -> CostEstimate:
    """An estimate, with nothing sent: 4 characters a token in Latin scripts, 1.5 in Japanese, each text once.

    The tokeniser is not public, so expect to be off by a third either way; texts in a cache cost nothing.
    """
    distinct = {titan_text(text) for text in texts}
    tokens = sum(_estimated_tokens(text) for text in distinct)
    return CostEstimate(len(distinct), tokens, tokens * DOLLARS_PER_MILLION_TOKENS / 1e6)


def titan_text(text: str) -> str:
    """The text as Titan is sent it: cleaned, and cut so that it stays under 8,192 tokens.

    The cut counts two ASCII characters, or one other, as a token, which is more than texts in English or Japanese
    need: at most 16,000 characters of English, 8,000 of Japanese.
    """
    cleaned = clean_text(text, limit=MAX_CHARACTERS)
    if len(cleaned) <= _TOKEN_BUDGET:
        return cleaned
    half_tokens = accumulate(1 if char.isascii() else 2 for char in cleaned)
    return cleaned[: sum(used <= 2 * _TOKEN_BUDGET for used in half_tokens)].rstrip()


def _estimated_tokens(text: str) -> int:
    cjk = sum(ord(char) >= _FIRST_CJK for char in text)
    return math.ceil((len(text) - cjk) / 4 + cjk / 1.5)
