"""The small shop's releases, and what each of them must answer by the code that evaluates them."""

from collections.abc import Mapping, Sequence

from mangaassist.core.types import DocId, Query, no_progress
from mangaassist.data import Workspace
from mangaassist.evaluation import ranked
from mangaassist.loop import (
    adapter_of_release,
    composition_of_release,
    judged_split,
    read_settings,
    registry_of,
    texts_of_release,
    workspace_encoder,
)
from mangaassist.loop.contenders import Shelves
from mangaassist.promotion import Decision
from mangaassist.serving import LiveEngine, RetrieveRequest

RELEASE = "embed-adapter-v01"


def queries_of(workspace: Workspace) -> Sequence[Query]:
    return judged_split(workspace, "test").queries


def evaluated(workspace: Workspace, release: str, queries: Sequence[Query], depth: int) -> Mapping[str, list[DocId]]:
    """The ranking of every query as `ComposedSearch` gives it, the retriever that was judged."""
    settings = read_settings(workspace.root)
    encoder = workspace_encoder(workspace, settings, no_progress)
    weights, lexicon = composition_of_release(workspace, release)
    shelf = Shelves(workspace, settings, encoder).of(texts_of_release(workspace, release, settings), lexicon)
    search = shelf.retriever(adapter_of_release(workspace, release, encoder), weights).search
    run = search.run(queries, encoder.encode([query.text for query in queries]), depth=depth)
    return {query.query_id: ranked(run[query.query_id]) for query in queries}


def asked(query: Query, k: int = 10) -> RetrieveRequest:
    return RetrieveRequest(query=query.text, intent=query.intent, k=k)


def found(engine: LiveEngine, request: RetrieveRequest) -> list[str]:
    return [result.id for result in engine.answer(request, query_id="q").results]


def promote(workspace: Workspace, release: str, decision: Decision | None = None) -> None:
    registry = registry_of(workspace)
    registry.promote(
        release,
        decision,
        expected_live=registry.aliases().live,
        data_fingerprint="",
        actor="mina",
        why="a test",
        override="to serve it",
    )


def rollback(workspace: Workspace) -> None:
    registry = registry_of(workspace)
    registry.rollback(expected_live=registry.aliases().live, actor="mina", why="a test")
