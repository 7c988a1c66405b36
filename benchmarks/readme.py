"""Measured text in, the README with it between a pair of markers out."""

import sys
from pathlib import Path

from mangaassist.core.files import write_atomic

README = Path(__file__).parents[1] / "README.md"


def rebuild(section: str, text: str) -> None:
    """Puts `text` between `<!-- section: begin -->` and `<!-- section: end -->` of the README."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    readme = README.read_text(encoding="utf-8")
    if begin not in readme or end not in readme:
        sys.exit(f"{README} lacks the markers {begin} and {end}; nothing was written")
    before, rest = readme.split(begin, 1)
    write_atomic(README, f"{before}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}".encode())
