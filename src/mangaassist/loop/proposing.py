"""A workspace's clusters in, items in its review queue out: what could answer a need, what looks alike, new words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from mangaassist.core.types import DocId, Progress, Vectors
from mangaassist.data import Workspace, titles
from mangaassist.encoders import CachedEncoder
from mangaassist.feedback import (
    FacetVectors,
    Failure,
    FailureCluster,
    ProposalShelf,
    ReviewItem,
    cluster_wishes,
    propose_items,
    propose_words,
    read_bucket,
    read_clusters,
    read_members,
    unexplained,
)
from mangaassist.loop.catalogue import load_catalogue, workspace_encoder
from mangaassist.loop.review_queue import review_store
from mangaassist.loop.reviewing import read_proposals
from mangaassist.loop.settings import Settings
from mangaassist.loop.shop_words import shop_vocabulary
from mangaassist.queries import Facet, QueryReader, read_lexicon

SYNTHETIC_RANK = 0.1
"""Below every cluster's items: what fails now comes before what could be asked."""


def propose_feedback(workspace: Workspace, settings: Settings, *, progress: Progress) -> dict[str, Any]:
    """What `mangaassist feedback propose` prints: how many items are new in the queue, by kind. Under the lock.

    Items that nobody has decided on are brought up to date. Pending synthetic pairs come into the same queue.
    """
    items = [*_cluster_items(workspace, settings, progress), *_synthetic_items(workspace)]
    store = review_store(workspace)
    known = {item.id for item in store.items(with_private=True)}
    store.add(items)
    new = Counter(item.kind for item in items if item.id not in known)
    return {
        "new": dict(sorted(new.items())),
        "queue": {kind: dict(states) for kind, states in store.counts().items()},
        "clusters": len(read_clusters(workspace).clusters),
    }


def failures_of(workspace: Workspace, settings: Settings, encoder: CachedEncoder, reader: QueryReader) -> list[Failure]:
    """Every cluster with what proposals are made of, worst first."""
    clustering, members = read_clusters(workspace), read_members(workspace)
    entries = read_bucket(workspace).join(members.select("key", "cluster_id").drop_nulls(), on="key", how="inner")
    parts = {str(name[0]): part for name, part in entries.partition_by("cluster_id", as_dict=True).items()}
    facets = sorted(reader.facets.names)
    centres = np.array([each.centre for each in clustering.clusters], dtype=np.float32).reshape(-1, encoder.dimension)
    vectors = FacetVectors(facets, _facet_texts(encoder, reader, facets), centres)
    kinds = {document.doc_id: document.kind for document in load_catalogue(workspace, settings).documents}
    return [
        _failure(cluster, parts[cluster.id], members, centres[place], reader, vectors, kinds, settings)
        for place, cluster in enumerate(clustering.clusters)
        if cluster.id in parts
    ]


def _cluster_items(workspace: Workspace, settings: Settings, progress: Progress) -> list[ReviewItem]:
    encoder = workspace_encoder(workspace, settings, progress)
    catalogue = load_catalogue(workspace, settings)
    lexicon = read_lexicon(workspace.root)
    doc_ids = [document.doc_id for document in catalogue.documents]
    reader = QueryReader(titles(workspace), doc_ids, lexicon)
    base = encoder.encode([document.text for document in catalogue.documents])
    shelf = ProposalShelf(catalogue.documents, base, reader.facets)
    vocabulary = shop_vocabulary(workspace, catalogue)
    facets = sorted(reader.facets.names)
    facet_vectors = dict(zip(facets, _facet_texts(encoder, reader, facets), strict=True))
    found = []
    failures = failures_of(workspace, settings, encoder, reader)
    for place, failure in enumerate(failures):
        found += propose_items(failure, shelf, settings.feedback)
        if failure.asks_for == "title":
            words = list(unexplained(failure, shelf.facets, vocabulary))
            word_vectors = dict(zip(words, encoder.encode(words), strict=True))
            found += propose_words(failure, shelf, vocabulary, word_vectors, facet_vectors)
        progress("proposing", place + 1, len(failures))
    return list({item.id: item for item in reversed(found)}.values())


def _facet_texts(encoder: CachedEncoder, reader: QueryReader, facets: Sequence[Facet]) -> Vectors:
    """The vectors of what the catalogue calls these facets."""
    return encoder.encode([f"{reader.facets.names[facet].replace('_', ' ')} manga" for facet in facets])


def _failure(
    cluster: FailureCluster,
    entries: pl.DataFrame,
    members: pl.DataFrame,
    centre: Vectors,
    reader: QueryReader,
    vectors: FacetVectors,
    kinds: Mapping[DocId, str],
    settings: Settings,
) -> Failure:
    own = members.filter(pl.col("cluster_id") == cluster.id, pl.lit(cluster.is_private) | ~pl.col("is_private"))
    own = own.sort(["hurt", "key"], descending=[True, False])
    texts = tuple(own["text"].head(settings.feedback.texts_per_item))
    by_key = dict(zip(own["key"], own["text"], strict=True))
    teachable = entries.filter(pl.col("cause").is_in(["wording", "retrieval"])).sort("at", "query_id")
    evidence: dict[str, list[str]] = {}
    for key, query_id in teachable.select("key", "query_id").iter_rows():
        if key in by_key:
            evidence.setdefault(by_key[key], []).append(query_id)
    first = Counter(doc_id for results in entries["results"].to_list() for doc_id in (results or ())[:3])
    later: dict[str, set[str]] = {}
    who = entries.select(pl.coalesce("client", "session"), "next", "clicked", "next_clicked").iter_rows()
    for client, came_next, clicked, next_clicked in who:
        for doc_id in (next_clicked if came_next == "tried_again" else clicked) or ():
            later.setdefault(doc_id, set()).add(client)
    found_later = {DocId(doc_id): len(clients) for doc_id, clients in sorted(later.items())}
    return Failure(
        cluster=replace(cluster, shown=texts),
        texts=texts,
        evidence={text: tuple(ids) for text, ids in evidence.items()},
        shown_first={DocId(doc_id): times for doc_id, times in sorted(first.items())},
        found_later=found_later,
        searches=entries.height,
        wishes=cluster_wishes(texts, reader, vectors, centre),
        centre=centre,
        asks_for=_asked_kind(cluster, found_later, kinds),
    )


def _asked_kind(cluster: FailureCluster, found_later: Mapping[DocId, int], kinds: Mapping[DocId, str]) -> str:
    """Whether a cluster asks for titles or for help: as most of its searches were routed, else as was clicked."""
    help_asked = cluster.intents.get("faq", 0)
    titles_asked = cluster.intents.get("recommendation", 0) + cluster.intents.get("product_discovery", 0)
    if help_asked == titles_asked:
        clicked = Counter(kinds.get(doc_id, "title") for doc_id in found_later for _ in range(found_later[doc_id]))
        return "article" if clicked["article"] > clicked["title"] else "title"
    return "article" if help_asked > titles_asked else "title"


def _synthetic_items(workspace: Workspace) -> list[ReviewItem]:
    """The pending synthetic pairs as items of the queue."""
    headings = {title.title_id: title.title for title in titles(workspace)}
    return [
        ReviewItem(
            id=proposal.id,
            kind="synthetic",
            reason=f"made from the document's metadata ({proposal.generator.replace('_', ' ')})",
            texts=(proposal.query_text,),
            doc_id=proposal.doc_id,
            details={"heading": headings.get(proposal.doc_id, proposal.doc_id), "generator": proposal.generator},
            rank=SYNTHETIC_RANK,
        )
        for proposal in read_proposals(workspace)
        if proposal.status == "pending"
    ]
