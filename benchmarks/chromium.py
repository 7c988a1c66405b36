"""The machine's own browser: nothing is downloaded for a test or a benchmark."""

import shutil
from typing import Final

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""Where it is; None where there is none."""

QUIET: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
"""A container has no sandbox to offer, and neither a test nor a benchmark asks anything of anybody."""
