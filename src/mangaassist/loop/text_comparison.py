"""Contenders in, their runs over plain and over enriched texts out: what enriching the catalogue is worth."""

from collections.abc import Mapping

from mangaassist.core.types import Run
from mangaassist.data import Enrichment
from mangaassist.loop.contenders import Retriever, Shelves
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.settings import Settings
from mangaassist.loop.texts import DocumentTexts

ENRICHED_SYSTEMS = ("frozen", "candidate")
TEXTS: Mapping[str, Enrichment] = {"plain": "none", "enriched": "all"}
"""Plain is the title and its description, as a catalogue without enrichment gives them; enriched is the template."""


def runs_by_text(
    shelves: Shelves,
    settings: Settings,
    field: Mapping[str, Retriever],
    split: JudgedSplit,
) -> dict[str, dict[str, Run]]:
    """System → `plain`, `enriched` → run, whichever texts the settings have the shop use.

    A text that was not encoded before is encoded now, once ever: it goes through the same cache as all others.
    """
    runs: dict[str, dict[str, Run]] = {who: {} for who in ENRICHED_SYSTEMS}
    for text, enrich in TEXTS.items():
        shelf = shelves.of(DocumentTexts(enrich, settings.template))
        for who in ENRICHED_SYSTEMS:
            runs[who][text] = shelf.retriever(field[who].adapter, field[who].search.weights).run(split)
    return runs
