"""A user's text in; the text without e-mail, phone, postal address, order and card numbers out.

What is found is replaced by a placeholder such as `[email]`. ISBNs stay, and so do numbers in titles
("20th Century Boys", "86", "Area 88"). Rules rather than a model: repeatable, fast, and they can be read.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

from mangaassist.core.spans import Span, replaced
from mangaassist.data.addresses import without_addresses
from mangaassist.data.identifiers import card_spans, isbn_spans

EMAIL: Final = (
    re.compile(
        r"(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~-])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    ),
    re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
)
SHOP_ORDER: Final = re.compile(r"(?<![0-9-])[0-9]{3}-[0-9]{7}-[0-9]{7}(?![0-9])|(?<![\w&])#[1-9][0-9]{4,}\b")
ORDER: Final = re.compile(
    r"(?P<lead>(?:\b(?:order|preorder|pre-order|invoice|tracking|receipt|confirmation|transaction)\b|注文|受注|伝票|追跡)"
    r"(?P<marker>(?:[\s:=：#№]|\b(?:number|num|no\b\.?|nr\b\.?|id|code|ref|reference|is|was)\b|番号|は|の)*))"
    r"(?P<token>[A-Za-z]{0,12}-?[0-9][0-9A-Za-z]*(?:-[0-9A-Za-z]+)*)",
    re.I,
)
ORDER_MARKER: Final = re.compile(r"number|num|no\b|nr\b|id|code|ref|[#№:：]|番号", re.I)
AFTER_VOLUME: Final = re.compile(r"(?:\b(?:vols?|volumes?|ch|chapters?|tomes?|books?)\b\.?|[#巻話第])\s*$", re.I)
PHONE_WORD: Final = (
    r"(?:\b(?:phone|tel|telephone|mobile|cell|whatsapp|fax|call|text|ring|dial)\b|電話(?:番号)?|携帯(?:番号)?)"
    r"(?:[^\w(+]{0,3}\b(?:number|no|is|me|at|on|us|my)\b|[^\w(+]{0,2}は){0,3}[^\w(+]{0,3}"
)
PHONES: Final = (
    re.compile(rf"(?P<lead>{PHONE_WORD})\+?\(?[0-9](?:[ .()-]{{0,2}}[0-9]){{6,14}}(?![0-9])", re.I),
    re.compile(r"\+[0-9]{1,3}(?:[ .()-]{0,2}[0-9]){6,13}(?![0-9])"),
    re.compile(r"(?<![0-9])(?:1[ .-])?(?:\([0-9]{3}\)[ .-]?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}(?![0-9])"),
    re.compile(r"(?<![0-9])1?[2-9][0-9]{2}[2-9][0-9]{6}(?![0-9])"),
    re.compile(r"(?<![0-9])\(?0[0-9]{1,4}\)? ?[0-9]{2,4}[ -]?[0-9]{3,4}(?![0-9])"),
    re.compile(r"(?<![0-9])0[0-9]{1,4}(?P<gap>[ ./-])[0-9]{2,4}(?:(?P=gap)[0-9]{2,4}){1,3}(?![0-9])"),
    re.compile(r"(?<![0-9])0[0-9]{2,4}[ /-][0-9]{5,8}(?![0-9])"),
)
NATIONAL_DIGITS: Final = range(9, 12)
HYPHENS: Final = "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"
SPACES: Final = "\u00a0\u2007\u202f\u3000"
WIDE: Final = {"＠": "@", "．": ".", "＋": "+", "（": "(", "）": ")", "＃": "#"}
PLAIN: Final = str.maketrans(dict.fromkeys(HYPHENS, "-") | dict.fromkeys(SPACES, " ") | WIDE)


def scrub(text: str) -> str:
    """The text with private parts replaced; the very same text if it has none."""
    folded = fold(text)
    if "@" not in folded and not any("0" <= letter <= "9" for letter in folded):
        return text
    scrubbed = _outside(folded, isbn_spans(folded), _scrub_part)
    return text if scrubbed == folded else scrubbed


def fold(text: str) -> str:
    """The text with the digits, hyphens and spaces of other scripts as ASCII, every letter in its place."""
    if text.isascii():
        return text
    plain = "".join(_ascii_digit(letter) for letter in text.translate(PLAIN))
    return re.sub(r"(?<=[0-9])ー(?=[0-9])", "-", plain)


def _ascii_digit(letter: str) -> str:
    digit = unicodedata.decimal(letter, -1)
    return letter if digit < 0 else str(digit)


def _scrub_part(text: str) -> str:
    for email in EMAIL:
        text = email.sub("[email]", text)
    text = SHOP_ORDER.sub("[order]", text)
    text = replaced(text, card_spans(text), "[card]")
    text = ORDER.sub(_without_order, text)
    for phone in PHONES:
        text = phone.sub(_without_phone, text)
    return without_addresses(text)


def _without_order(match: re.Match[str]) -> str:
    digits = sum(letter.isdigit() for letter in match["token"])
    needed = 4 if ORDER_MARKER.search(match["marker"]) else 5
    return match[0] if digits < needed else match["lead"] + "[order]"


def _without_phone(match: re.Match[str]) -> str:
    lead = match.groupdict().get("lead")
    if lead is not None:
        return f"{lead}[phone]"
    digits = sum(letter.isdigit() for letter in match[0])
    is_national = match[0].lstrip("(").startswith("0")
    is_volumes = AFTER_VOLUME.search(match.string, max(0, match.start() - 20), match.start())
    return match[0] if is_volumes or (is_national and digits not in NATIONAL_DIGITS) else "[phone]"


def _outside(text: str, spans: Iterable[Span], change: Callable[[str], str]) -> str:
    """The text with `change` made to what lies outside the spans."""
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [change(text[end:start]), text[start:stop]]
        end = stop
    return "".join([*pieces, change(text[end:])])
