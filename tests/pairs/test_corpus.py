import pytest

from mangaassist.core.types import DocId, Document
from mangaassist.pairs import TwoSides, body_of, corpus_pairs, two_sides

WORDS = " ".join(f"w{n}" for n in range(20))


def document(heading: str, text: str) -> Document:
    return Document(DocId("d"), text, heading)


@pytest.mark.parametrize(
    ("heading", "text", "body"),
    [
        ("Berserk", "Berserk. A dark tale", "A dark tale"),
        ("Berserk", "Berserk\nA dark tale", "A dark tale"),
        ("Berserk", "A dark tale of Berserk", "A dark tale of Berserk"),
        ("Berserk", "Berserkers of the north", "Berserkers of the north"),
        ("Berserk", "Berserk", ""),
        ("", "A dark tale", "A dark tale"),
    ],
)
def test_the_body_is_the_text_without_the_heading_it_begins_with(heading: str, text: str, body: str) -> None:
    assert body_of(document(heading, text)) == body


def test_a_heading_finds_its_document_and_a_document_without_body_or_heading_teaches_nothing() -> None:
    documents = [document("Berserk", "Berserk: dark"), document("Berserk", "Berserk"), document("", "dark")]

    (pair,) = corpus_pairs(documents)

    assert (pair.query_text, pair.positive, pair.source, pair.client) == ("Berserk", "d", "corpus", "")


def test_halves_pair_the_two_parts_of_a_long_body_only_when_asked() -> None:
    long, short = document("", WORDS), document("", WORDS.rsplit(" ", 1)[0])

    assert list(two_sides([long])) == []
    assert list(two_sides([long, short], halves=True)) == [
        TwoSides(DocId("d"), " ".join(WORDS.split()[:10]), " ".join(WORDS.split()[10:]))
    ]
