"""Titles with adapted vectors in; shelves with names, and those of them that suit a question, out.

make_shelves(titles, vectors, …) ──► Shelving ──► as_files ──► the index build ──► shelving_from_files
Arrangement(shelving, titles now, …).suiting(found, …) ──► the best shelves of one question
"""

from mangaassist.shelves.arrangement import MOST_SHELVES, MOST_TITLES, REACH, Arrangement, SuitingShelf
from mangaassist.shelves.clustering import cluster
from mangaassist.shelves.making import RECIPE, make_shelves, shelf_count, shelves_of
from mangaassist.shelves.shelf import CENTRES_FILE, SHELVES_FILE, Shelf, Shelving, no_shelves, shelving_from_files

__all__ = [
    "CENTRES_FILE",
    "MOST_SHELVES",
    "MOST_TITLES",
    "REACH",
    "RECIPE",
    "SHELVES_FILE",
    "Arrangement",
    "Shelf",
    "Shelving",
    "SuitingShelf",
    "cluster",
    "make_shelves",
    "no_shelves",
    "shelf_count",
    "shelves_of",
    "shelving_from_files",
]
