"""Something large that lasts in; the same out, never looked at again by the garbage collector.

A full collection looks at every object there is: with a hundred thousand titles in memory that is a pause of a good
part of a second, in the middle of somebody's answer. Objects that do not hold each other in a circle need no collector.

What is remembered of answers lasts, too. The collector runs whenever so many more objects were made than freed: for as
long as a memory grows. One that is full soon, after which a new value takes the place of an old one, keeps it at rest.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

REMEMBERED: Final = 1_000
"""So many values a memory of answers' parts holds: full within seconds where many are asked for."""


@contextmanager
def lasting() -> Iterator[None]:
    """What is made inside is left alone by the garbage collector, which rests meanwhile.

    It is freed like anything else once nobody holds it, unless it holds itself: so it must not.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def no_longer_lasting() -> None:
    """From now on, e.g. when the process is about to end, the garbage collector sees everything again."""
    gc.unfreeze()
