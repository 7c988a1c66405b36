import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "world"))

from loop_fixtures import easy_gate, evaluated_shop, one_thread, privacy_key_file, shop, small_loop

__all__ = ["easy_gate", "evaluated_shop", "one_thread", "privacy_key_file", "shop", "small_loop"]
