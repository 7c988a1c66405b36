"""A text in, the same text with postal addresses replaced out.

Rules, not a model: a house number with a street word, a postcode with its state or sign, a Japanese prefecture
with a block number, German and French street lines, post boxes. A bare place name stays: it names nobody.
"""

import re
from typing import Final

PLACEHOLDER: Final = "[address]"

_NO_STREET = (
    r"(?!(?i:volumes?|vols?|chapters?|books?|tomes?|parts?|manga|copies|bullets|years?|days?|of|the|like|with|and|or|in|on|to"
    r"|for|a|an|is|my|about)\b)"
)
_NO_VOLUME = r"(?<!\bvol )(?<!\bvol\. )(?<!\bvolume )(?<!\bchapter )(?<!\bch )(?<!#)"
_STATES = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
)
_ZIP = rf"\b(?:{_STATES})[ ,]+[0-9]{{5}}(?:-[0-9]{{4}})?\b"
_CITY = rf"(?:,?\s+[A-Za-z][A-Za-z.' -]{{1,30}},?\s+(?:{_STATES})[ ,]+[0-9]{{5}}(?:-[0-9]{{4}})?\b)?"
_UNIT = r"(?:,?\s+(?:apt|apartment|suite|unit|ste|flat|floor)\b\.?\s*#?\w{1,6}|,?\s+#\w{1,6})?"
_NUMBER = rf"{_NO_VOLUME}\b[1-9][0-9]{{0,5}}[A-Za-z]?\s+"
_STREET = r"(?:street|avenue|ave|road|rd|boulevard|blvd|lane|ln|highway|hwy|parkway|pkwy|terrace)\b\.?"
_SMALL_STREET = r"(?:Drive|Dr|St|Court|Ct|Place|Pl|Square|Sq|Way|Crescent|Close)\b\.?"

_PATTERNS: Final = (
    re.compile(rf"{_NUMBER}(?:{_NO_STREET}[^\W\d_][\w.'-]*\s+){{1,3}}{_STREET}{_UNIT}{_CITY}", re.I),
    re.compile(rf"{_NUMBER}(?:{_NO_STREET}[A-Z][\w.'-]*\s+){{1,3}}{_SMALL_STREET}{_UNIT}{_CITY}"),
    re.compile(_ZIP),
    re.compile(r"\bP\.?\s?O\.?\s?Box\s+[0-9]+\b", re.I),
    re.compile(r"\b[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}\b"),
    re.compile(r"\b[^\W\d_]+(?:straße|strasse|str\.)\s*[0-9]{1,4}\s?[a-z]?\b(?:,?\s*[0-9]{5}\s+[^\W\d_]+)?", re.I),
    re.compile(
        r"\b[0-9]{1,4}(?:\s?(?:bis|ter))?,?\s+(?:rue|boulevard|allée|chemin|impasse|quai)\s+[^\n,;.!?0-9]{2,40}"
        r"(?:,?\s*[0-9]{5}\s+[^\W\d_]+)?",
        re.I,
    ),
    re.compile(
        r"(?:〒\s?[0-9]{3}-?[0-9]{4}\s?)?(?:北海道|東京都|大阪府|京都府|[\u4e00-\u9fff]{2,3}県)[^\s、。0-9]{1,20}"
        r"[0-9]{1,4}(?:(?:丁目|番地?|号|-)[0-9]{0,4}){1,4}(?![-0-9巻話])"
    ),
    re.compile(r"〒\s?[0-9]{3}-?[0-9]{4}"),
)


def without_addresses(text: str) -> str:
    """The text with every postal address found replaced by `[address]`."""
    for pattern in _PATTERNS:
        text = pattern.sub(PLACEHOLDER, text)
    return text
