"""Documents in, self-supervised pairs out: a heading belongs to its body, and one half of a text to the other.

They need no log and cover every document, also those that nobody ever clicked. On help articles they are what made
training hold on unseen articles.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mangaassist.core.types import DocId, Document, Pair

_MIN_HALVED_WORDS = 20
_JOINTS = " \t\n:：.,;|-–—"


@dataclass(frozen=True, slots=True)
class TwoSides:
    """Two texts of one document that belong together, to be encoded each on its own."""

    doc_id: DocId
    left: str
    right: str


def corpus_pairs(documents: Iterable[Document], *, halves: bool = False) -> list[Pair]:
    """The left side of every document as a query whose positive is the document; see `two_sides` for both texts."""
    return [
        Pair(query_text=sides.left, positive=sides.doc_id, source="corpus")
        for sides in two_sides(documents, halves=halves)
    ]


def two_sides(documents: Iterable[Document], *, halves: bool = False) -> Iterator[TwoSides]:
    """Heading and body of every document that has both; with `halves` also the halves of bodies of 20 words or more.

    Training should encode the right side as it is here: the document's own text often begins with its heading, and
    finding a heading in itself teaches nothing.
    """
    for document in documents:
        body = body_of(document)
        if document.heading.strip() and body:
            yield TwoSides(document.doc_id, document.heading.strip(), body)
        words = body.split()
        if halves and len(words) >= _MIN_HALVED_WORDS:
            middle = len(words) // 2
            yield TwoSides(document.doc_id, " ".join(words[:middle]), " ".join(words[middle:]))


def body_of(document: Document) -> str:
    """The document's text without the heading that it may begin with."""
    text, heading = document.text.strip(), document.heading.strip()
    rest = text[len(heading) :]
    if not heading or not text.startswith(heading) or rest[:1].isalnum():
        return text
    return rest.lstrip(_JOINTS)
