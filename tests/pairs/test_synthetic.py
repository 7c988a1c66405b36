from dataclasses import replace

import numpy as np
import pytest

from mangaassist.core.types import DocId, Pair, PairSource
from mangaassist.data import Article, Title
from mangaassist.pairs import Status, SyntheticPair, generate_synthetic, synthetic_pairs, with_rejected

TITLES = [
    Title(
        title_id="aria",
        title="Aria",
        title_japanese="アリア",
        authors=("Kozue Amano",),
        genres=("slice_of_life",),
        tones=("healing",),
        themes=("gondolas",),
        description="Akari rows a gondola through Neo-Venezia on Mars and learns a trade.",
    ),
    Title(title_id="bare", title="Bare"),
]
ARTICLES = [
    Article(
        article_id="split",
        title="Why orders are split",
        body="We post preorders separately. You can cancel a preorder until it ships.",
    ),
    Article(article_id="short", title="Gift cards"),
]


def proposals(amount: int = 100, seed: int = 0) -> list[SyntheticPair]:
    return generate_synthetic(TITLES, ARTICLES, amount=amount, rng=np.random.default_rng(seed))


def proposal(status: Status, *, id_: str = "syn-1", text: str = "healing manga", doc_id: str = "aria") -> SyntheticPair:
    return SyntheticPair(id_, text, DocId(doc_id), "facets", status)


def pair(text: str, positive: str = "aria", *, source: PairSource = "click", negatives: tuple[str, ...] = ()) -> Pair:
    return Pair(text, DocId(positive), source, negatives=tuple(DocId(each) for each in negatives))


def test_every_generator_says_in_human_words_what_the_metadata_holds() -> None:
    texts: dict[str, set[str]] = {}
    for each in proposals():
        texts.setdefault(f"{each.generator} {each.doc_id}", set()).add(each.query_text)

    assert texts["facets aria"] == {
        "healing slice of life manga about gondolas",
        "healing manga about gondolas",
        "any good slice of life manga about gondolas",
        "any healing manga with gondolas",
    }
    assert "healing manga by kozue amano" in texts["author aria"]
    assert all("kozue amano" in text for text in texts["author aria"])
    assert "アリアはありますか" in texts["alias aria"]
    assert (
        "which manga is this: akari rows a gondola through neo-venezia on mars and learns a trade"
        in texts["description aria"]
    )
    assert {"gift cards", "help: gift cards"} < texts["article_heading short"]
    assert texts["article_rule split"] == {
        "do you post preorders separately",
        "can i cancel a preorder until it ships",
    }


def test_a_document_that_says_too_little_gets_no_proposal() -> None:
    assert not [each for each in proposals() if each.doc_id == "bare"]
    assert {each.generator for each in proposals() if each.doc_id == "short"} == {"article_heading"}


@pytest.mark.parametrize("amount", [0, 1, 5])
def test_at_most_the_amount_asked_for_is_proposed_and_all_is_pending(amount: int) -> None:
    found = proposals(amount)

    assert len(found) == amount
    assert {(each.status, each.reviewer) for each in found} <= {("pending", "")}


def test_no_proposal_is_made_twice_and_an_exhausted_catalogue_yields_fewer() -> None:
    found = proposals(10_000)

    assert len({(each.generator, each.doc_id, each.query_text) for each in found}) == len(found) < 100
    assert len({each.id for each in found}) == len(found)


def test_a_seed_gives_the_same_proposals_whatever_the_order_of_the_catalogue() -> None:
    turned = generate_synthetic(TITLES[::-1], ARTICLES[::-1], amount=6, rng=np.random.default_rng(3))

    assert turned == proposals(6, seed=3)
    assert [each.id for each in proposals(6, seed=4)] != [each.id for each in turned]


def test_the_id_of_a_proposal_does_not_depend_on_the_seed() -> None:
    one, other = ({each.query_text: each.id for each in proposals(10_000, seed)} for seed in (1, 2))

    shared = set(one) & set(other)
    assert len(shared) > 5
    assert {text: one[text] for text in shared} == {text: other[text] for text in shared}


def test_no_documents_yield_no_proposals() -> None:
    assert generate_synthetic([], [], amount=5, rng=np.random.default_rng(0)) == []


def test_only_accepted_proposals_of_known_documents_become_pairs() -> None:
    reviewed = [
        proposal("accepted", id_="a"),
        proposal("rejected", id_="b"),
        proposal("pending", id_="c"),
        proposal("accepted", id_="d", doc_id="gone"),
    ]

    report = synthetic_pairs(reviewed, [DocId("aria")])

    assert report.pairs == [Pair("healing manga", DocId("aria"), "synthetic", evidence=("a",))]
    assert report.raw_events == 4
    assert report.dropped == {"pending": 1, "rejected": 1, "unknown_document": 1}


def test_a_rejected_document_is_a_negative_of_that_text_in_pairs_of_every_source() -> None:
    rejected = proposal("rejected", doc_id="bare")
    pairs = [pair("Healing Manga", negatives=("x",)), pair("healing manga", source="synthetic"), pair("other")]

    assert [each.negatives for each in with_rejected(pairs, [rejected])] == [("x", "bare"), ("bare",), ()]


def test_a_rejected_document_is_no_negative_of_itself_and_none_twice() -> None:
    rejected = proposal("rejected", doc_id="bare")
    pairs = [pair("healing manga", "bare"), pair("healing manga", negatives=("bare",))]

    assert [each.negatives for each in with_rejected(pairs, [rejected])] == [(), ("bare",)]


@pytest.mark.parametrize("status", ["pending", "accepted"])
def test_what_was_not_rejected_is_no_negative(status: Status) -> None:
    assert with_rejected([pair("healing manga", "x")], [replace(proposal("pending"), status=status)]) == [
        pair("healing manga", "x")
    ]
