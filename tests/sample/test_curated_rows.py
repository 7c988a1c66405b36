from pathlib import Path

from mangaassist.data import CuratedPair, Workspace, curated, ingest_directory, quarantined
from mangaassist.queries import TitleResolver
from mangaassist.sample import sample_shop, write_shop_files


def test_the_samples_curated_rows_come_in_whole_and_name_no_cold_title(
    tmp_path: Path,
) -> None:
    write_shop_files(tmp_path / "files")
    (tmp_path / "files" / "judged_queries.jsonl").unlink()
    workspace = Workspace.create(tmp_path / "shop")
    ingest_directory(workspace, tmp_path / "files")

    rows = curated(workspace)
    known = {title.title_id for title in sample_shop().titles} - sample_shop().cold
    assert (len(rows) > 1500, quarantined(workspace).height) == (True, 0)
    assert {row.title_id for row in rows} | {row.similar_id for row in rows} <= known
    assert all(isinstance(row, CuratedPair) and row.shared for row in rows)


def test_every_title_of_the_sample_is_found_by_its_name() -> None:
    titles = sample_shop().titles
    resolver = TitleResolver(titles)

    assert [title.title for title in titles if title.title_id not in resolver.named(f"like {title.title}")] == []
