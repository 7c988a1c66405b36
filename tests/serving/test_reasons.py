import pytest
from small_engine import hashed_words
from small_release import WEIGHTS, served

from mangaassist.core.shop_settings import ShopSettings
from mangaassist.queries import PLAIN, CompositionWeights
from mangaassist.serving import Answer, RetrieveRequest
from mangaassist.serving.answering import Answering, Stages
from mangaassist.serving.answers import TEXT_LIMIT
from mangaassist.serving.results import passage


def answered(query: str, weights: CompositionWeights = WEIGHTS, **shop: object) -> Answer:
    how = Answering(None, 0.5, ShopSettings(**shop))  # type: ignore[arg-type]
    return how.answer(served(weights), RetrieveRequest(query), hashed_words([query])[0], Stages(), query_id="q")


def why(answer: Answer) -> dict[str, tuple[str, ...]]:
    return {result.id: result.why for result in answer.results}


def test_what_is_shared_with_a_named_title_is_said_and_the_title_itself_is_not_returned() -> None:
    found = why(answered("something like Berserk"))

    assert found["claymore"] == ("like Berserk: dark, fantasy",)
    assert found["frieren"][0] == "like Berserk: fantasy"
    assert "berserk" not in found


def test_a_wish_that_a_title_fulfils_is_said() -> None:
    assert "you asked for: cozy" in why(answered("something cozy"))["yotsuba"]


def test_what_was_turned_down_is_said_of_those_that_have_it() -> None:
    answer = answered("fantasy but not dark")
    found = why(answer)

    assert found["claymore"][-1] == "ruled out: dark"
    assert not any(reason.startswith("ruled out") for reason in found["frieren"])
    assert list(found).index("frieren") < list(found).index("claymore")


def test_words_that_few_documents_hold_are_said() -> None:
    assert why(answered("gift card that expires"))["gift"] == ("your words: card, gift, expire",)


def test_what_has_no_weight_is_not_said() -> None:
    found = why(answered("cozy like Berserk but not dark", PLAIN))

    assert set(found.values()) == {("close in meaning",)}


def test_what_the_shop_did_stands_last() -> None:
    answer = answered("something like Berserk", pin=("frieren",))

    assert answer.results[0].id == "frieren"
    assert answer.results[0].why[-1] == "pinned by the shop"
    assert answer.release == "embed-adapter-v07"


def test_facts_are_what_the_shop_knows_and_no_more() -> None:
    facts = {result.id: result.facts for result in answered("fantasy").results}

    assert facts["claymore"] == {"genres": ["fantasy"], "tones": ["dark"], "age_rating": "teen"}
    assert facts["gift"] == {}


@pytest.mark.parametrize("text", ["short", "word " * 500, "x" * 3_000, "あ" * 3_000])
def test_a_passage_is_the_text_or_whole_words_of_its_beginning(text: str) -> None:
    found = passage(text)

    assert len(found) <= TEXT_LIMIT
    assert found == text or (found.endswith("…") and text.startswith(found[:-1]))


def test_the_shops_age_limit_holds_whatever_is_asked_for() -> None:
    assert {"berserk", "monster"} & set(why(answered("dark", max_age_rating="teen"))) == set()
    assert "monster" in why(answered("dark"))
