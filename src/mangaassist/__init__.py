"""Tune a small adapter over a frozen embedding model from a shop's own logs, provably safely.

    catalogue + help ──► enriched text ──► frozen encoder ──► base vectors ───────┐
    queries + events ──► pairs ──► + hard negatives ──► examples ──► adapter ──► run ──► report ──► decision ──► release

Each arrow is a package: `data`, `encoders`, `pairs`, `adapter`, `retrieval`, `evaluation`, `promotion`; `core` holds
the nouns they share. The command line (`mangaassist --help`) runs them in this order.
"""

import os
from importlib.metadata import version

# Read by the OpenMP of torch and faiss when they load. A thread that waits by spinning takes the core from whoever has
# work: beside another busy process, a training step took two to three times as long, and twice the processor time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = version("mangaassist")

__all__ = ["__version__"]
