"""Facets: small columns, and a filter as a mask over them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.errors import DataError
from mangaassist.retrieval.facets import encoded

COLUMNS = {"language": ["ja", "en", "", "ja"], "age_rating": ["all", "adult", "all", "teen"]}


def test_every_facet_named_must_pass_and_any_of_its_values_will_do() -> None:
    facets = encoded(COLUMNS, 4)

    assert facets.mask({"language": ["ja", ""]}).tolist() == [True, False, True, True]
    assert facets.mask({"language": ["ja"], "age_rating": ["all", "adult"]}).tolist() == [True, False, False, False]
    assert facets.mask({}).all()


def test_codes_take_two_bytes_and_give_the_values_back() -> None:
    facets = encoded(COLUMNS, 4)

    assert facets.codes.dtype == np.uint16
    assert facets.columns() == COLUMNS


@given(st.lists(st.sampled_from(["all", "teen", "adult", ""])), st.sets(st.sampled_from(["all", "teen", "", "other"])))
def test_a_mask_asks_each_document(values: list[str], wanted: set[str]) -> None:
    mask = encoded({"age_rating": values}, len(values)).mask({"age_rating": wanted})

    assert mask.tolist() == [value in wanted for value in values]


def test_more_values_than_codes_are_refused() -> None:
    with pytest.raises(DataError, match="facet 'isbn' has 65537 values"):
        encoded({"isbn": [str(number) for number in range(65_536)]}, 65_536)
