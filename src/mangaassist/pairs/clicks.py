"""Usable searches in, click pairs out: the clicked product against what was skipped on the way to it.

Skipped = shown above the lowest click, or directly below it, and nothing was done with it. Clicks are decent
preferences only relative to what the shopper saw (Joachims et al. 2005); further down nobody knows what was seen.
"""

from typing import Final

CLICK_PAIRS: Final = """
    SELECT search, object_id AS positive, click_at AS us, clicks AS acts, documents[:click_negatives] AS negatives
    FROM acted LEFT JOIN passed USING (search) WHERE clicks IS NOT NULL
"""
"""A pair for every clicked document of a usable search."""
