from loop_fixtures import easy_gate, evaluated_shop, privacy_key_file, shop, small_loop

__all__ = ["easy_gate", "evaluated_shop", "privacy_key_file", "shop", "small_loop"]
