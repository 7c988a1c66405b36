"""A message in, results and events out: what answers while a shopper waits.

    message ─► base vector ─► route_message ─► titles, articles or both to search ─► live release ─► results

The base vector that routes is the one that retrieval needs anyway; it is not adapted before.
"""

from mangaassist.serving.routing import CallerIntent, route_message

__all__ = ["CallerIntent", "route_message"]
