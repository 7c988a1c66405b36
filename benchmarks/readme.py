"""Measured text in, the README, or a page of the docs, with it between a pair of markers out."""

import sys
from pathlib import Path

from mangaassist.core.files import write_atomic

ROOT = Path(__file__).parents[1]


def rebuild(section: str, text: str, page: str = "README.md") -> None:
    """Puts `text` between `<!-- section: begin -->` and `<!-- section: end -->` of the page."""
    path = ROOT / page
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    content = path.read_text(encoding="utf-8")
    if begin not in content or end not in content:
        sys.exit(f"{path} lacks the markers {begin} and {end}; nothing was written")
    before, rest = content.split(begin, 1)
    write_atomic(path, f"{before}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}".encode())
