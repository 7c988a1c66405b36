import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.queries import Wishes, phrases_of, wishes_of

FACETS = ["brutal", "dark", "fantasy", "romance", "funny", "action", "healing", "slow-burn", "isekai", "revenge", "war"]
LEXICON = {
    "gory": ("brutal",),
    "ギャグ": ("funny",),
    "恋愛": ("romance",),
    "異世界": ("isekai",),
    "復讐": ("revenge",),
    "戦争": ("war",),
    "gag": ("funny",),
}
PHRASES = phrases_of(LEXICON, [tuple(name.split("-")) for name in FACETS])


def wishes(text: str) -> tuple[set[str], set[str]]:
    found = wishes_of(text, PHRASES, longest=2)
    return {" ".join(each) for each in found.wanted}, {" ".join(each) for each in found.rejected}


@pytest.mark.parametrize(
    ("text", "wanted", "rejected"),
    [
        ("dark fantasy like Berserk but less brutal", {"dark", "fantasy"}, {"brutal"}),
        ("fantasy without romance", {"fantasy"}, {"romance"}),
        ("slow burn manga but not fantasy", {"slow burn"}, {"fantasy"}),
        ("slow-burn, no gory stuff", {"slow burn"}, {"brutal"}),
        ("not funny but dark", {"dark"}, {"funny"}),
        ("nothing too gory please, more romance", {"romance"}, {"brutal"}),
        ("it isn't a romance", set(), {"romance"}),
        ("i'm not sure. romance", {"romance"}, set()),
        ("no one in it ever finds any romance", {"romance"}, set()),
        ("異世界で恋愛", {"isekai", "romance"}, set()),
        ("異世界もの、恋愛要素なしで", {"isekai"}, {"romance"}),
        ("戦争とか復讐はいらないです", set(), {"war", "revenge"}),
        ("ギャグ多めは苦手", set(), {"funny"}),
        ("fantasy, gag nashi", {"fantasy"}, {"funny"}),
        ("romance ja nakute action", {"action"}, {"romance"}),
        ("dark but less dark than that", set(), {"dark"}),
        ("that 'dark' one", {"dark"}, set()),
        ("", set(), set()),
    ],
)
def test_a_cue_near_a_facet_turns_it_down(text: str, wanted: set[str], rejected: set[str]) -> None:
    assert wishes(text) == (wanted, rejected)


@given(st.text(max_size=60) | st.text(alphabet="no dark'’\"-, なし恋愛", max_size=30))
def test_any_text_is_read_and_no_facet_is_both_wanted_and_rejected(text: str) -> None:
    found = wishes_of(text, PHRASES, longest=2)

    assert isinstance(found, Wishes)
    assert not found.wanted & found.rejected
