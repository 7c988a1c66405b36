"""Tune a small adapter over a frozen embedding model from a shop's own logs, provably safely.

    catalogue + help ──► enriched text ──► frozen encoder ──► base vectors ───────┐
    queries + events ──► pairs ──► + hard negatives ──► examples ──► adapter ──► run ──► report ──► decision ──► release

Each arrow is a package: `data`, `encoders`, `pairs`, `adapter`, `retrieval`, `evaluation`, `promotion`; `core` holds
the nouns they share. The command line (`mangaassist --help`) runs them in this order.
"""

from importlib.metadata import version

__version__ = version("mangaassist")

__all__ = ["__version__"]
