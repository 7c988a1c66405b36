from pathlib import Path

import pytest

from mangaassist.data import Article, Title, documents
from mangaassist.loop import by_id
from mangaassist.serving.results import Shown, shown_of
from mangaassist.serving.stored_catalogue import StoredCatalogue, stored_catalogue

TITLES = [
    Title(title_id="a", title="Berserk", title_japanese="ベルセルク", genres=("fantasy",), popularity=9.5, volumes=41),
    Title(title_id="c", title="Two\nlines\u2028and \u0085 more", description='"quoted" \\ ✂', url="https://shop/c"),
]
ARTICLES = [Article(article_id="b", title="Returns", body="Within 30 days.", updated="2026-01-01")]
FOUND = sorted(documents(TITLES, ARTICLES, enrich="all"), key=lambda each: each.doc_id)
SHOWN = [shown_of(each, by_id(TITLES, ARTICLES)[each.doc_id]) for each in FOUND]


def stored(folder: Path, shown: list[Shown] = SHOWN) -> StoredCatalogue:
    found = stored_catalogue(folder, shown)
    assert isinstance(found, StoredCatalogue)
    return found


def files(folder: Path) -> list[Path]:
    return list(folder.glob("*catalogue-*"))


def test_what_is_shown_comes_back_as_it_went_in(tmp_path: Path) -> None:
    found = stored(tmp_path)

    assert list(found) == SHOWN
    assert found[-1] == SHOWN[-1]
    assert found[1:] == SHOWN[1:]
    assert found[0].facts["title_japanese"] == "ベルセルク"
    with pytest.raises(IndexError):
        found[3]


def test_the_same_catalogue_is_one_file_and_another_takes_its_place(tmp_path: Path) -> None:
    first = stored(tmp_path)
    (path,) = files(tmp_path)
    stored(tmp_path)
    assert files(tmp_path) == [path]

    stored(tmp_path, SHOWN[:2])

    assert len(files(tmp_path)) == 1
    assert files(tmp_path) != [path]
    assert list(first) == SHOWN  # whoever has the old file open keeps it


def test_where_nothing_can_be_written_everything_stays_in_memory(tmp_path: Path) -> None:
    assert stored_catalogue(tmp_path / "nowhere", SHOWN) is SHOWN


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        stored_catalogue(tmp_path, [SHOWN[0], None])  # type: ignore[list-item]

    assert files(tmp_path) == []
