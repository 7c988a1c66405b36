"""Measured text in, the README or another page with it between a pair of markers out."""

import sys
from pathlib import Path

from mangaassist.core.files import write_atomic

README = Path(__file__).parents[1] / "README.md"


def rebuild(section: str, text: str, page: Path = README) -> None:
    """Puts `text` between `<!-- section: begin -->` and `<!-- section: end -->` of the page."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    written = page.read_text(encoding="utf-8")
    if begin not in written or end not in written:
        sys.exit(f"{page} lacks the markers {begin} and {end}; nothing was written")
    before, rest = written.split(begin, 1)
    write_atomic(page, f"{before}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}".encode())
