from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.types import DocId
from mangaassist.sample.simulator_dice import Dice
from mangaassist.sample.simulator_texts import Need, all_typed_forms, typed_forms


def test_a_need_is_typed_as_written_in_other_case_by_other_names_cut_short_and_misspelt() -> None:
    text = "Manga like Attack on Titan with hope"
    need = Need(text, "recommendation", {}, aliases=(("Attack on Titan", "進撃の巨人"), ("Nana", "ナナ")))

    forms = typed_forms(need, Dice(1))

    assert forms[:3] == (text, text.lower(), "Manga like 進撃の巨人 with hope")
    assert text.upper() in forms
    assert sum(text.startswith(form) and form != text for form in forms) >= 1
    assert sum(len(form) in (len(text) - 1, len(text), len(text) + 1) and form[0] == "M" for form in forms) >= 4


@given(st.text(min_size=1, max_size=80), st.integers(0, 5))
def test_forms_are_different_never_blank_and_depend_on_need_and_seed_alone(text: str, seed: int) -> None:
    need, another = Need(text, "recommendation", {DocId("a"): 1}), Need("other", "faq", {})

    forms = all_typed_forms([need], seed)[0]

    assert len(set(forms)) == len(forms)
    assert all(form.strip() for form in forms)
    assert forms == all_typed_forms([need, another], seed)[0]
