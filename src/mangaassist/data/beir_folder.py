"""A BEIR folder in, its files out: where its documents, queries and judgements lie, and which split a query is of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mangaassist.core.errors import DataError
from mangaassist.data.contracts import Split
from mangaassist.data.lines import BadRow, Row, bad, read_lines
from mangaassist.data.trec import grade_of

SPLITS: Final[tuple[Split, ...]] = ("train", "dev", "test")
HEADERS: Final = ("score", "grade", "relevance", "rel", "label")


@dataclass(frozen=True, slots=True)
class BeirFiles:
    """The files of a set. is_catalogue: its documents are titles by our contract, in `catalog.jsonl`."""

    documents: Path
    is_catalogue: bool
    queries: Path
    qrels: Mapping[Split, Path]


def find_beir(folder: Path, qrels_folder: str = "qrels") -> BeirFiles:
    """The files of a folder, each plain or `.gz`; raises DataError that names the one that is missing."""
    corpus, catalogue = find_file(folder, "corpus.jsonl"), find_file(folder, "catalog.jsonl")
    documents, queries = corpus or catalogue, find_file(folder, "queries.jsonl")
    if documents is None:
        raise DataError(f"{folder}: neither corpus.jsonl nor catalog.jsonl is there (nor .gz); add one")
    if queries is None:
        raise DataError(f"{folder}: queries.jsonl is missing (also as .gz); add it")
    found = {split: find_file(folder / qrels_folder, f"{split}.tsv") for split in SPLITS}
    qrels = {split: path for split, path in found.items() if path is not None}
    if not qrels:
        raise DataError(f"{folder / qrels_folder}: no judgements; add {', '.join(f'{split}.tsv' for split in SPLITS)}")
    return BeirFiles(documents, corpus is None, queries, qrels)


def find_file(folder: Path, name: str) -> Path | None:
    """The file of this name in the folder, or its gzipped form; None if neither is there."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def judgement_rows(path: Path) -> Iterator[Row | BadRow]:
    """The lines of a `.tsv` file: `query_id`, `doc_id` and `grade`, with or without a header; grades are at least 0."""
    for line in read_lines(path):
        if isinstance(line, BadRow):
            yield line
            continue
        cells = line.text.rstrip("\r\n").split("\t")
        is_header = line.number == 1 and cells[-1].strip().casefold() in HEADERS
        if not line.text.strip() or is_header:
            continue
        if len(cells) != 3:
            yield bad(line.number, f"has {len(cells)} cells", "write query, document, grade by tab", line.text)
            continue
        query_id, doc_id, told = (cell.strip() for cell in cells)
        grade = grade_of(told)
        if grade is None:
            yield bad(line.number, f"the grade {told[:20]!r} is no whole number", "write 0, 1, 2 or 3", line.text)
        else:
            yield Row(line.number, {"query_id": query_id, "doc_id": doc_id, "grade": grade})


def splits_of(files: BeirFiles) -> dict[str, Split]:
    """Query id → the split that it is judged in; of several the last of train, dev and test: what tests trains not."""
    return {
        row.values["query_id"]: split
        for split in SPLITS
        if split in files.qrels
        for row in judgement_rows(files.qrels[split])
        if isinstance(row, Row)
    }
