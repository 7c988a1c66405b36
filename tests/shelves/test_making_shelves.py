import numpy as np
import pytest
from shelf_worlds import DIMENSION, STORIES, planted, titles_about

from mangaassist.core.errors import ArtifactError, EncoderMismatch, IndexOutOfDate
from mangaassist.core.types import DocId
from mangaassist.shelves import CENTRES_FILE, SHELVES_FILE, Shelving, make_shelves, shelving_from_files

RELEASE, ENCODER = "embed-adapter-v03", "encoder-1"


def made(release: str = RELEASE, *, reverse: bool = False) -> Shelving:
    vectors, of = planted()
    titles = titles_about(of)
    if reverse:
        titles, vectors = titles[::-1], vectors[::-1]
    return make_shelves(titles, vectors, release=release, encoder_id=ENCODER, count=len(STORIES))


def read(files: dict[str, bytes], *, release: str = RELEASE, encoder_id: str = ENCODER) -> Shelving:
    return shelving_from_files(files, release=release, encoder_id=encoder_id, dimension=DIMENSION)


def test_planted_stories_become_shelves_named_after_them() -> None:
    shelves = made().shelves

    assert [shelf.name for shelf in shelves] == sorted(story.capitalize() for story in STORIES)
    for shelf in shelves:
        assert {title.split("-")[0] for title in shelf.titles} == {shelf.name.lower()}
        assert shelf.facets == (shelf.name.lower(),)


def test_every_title_stands_on_one_shelf_the_most_typical_first() -> None:
    shelving = made()
    vectors, of = planted()
    vector = {title.title_id: row for title, row in zip(titles_about(of), vectors, strict=True)}

    standing = [title for shelf in shelving.shelves for title in shelf.titles]
    assert sorted(standing) == sorted(vector)
    for shelf, centre in zip(shelving.shelves, shelving.centres, strict=True):
        closeness = [float(vector[title] @ centre) for title in shelf.titles]
        assert closeness == sorted(closeness, reverse=True)


def test_equal_titles_in_any_order_are_equal_bytes() -> None:
    assert made().as_files() == made().as_files() == made(reverse=True).as_files()


def test_ids_are_those_of_the_release_and_no_two_are_alike() -> None:
    ids = [shelf.id for shelf in made().shelves]

    assert len(set(ids)) == len(ids)
    assert ids == [shelf.id for shelf in made().shelves]
    assert not set(ids) & {shelf.id for shelf in made("embed-adapter-v04").shelves}


def test_files_give_back_what_was_written() -> None:
    shelving = made()
    again = read(shelving.as_files())

    assert (again.release, again.encoder_id, again.shelves) == (RELEASE, ENCODER, shelving.shelves)
    assert (again.centres == shelving.centres).all()


def test_shelves_of_another_release_or_encoder_are_refused_with_the_command_that_mends_it() -> None:
    files = made().as_files()

    with pytest.raises(
        IndexOutOfDate, match=r"release 'embed-adapter-v03', not 'embed-adapter-v04'.*mangaassist index"
    ):
        read(files, release="embed-adapter-v04")
    with pytest.raises(EncoderMismatch, match=r"encoder 'encoder-1', not 'encoder-2'.*mangaassist index"):
        read(files, encoder_id="encoder-2")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (SHELVES_FILE, b"{"),
        (SHELVES_FILE, b"{}"),
        (SHELVES_FILE, b"[]"),
        (SHELVES_FILE, b'{"format_version": 9}'),
        (CENTRES_FILE, b"123"),
        (CENTRES_FILE, None),
    ],
)
def test_damaged_files_are_refused(name: str, content: bytes | None) -> None:
    files = made().as_files()
    files = {key: value for key, value in files.items() if key != name} | ({} if content is None else {name: content})

    with pytest.raises(ArtifactError, match="mangaassist index"):
        read(files)


def test_an_index_of_before_there_were_shelves_has_none() -> None:
    assert read({}).shelves == []


def test_no_titles_are_no_shelves() -> None:
    empty = make_shelves([], np.empty((0, DIMENSION), np.float32), release=RELEASE, encoder_id=ENCODER)

    assert (empty.shelves, read(empty.as_files()).shelves) == ([], [])


def test_one_title_is_one_shelf() -> None:
    vectors, of = planted(each=1, stories=1)
    (shelf,) = make_shelves(titles_about(of), vectors, release=RELEASE, encoder_id=ENCODER).shelves

    assert (shelf.name, shelf.titles) == ("Like cooking 0", (DocId("cooking-0"),))
