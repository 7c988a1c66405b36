"""Production logs in, whether the live release still behaves as after its launch out.

    logs ─► searches ─► tallies (by day, by session) ─► checks ─► chance by exchange ─► verdicts
    the release's first days ─► reference ─────────────┘

`watch` does all of it; the encoder is checked beside.
"""

from mangaassist.monitoring.comparing import Verdict, compare, day_blocks, session_blocks
from mangaassist.monitoring.encoder_check import EncoderCheck, check_encoder
from mangaassist.monitoring.reference import read_reference, reference_file
from mangaassist.monitoring.searches import Search, read_searches
from mangaassist.monitoring.tallies import Tally, daily_tallies, session_tallies, tally_of
from mangaassist.monitoring.watching import EXIT_CODES, watch

__all__ = [
    "EXIT_CODES",
    "EncoderCheck",
    "Search",
    "Tally",
    "Verdict",
    "check_encoder",
    "compare",
    "daily_tallies",
    "day_blocks",
    "read_reference",
    "read_searches",
    "reference_file",
    "session_blocks",
    "session_tallies",
    "tally_of",
    "watch",
]
