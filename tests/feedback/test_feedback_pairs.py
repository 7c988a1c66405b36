from review_world import NOON, item

from mangaassist.core.types import DocId
from mangaassist.feedback import Edit, ReviewDecision, ReviewItem, feedback_pairs, lexicon_entries

LINES = {"slow burn rivals": ("q1", "q2"), "rivals to lovers": ("q3",)}
KNOWN = [DocId("kaguya"), DocId("naruto"), DocId("blue-flag")]


def settled(one: ReviewItem, state: str, edit: Edit | None = None) -> tuple[ReviewItem, ReviewDecision]:
    said = {name: getattr(one, name) for name in one.__slots__} | {"state": state, "evidence": one.evidence or LINES}
    action = "edit" if edit else {"accepted": "accept", "rejected": "reject"}[state]
    decision = ReviewDecision(1, one.id, "ann", "reviewer", action, NOON, "b", edit=edit)  # type: ignore[arg-type]
    return ReviewItem(**said), decision


def test_every_text_of_an_accepted_item_is_a_pair_with_its_log_lines() -> None:
    report = feedback_pairs([settled(item("a"), "accepted")], KNOWN, weight=2.0)

    assert [(pair.query_text, pair.positive, pair.source, pair.weight, pair.evidence) for pair in report.pairs] == [
        ("slow burn rivals", "kaguya", "feedback", 2.0, ("a", "q1", "q2")),
        ("rivals to lovers", "kaguya", "feedback", 2.0, ("a", "q3")),
    ]
    assert (report.raw_events, report.dropped) == (1, {})
    assert all(pair.client == "" and pair.query_id is None for pair in report.pairs)


def test_lookalikes_and_rejected_positives_are_hard_negatives_of_their_texts() -> None:
    told = [
        settled(item("a"), "accepted"),
        settled(item("b", kind="negative", doc_id=DocId("naruto"), texts=("rivals to lovers",)), "accepted"),
        settled(item("c", doc_id=DocId("blue-flag")), "rejected"),
        settled(item("d", kind="negative", doc_id=DocId("claymore")), "rejected"),
    ]

    pairs = {pair.query_text: pair.negatives for pair in feedback_pairs(told, KNOWN, weight=1.0).pairs}

    assert pairs == {"slow burn rivals": ("blue-flag",), "rivals to lovers": ("naruto", "blue-flag")}


def test_a_document_accepted_for_a_text_is_no_negative_of_it_whatever_another_item_says() -> None:
    told = [
        settled(item("a"), "accepted"),
        settled(item("b", doc_id=DocId("blue-flag"), texts=("rivals to lovers",)), "accepted"),
        settled(item("c", doc_id=DocId("blue-flag")), "rejected"),
    ]

    pairs = feedback_pairs(told, KNOWN, weight=1.0).pairs

    assert [(pair.query_text, pair.positive, pair.negatives) for pair in pairs] == [
        ("slow burn rivals", "kaguya", ("blue-flag",)),
        ("rivals to lovers", "kaguya", ()),
        ("rivals to lovers", "blue-flag", ()),
    ]


def test_an_edit_changes_the_document_and_leaves_texts_out() -> None:
    edit = Edit(doc_id=DocId("blue-flag"), texts=("rivals to lovers",))

    pairs = feedback_pairs([settled(item("a"), "accepted", edit)], KNOWN, weight=1.0).pairs

    assert [(pair.query_text, pair.positive) for pair in pairs] == [("rivals to lovers", "blue-flag")]


def test_held_out_searches_are_no_evidence() -> None:
    told = [settled(item("a"), "accepted"), settled(item("b", texts=("rivals to lovers",)), "accepted")]

    report = feedback_pairs(told, KNOWN, weight=1.0, held_out={"q2", "q3"})

    assert [(pair.query_text, pair.evidence) for pair in report.pairs] == [("slow burn rivals", ("a", "q1"))]
    assert report.dropped == {"held_out_for_test": 1}


def test_a_document_that_left_the_catalogue_makes_no_pair() -> None:
    report = feedback_pairs([settled(item("a", doc_id=DocId("gone")), "accepted")], KNOWN, weight=1.0)

    assert (report.pairs, report.dropped) == ([], {"unknown_document": 1})


def test_accepted_words_are_lexicon_entries_as_edited() -> None:
    told = [
        settled(item("w", kind="lexicon", phrase="iyashikei", facets=("healing", "cozy"), doc_id=None), "accepted"),
        settled(
            item("x", kind="lexicon", phrase="nakama", facets=("ninja",), doc_id=None),
            "accepted",
            Edit(facets=("found family",)),
        ),
        settled(item("y", kind="lexicon", phrase="mid", facets=("dark",), doc_id=None), "rejected"),
    ]

    assert lexicon_entries(told) == {"iyashikei": ("healing", "cozy"), "nakama": ("found family",)}
    assert feedback_pairs(told, KNOWN, weight=1.0).raw_events == 0
