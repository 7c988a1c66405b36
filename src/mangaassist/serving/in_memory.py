"""A release or the candidate in, live or not; the same out, ready to answer over the present catalogue."""

from pathlib import Path

from mangaassist.adapter import Adapter, read_composition
from mangaassist.data import Title, Workspace
from mangaassist.encoders import CachedEncoder
from mangaassist.loop import (
    Settings,
    adapter_of_release,
    candidate_folder,
    composition_of_release,
    document_vectors,
    read_rung,
    read_tuning,
    texts_in_force,
    texts_of_release,
)
from mangaassist.retrieval import EXACT_UP_TO, IndexInfo, build_index, open_index
from mangaassist.serving.ranking import Ranks, RanksAll
from mangaassist.serving.served_release import Composition, ServedRelease, assembled, catalogue_of, ranks_of
from mangaassist.shelves import Arrangement, make_shelves

CANDIDATE = "candidate"


def published_in_memory(
    workspace: Workspace, settings: Settings, release: str, encoder: CachedEncoder, *, scratch: Path | None = None
) -> ServedRelease:
    """A published release; raises ArtifactError where its files were changed. scratch: see `release_in_memory`."""
    weights, lexicon = composition_of_release(workspace, release)
    composition = Composition(weights, lexicon, texts_of_release(workspace, release, settings))
    adapter = adapter_of_release(workspace, release, encoder)
    return release_in_memory(workspace, release, adapter, composition, encoder, scratch=scratch)


def candidate_in_memory(
    workspace: Workspace, settings: Settings, encoder: CachedEncoder, *, scratch: Path | None = None
) -> ServedRelease:
    """The trained candidate's chosen rung, as it would be published."""
    chosen = read_tuning(workspace)["chosen"]
    adapter: Adapter = read_rung(workspace, chosen, encoder_id=encoder.encoder_id)
    weights, lexicon = read_composition(candidate_folder(workspace) / chosen)
    composition = Composition(weights, lexicon, texts_in_force(workspace, settings))
    return release_in_memory(workspace, CANDIDATE, adapter, composition, encoder, scratch=scratch)


def release_in_memory(
    workspace: Workspace,
    name: str,
    adapter: Adapter,
    composition: Composition,
    encoder: CachedEncoder,
    *,
    scratch: Path | None = None,
) -> ServedRelease:
    """Any adapter over the present catalogue.

    scratch: a folder for an index, which a large catalogue is searched by as in service; None scores every document.
    """
    found, records = catalogue_of(workspace, composition.texts)
    doc_ids = [document.doc_id for document in found]
    base = encoder.encode([document.text for document in found])
    adapted = adapter.adapt_documents(base)
    rows = {document.doc_id: row for row, document in enumerate(found) if document.kind == "title"}
    known = [record for doc_id in rows if isinstance(record := records[doc_id], Title)]
    made = make_shelves(known, adapted[list(rows.values())], release=name, encoder_id=encoder.encoder_id)
    shelves = Arrangement(made, list(rows), lambda doc_ids: adapted[[rows[doc_id] for doc_id in doc_ids]])
    ranks: Ranks = RanksAll(doc_ids, adapted)
    if scratch is not None and len(found) > EXACT_UP_TO:
        folder = scratch / name
        build_index(
            folder,
            document_vectors(doc_ids, adapted, records),
            IndexInfo(encoder.encoder_id, name, encoder.dimension),
            exact_up_to=EXACT_UP_TO,
        )
        ranks = ranks_of(open_index(folder, encoder_id=encoder.encoder_id, release=name), doc_ids, EXACT_UP_TO)
    return assembled(workspace, name, adapter, composition, found, records, base, ranks, shelves)
