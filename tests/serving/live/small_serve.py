"""`mangaassist serve` on the small shop in a process of its own: small_serve.py WORKSPACE; it prints its JSON."""

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "loop" / "world"))

from loop_world import make_small

from mangaassist.cli import main


def put(name: str, value: object) -> None:
    """Set an attribute by its full name, for as long as this process lives."""
    module, _, attribute = name.rpartition(".")
    setattr(import_module(module), attribute, value)


if __name__ == "__main__":
    make_small(put)
    sys.argv = ["mangaassist", "serve", "--workspace", sys.argv[1], "--port", "0", "--json", "-"]
    main()
