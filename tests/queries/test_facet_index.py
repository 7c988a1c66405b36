import numpy as np
import pytest

from mangaassist.core.types import DocId
from mangaassist.data import Title
from mangaassist.queries import FacetIndex, facet_of, facets_of

TITLES = [
    Title(title_id="a", title="A", genres=("fantasy",), tones=("dark",), themes=("found family",)),
    Title(title_id="b", title="B", genres=("Fantasy",), tones=("cozy",)),
    Title(title_id="c", title="C", genres=("slice_of_life",), demographic="Seinen"),
    Title(title_id="d", title="D"),
]
IDS = [DocId(name) for name in ("help", "a", "b", "c", "d")]
INDEX = FacetIndex(TITLES, IDS)


def test_a_facet_is_one_however_it_is_written() -> None:
    assert facet_of("slice_of_life") == facet_of("Slice-of-Life") == ("slice", "of", "life")
    assert facets_of(TITLES[2]) == {("slice", "of", "life"): "slice_of_life", ("seinen",): "Seinen"}


def test_what_is_alike_shares_facets_and_rare_ones_count_more() -> None:
    alike = INDEX.alike([DocId("a")])

    assert alike[1] == pytest.approx(1)
    assert 0 < alike[2] < 1
    assert alike[[0, 3, 4]].tolist() == [0, 0, 0]


def test_wanted_is_the_share_by_rarity_of_the_wishes_met() -> None:
    wanted = INDEX.wanted([[("fantasy",)], [("dark",)]])
    rare, common = np.log(4 / 1), np.log(4 / 2)

    assert wanted.tolist() == pytest.approx([0, 1, common / (rare + common), 0, 0])


def test_a_wish_is_met_by_any_of_its_facets_and_one_that_nobody_meets_does_not_count() -> None:
    either = INDEX.wanted([[("fantasy",), ("dark",)]])

    assert either.tolist() == INDEX.having([("fantasy",), ("dark",)]).tolist() == [0, 1, 1, 0, 0]
    assert INDEX.wanted([[("fantasy",)], [("robots",)]]).tolist() == INDEX.wanted([[("fantasy",)]]).tolist()


def test_having_is_1_for_any_of_the_facets_and_unknown_facets_and_documents_say_nothing() -> None:
    assert INDEX.having([("fantasy",), ("dark",), ("robots",)]).tolist() == [0, 1, 1, 0, 0]
    assert not INDEX.alike([DocId("nobody")]).any()
    assert not INDEX.wanted([]).any()
    assert INDEX.of(DocId("help")) == frozenset()


def test_a_corpus_without_titles_has_no_facets() -> None:
    index = FacetIndex([], [DocId("x")])

    assert index.alike([DocId("x")]).tolist() == [0]
    assert index.having([("dark",)]).tolist() == [0]


def test_facets_are_named_as_the_catalogue_does_the_rarest_first() -> None:
    assert INDEX.named([("fantasy",), ("slice", "of", "life"), ("robots",)]) == ["slice_of_life", "Fantasy"]
