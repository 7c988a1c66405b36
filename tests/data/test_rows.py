import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaassist.core.errors import DataError
from mangaassist.data import read_rows, strict_rows
from mangaassist.data.lines import LINE_LIMIT, BadRow, Row


def rows_of(path: Path, content: bytes) -> list[Row | BadRow]:
    path.write_bytes(content)
    return list(read_rows(path))


def good(rows: list[Row | BadRow]) -> list[tuple[int, dict[str, Any]]]:
    return [(row.line, row.values) for row in rows if isinstance(row, Row)]


def bad(rows: list[Row | BadRow]) -> list[tuple[int, str]]:
    return [(row.line, row.problem.reason) for row in rows if isinstance(row, BadRow)]


def test_jsonl_rows_carry_their_line_numbers_over_a_bom_and_blank_lines(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"a": 1}\r\n\n  \n{"a": 2}')

    assert good(rows) == [(1, {"a": 1}), (4, {"a": 2})]
    assert bad(rows) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": 1', "is not JSON"),
        (b"[1]", "is JSON but no object"),
        (b'{"a": NaN}', "is not JSON"),
        (b'{"a": "\\ud800"}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"a": "\xff"}', "is not UTF-8 at byte 8"),
        (b'{"a": "\0"}', "holds a NUL byte"),
        (b'{"a": "' + b"x" * 10_000_000 + b'"}', "is longer than 1048576 bytes"),
    ],
    ids=["truncated", "list", "nan", "surrogate", "deep", "latin-1", "nul", "ten-megabytes"],
)
def test_a_broken_line_hides_no_other(tmp_path: Path, line: bytes, reason: str) -> None:
    rows = rows_of(tmp_path / "a.jsonl", b'{"a": 1}\n' + line + b'\n{"a": 3}\n')

    assert good(rows) == [(1, {"a": 1}), (3, {"a": 3})]
    [(number, said)] = bad(rows)
    assert number == 2
    assert said.startswith(reason)


@pytest.mark.parametrize(("extra", "is_good"), [(0, True), (1, False)])
def test_a_line_may_have_exactly_the_limit_of_bytes(tmp_path: Path, extra: int, is_good: bool) -> None:
    frame = len(b'{"a": ""}\n')

    rows = rows_of(tmp_path / "a.jsonl", b'{"a": "' + b"x" * (LINE_LIMIT - frame + extra) + b'"}\n')

    assert bool(good(rows)) == is_good


def test_a_csv_row_may_span_lines_and_blank_cells_are_left_out(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbfid,title,genres\n1,"two\nlines","[""Drama""]"\n\n2,86,\n'

    rows = rows_of(tmp_path / "a.csv", content)

    assert good(rows) == [
        (2, {"id": "1", "title": "two\nlines", "genres": '["Drama"]'}),
        (5, {"id": "2", "title": "86"}),
    ]


def test_each_broken_csv_row_hides_no_other(tmp_path: Path) -> None:
    lines = [
        b"id,title",
        b'1,"never closed',
        b"2,good",
        b'3,"quoted, good"',
        b'4,"two',
        b'lines, good"',
        b"5,too,many",
        b"6",
        b"7,latin \xff",
        b'8,"letter"after quote',
        b"9,good",
        b'10,"open at the end',
    ]

    rows = rows_of(tmp_path / "a.csv", b"\n".join(lines))

    assert [values["id"] for _, values in good(rows)] == ["2", "3", "4", "9"]
    assert [line for line, _ in bad(rows)] == [2, 7, 8, 9, 10, 12]


def test_an_open_quote_before_many_lines_costs_one_line_and_little_time(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.csv", b'id,title\n1,"open\n' + b"2,a good row of some length for its cell\n" * 40_000)

    assert len(good(rows)) == 40_000
    assert bad(rows) == [(2, "opens a quote that is never closed")]


@pytest.mark.parametrize("header", [b"id,id\n", b"id,\n", b'id,"open\n'])
def test_a_csv_header_that_names_no_columns_is_an_error(tmp_path: Path, header: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.csv: line 1"):
        rows_of(tmp_path / "a.csv", header + b"1,2\n")


FRAME = pl.DataFrame(
    {
        "id": ["a", "b"],
        "at": [datetime(2026, 11, 3, 12, tzinfo=UTC), None],
        "tags": [["x", "y"], None],
        "attributes": [{"object": {"object_id": "m1"}}, None],
    },
    schema_overrides={"at": pl.Datetime("us", "UTC")},
)


@pytest.mark.parametrize("name", ["a.parquet", "a[1] *.parquet", "a.parquet.gz"])
def test_parquet_rows_are_plain_values_in_their_order(tmp_path: Path, name: str) -> None:
    FRAME.write_parquet(tmp_path / "plain")
    content = (tmp_path / "plain").read_bytes()

    rows = rows_of(tmp_path / name, gzip.compress(content) if name.endswith(".gz") else content)

    assert good(rows) == [
        (
            1,
            {
                "id": "a",
                "at": "2026-11-03T12:00:00.000000Z",
                "tags": ["x", "y"],
                "attributes": {"object": {"object_id": "m1"}},
            },
        ),
        (2, {"id": "b", "at": None, "tags": None, "attributes": None}),
    ]


def test_a_folder_named_like_a_column_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "year=2026"
    folder.mkdir()
    FRAME.select("id").write_parquet(folder / "a.parquet")

    assert [row.values for row in strict_rows(folder / "a.parquet")] == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.gz", "a.parquet.gz"])
def test_a_truncated_gzip_file_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    noise = b"".join(json.dumps({"n": str(number)}).encode() + b"\n" for number in range(5_000))

    with pytest.raises(DataError, match=rf"{name}.*gzip stream is broken.*copy the file again"):
        rows_of(tmp_path / name, gzip.compress(noise)[:-30])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl.gz", b"not gzip", "gzip stream is broken"),
        ("a.parquet", b"not parquet", "no readable Parquet"),
        ("a.parquet", b"", "no readable Parquet"),
        ("a.jsonl", '{"a": 1}'.encode("utf-16"), "UTF-16"),
        ("a.xlsx", b"", "cannot tell the format"),
        ("a.gz", b"", "cannot tell the format"),
    ],
)
def test_an_unreadable_file_is_an_error_with_a_remedy(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        rows_of(tmp_path / name, content)


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        list(read_rows(tmp_path / "none.csv"))


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_an_empty_file_has_no_rows(tmp_path: Path, name: str) -> None:
    assert rows_of(tmp_path / name, b"") == []


def test_where_every_row_counts_a_broken_one_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"a"\n', encoding="utf-8")

    with pytest.raises(DataError, match=r"a\.jsonl: line 2: row: is not JSON"):
        list(strict_rows(path))


@settings(max_examples=200)
@given(content=st.binary(max_size=200) | st.text(alphabet='{}[]":,\n\r\0a1é', max_size=80).map(str.encode))
def test_any_bytes_give_rows_and_bad_rows_in_the_order_of_their_lines(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name in ("any.jsonl", "any.csv"):
        try:
            rows = rows_of(folder / name, content)
        except DataError:
            continue
        lines = [row.line for row in rows]
        assert lines == sorted(set(lines))
        assert all(line <= content.count(b"\n") + 1 for line in lines)
