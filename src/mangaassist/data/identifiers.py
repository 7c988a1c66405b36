"""A text in, the places of its ISBNs and payment card numbers out: digits that carry their own checksum."""

import re
from collections.abc import Iterator
from typing import Final

from mangaassist.core.spans import Span

ISBN: Final = re.compile(r"(?<![\w+])(?=(97[89](?:[- ]?[0-9]){10}|[0-9](?:[- ]?[0-9]){8}[- ]?[0-9Xx])(?![\w]))")
PHONE_BEFORE: Final = re.compile(
    r"(?:\b(?:phone|tel|telephone|call|text|mobile|cell|whatsapp|fax|ring)\b|電話|携帯|番号)\W{0,3}(?:\w+\W+){0,2}$",
    re.I,
)
DIGIT_GROUP: Final = re.compile(r"[0-9]+")
CARD_GAP: Final = re.compile(r"[ .-]{1,3}")
CARD_LENGTHS: Final = range(13, 20)
CARD_GROUPS: Final = 5
YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")


def isbn_spans(text: str) -> Iterator[Span]:
    """Where valid ISBN-10 and ISBN-13 stand; a bare ten-digit one behind a word such as 'call' is a phone number."""
    end = 0
    for match in ISBN.finditer(text):
        start, token = match.start(), match[1]
        if start < end or not is_isbn(token):
            continue
        if token.isdigit() and len(token) == 10 and PHONE_BEFORE.search(text[max(0, start - 40) : start]):
            continue
        end = start + len(token)
        yield start, end


def is_isbn(token: str) -> bool:
    """Whether the check digit holds, and an ISBN-10 is either bare or in its four groups."""
    digits = re.sub(r"[- ]", "", token).upper()
    if len(digits) == 13:
        return digits.isdigit() and sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10 == 0
    groups = re.split(r"[- ]", token)
    if len(groups) not in (1, 4) or (len(groups) == 4 and len(groups[-1]) != 1):
        return False
    values = [10 if d == "X" else int(d) for d in digits]
    return sum(value * (10 - i) for i, value in enumerate(values)) % 11 == 0


def card_spans(text: str) -> Iterator[Span]:
    """Where 13 to 19 digits, in at most five groups, pass Luhn's check: among neighbouring groups, the longest."""
    groups = [match.span() for match in DIGIT_GROUP.finditer(text)]
    first = 0
    while first < len(groups):
        last = _last_of_card(text, groups, first)
        if last is not None:
            yield groups[first][0], groups[last][1]
            first = last
        first += 1


def _last_of_card(text: str, groups: list[Span], first: int) -> int | None:
    found, digits, years = None, "", True
    for index in range(first, min(first + CARD_GROUPS, len(groups))):
        start, end = groups[index]
        if index > first and not CARD_GAP.fullmatch(text, groups[index - 1][1], start):
            break
        digits += text[start:end]
        years = years and YEAR.fullmatch(text, start, end) is not None
        if len(digits) in CARD_LENGTHS and not years and passes_luhn(digits):
            found = index
    return found


def passes_luhn(digits: str) -> bool:
    """Luhn's check: every second digit from the right doubled, all their digits summed, a multiple of ten."""
    doubled = (int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
