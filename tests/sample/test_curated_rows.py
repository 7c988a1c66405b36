import json
from collections import Counter
from importlib import resources
from itertools import groupby
from pathlib import Path

import pytest

from mangaassist.data import CuratedPair, Workspace, curated, ingest_directory, quarantined
from mangaassist.queries import TitleResolver
from mangaassist.sample import sample_shop, write_shop_files


@pytest.fixture(scope="module")
def rows() -> list[CuratedPair]:
    """Every row that editors wrote, those of cold titles included, in the order of the file."""
    path = resources.files("mangaassist.sample") / "shop" / "curated.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    return [CuratedPair.model_validate(json.loads(line)) for line in lines]


def test_the_samples_curated_rows_come_in_whole_and_name_no_cold_title(
    tmp_path: Path,
) -> None:
    write_shop_files(tmp_path / "files")
    (tmp_path / "files" / "judged_queries.jsonl").unlink()
    workspace = Workspace.create(tmp_path / "shop")
    ingest_directory(workspace, tmp_path / "files")

    found = curated(workspace)
    known = {title.title_id for title in sample_shop().titles} - sample_shop().cold
    assert (len(found) >= 2000, quarantined(workspace).height) == (True, 0)
    assert {row.title_id for row in found} | {row.similar_id for row in found} <= known
    assert all(isinstance(row, CuratedPair) and row.shared for row in found)


def test_every_title_has_eight_different_similar_ones_together_in_the_order_of_the_catalogue(
    rows: list[CuratedPair],
) -> None:
    of_title = [(title_id, list(group)) for title_id, group in groupby(rows, key=lambda row: row.title_id)]

    assert [title_id for title_id, _group in of_title] == [title.title_id for title in sample_shop().titles]
    for title_id, group in of_title:
        assert len({row.similar_id for row in group} - {title_id}) == len(group) == 8


def test_rows_are_about_known_titles_and_say_in_a_few_words_what_they_share(rows: list[CuratedPair]) -> None:
    known = {title.title_id for title in sample_shop().titles}

    assert {row.similar_id for row in rows} <= known
    assert all(1 <= len((row.shared or "").split()) <= 12 for row in rows)


def test_similar_titles_are_spread_over_the_catalogue_and_not_always_the_same_bestsellers(
    rows: list[CuratedPair],
) -> None:
    named = Counter(row.similar_id for row in rows)

    assert set(named) == {title.title_id for title in sample_shop().titles}
    assert max(named.values()) <= 20


def test_every_title_of_the_sample_is_found_by_its_name() -> None:
    titles = sample_shop().titles
    resolver = TitleResolver(titles)

    assert [title.title for title in titles if title.title_id not in resolver.named(f"like {title.title}")] == []
