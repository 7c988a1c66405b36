"""What a shop may say about its results, whatever the question: no part of what is learnt or evaluated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """The `[shop]` section; applied by the server after ranking, never in evaluation.

    max_age_rating: no title above this rating, whatever a request asks for; None allows all.
    prefer_in_print: of titles that score alike, those out of print last.
    pin: ids that come first wherever they are among what was found.  bury: that come last there.
    never_show: ids that are never returned.
    """

    max_age_rating: str | None = None
    prefer_in_print: bool = True
    pin: tuple[str, ...] = ()
    bury: tuple[str, ...] = ()
    never_show: tuple[str, ...] = ()
