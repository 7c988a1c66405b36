"""Seven titles and three articles in, a release of them out as the engine holds it."""

from small_engine import ARTICLES, DIMENSION, ENCODER, TITLES, hashed_words

from mangaassist.adapter import Adapter
from mangaassist.core.types import DocId
from mangaassist.data import documents
from mangaassist.loop import by_id
from mangaassist.queries import Composer, CompositionWeights
from mangaassist.serving.filtering import FilterMasks
from mangaassist.serving.ranking import RanksAll
from mangaassist.serving.results import shown_of
from mangaassist.serving.served_release import ServedRelease
from mangaassist.shelves import Arrangement, Shelf, Shelving

RELEASE = "embed-adapter-v07"
WEIGHTS = CompositionWeights(reference=1.0, lexical=0.3, reference_facets=0.5, wanted=0.3, rejected=0.2)


def served(
    weights: CompositionWeights = WEIGHTS, *, shelves: dict[str, tuple[str, ...]] | None = None
) -> ServedRelease:
    """shelves: name → the titles on it, the most typical first; none if not given."""
    found = sorted(documents(TITLES, ARTICLES, enrich="all"), key=lambda document: document.doc_id)
    ids = [document.doc_id for document in found]
    base = hashed_words([document.text for document in found])
    records = {doc_id: by_id(TITLES, ARTICLES)[doc_id] for doc_id in ids}
    filters = FilterMasks(list(records.values()))
    return ServedRelease(
        release=RELEASE,
        adapter=Adapter("identity", DIMENSION),
        weights=weights,
        composer=Composer(found, TITLES),
        shown=[shown_of(document, records[document.doc_id]) for document in found],
        base=base,
        rows={doc_id: row for row, doc_id in enumerate(ids)},
        filters=filters,
        out_of_print={doc_id for doc_id, is_gone in zip(ids, filters.out_of_print, strict=True) if is_gone},
        ranks=RanksAll(ids, base),
        shelves=arranged(shelves or {}),
    )


def arranged(shelves: dict[str, tuple[str, ...]]) -> Arrangement:
    """Shelves of these titles and of no others."""
    held = [Shelf(f"id of {name}", name, (), tuple(map(DocId, titles))) for name, titles in shelves.items()]
    no_vectors = hashed_words(["any"])[:0]
    titles = [title for shelf in held for title in shelf.titles]
    return Arrangement(Shelving(RELEASE, ENCODER, held, no_vectors), titles, lambda _: no_vectors)
