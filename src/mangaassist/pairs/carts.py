"""Usable searches in, cart pairs out: the purchased or wishlisted title against the high ranks nobody wanted."""

from typing import Final

CART_PAIRS: Final = """
    SELECT search, object_id AS positive, cart_at AS us, carts AS acts, documents[:cart_negatives] AS negatives
    FROM acted LEFT JOIN passed USING (search) WHERE wanted
"""
"""A pair for every document that a usable search led to buy or wish for.

`add_to_cart` alone is no positive: it is counted as dropped. Before a purchase or wishlist it joins the evidence.
"""

CARTS_ALONE: Final = "SELECT coalesce(sum(len(carts)), 0) FROM acted WHERE carts IS NOT NULL AND NOT wanted"
"""How many cart events are on documents that were neither bought nor wished for."""
