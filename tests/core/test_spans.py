from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.spans import replaced


def test_every_span_becomes_the_placeholder_and_the_rest_stays() -> None:
    assert replaced("like Berserk and Claymore!", [(5, 12), (17, 25)], "it") == "like it and it!"
    assert replaced("nothing", [], "it") == "nothing"


@given(st.text(), st.lists(st.integers(0, 20), max_size=6, unique=True).map(sorted))
def test_what_is_replaced_by_nothing_is_gone_and_no_other_letter_is(text: str, places: list[int]) -> None:
    kept = [place for place in places if place <= len(text)]
    spans = list(zip(kept[::2], kept[1::2], strict=False))

    found = replaced(text, spans, "")

    assert found == "".join(
        letter for place, letter in enumerate(text) if not any(start <= place < end for start, end in spans)
    )
