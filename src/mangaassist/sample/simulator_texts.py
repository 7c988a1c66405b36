"""A need in, the ways shoppers type it out: as written, in other case, cut short, misspelt, by another name.

The forms of a need depend on the seed and the need alone, so they can be ranked before anything is simulated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mangaassist.core.types import DocId, Intent
from mangaassist.sample.simulator_dice import Dice

_TYPOS = 3
_CUTS = 2


@dataclass(frozen=True, slots=True)
class Need:
    """What a shopper wants: a training query with its graded judgements.

    aliases: (name in the text, another name for it), e.g. ("Attack on Titan", "Shingeki no Kyojin").
    """

    text: str
    intent: Intent
    grades: Mapping[DocId, int]
    aliases: tuple[tuple[str, str], ...] = ()


def typed_forms(need: Need, dice: Dice) -> tuple[str, ...]:
    """The different texts in which a need is typed, the text itself first; shoppers prefer early ones."""
    text = need.text
    forms = [text, text.lower()]
    forms += [text.replace(name, other) for name, other in need.aliases if name in text]
    forms += [_cut_short(text, dice) for _ in range(_CUTS)]
    forms += [_misspelt(text, dice) for _ in range(_TYPOS)]
    forms.append(text.upper() if len(text) <= 40 else text.capitalize())
    return tuple(dict.fromkeys(form for form in forms if form.strip()))


def all_typed_forms(needs: Sequence[Need], seed: int) -> list[tuple[str, ...]]:
    """The forms of every need: every text that a simulation with this seed can type, to be ranked beforehand."""
    return [typed_forms(need, Dice(seed, 1, number)) for number, need in enumerate(needs)]


def _cut_short(text: str, dice: Dice) -> str:
    """The first 40 to 90 % of the words, two at least; of the characters where there are few words."""
    words = text.split()
    share = dice.between(0.4, 0.9)
    if len(words) < 3:
        return text[: max(2, round(len(text) * share))]
    return " ".join(words[: max(2, round(len(words) * share))])


def _misspelt(text: str, dice: Dice) -> str:
    """One slip of the fingers: two characters swapped, one left out or one doubled."""
    if len(text) < 4:
        return text
    place = 1 + dice.below(len(text) - 2)
    before, here, after = text[:place], text[place], text[place + 1 :]
    slip = dice.below(3)
    if slip == 0:
        return before + after[:1] + here + after[1:]
    return before + after if slip == 1 else before + here + here + after
