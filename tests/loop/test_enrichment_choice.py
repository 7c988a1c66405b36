"""Which titles are enriched: chosen on judged train and dev queries, kept with the candidate, read from the release."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import polars as pl
import pytest
from loop_fixtures import NOON
from loop_world import WordsEncoder, write_rows

from mangaassist.adapter import Adapter, AdapterInfo, recipes_for, save_artifact
from mangaassist.commands.demo import _frozen_rankings
from mangaassist.core.errors import ArtifactError, DataError
from mangaassist.core.types import GroupId, Query, QueryId, Vectors, no_progress
from mangaassist.data import DEFAULT_TEMPLATE, Enrichment, Workspace, ingest_directory
from mangaassist.encoders import CachedEncoder
from mangaassist.evaluation import QueryScores
from mangaassist.loop import (
    DocumentTexts,
    EnrichmentChoice,
    JudgedSplit,
    Settings,
    all_texts,
    candidate_folder,
    choose_enrichment,
    decide,
    evaluate_candidate,
    first_texts,
    judged_split,
    load_catalogue,
    read_settings,
    read_tuning,
    release_candidate,
    texts_in_force,
    texts_of_release,
    train_candidate,
    workspace_encoder,
)
from mangaassist.loop.contenders import Shelves, contenders
from mangaassist.loop.enrichment import better_enrichment
from mangaassist.promotion import IDENTITY
from mangaassist.sample import sample_shop

AMOUNT = 24
PADDING = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


class RememberingEncoder(WordsEncoder):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().encode(texts)


class NeverAsked(WordsEncoder):
    def encode(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError(f"asked for {texts}")


def rich_shop(folder: Path, *, themes: str) -> Workspace:
    """Titles with long descriptions. What judged queries ask for stands in their themes, unless those mislead."""
    own = [letter * 6 for letter in ascii_lowercase[:AMOUNT]]
    words = {"true": own, "misleading": own[1:] + own[:1]}[themes]
    titles = [
        {
            "title_id": f"t{number}",
            "title": f"Title {number}",
            "description": " ".join([*PADDING, *PADDING, *([own[number]] * 3 if themes == "misleading" else [])]),
            "themes": [f"{words[number]} {place}" for place in range(12)],
        }
        for number in range(AMOUNT)
    ]
    split_of = {number: ("train", "dev", "test")[number % 3] for number in range(AMOUNT)}
    queries = [{"query_id": f"q{n}", "text": own[n], "split": split_of[n]} for n in range(AMOUNT)]
    judged = [{"query_id": f"q{n}", "doc_id": f"t{n}", "grade": 2} for n in range(AMOUNT)]
    write_rows(folder / "files" / "catalogue.jsonl", titles)
    write_rows(folder / "files" / "judged_queries.jsonl", queries)
    write_rows(folder / "files" / "judgements.jsonl", judged)
    workspace = Workspace.create(folder / "rich")
    ingest_directory(workspace, folder / "files")
    return workspace


def chosen(workspace: Workspace, encoder: WordsEncoder, settings: Settings | None = None) -> EnrichmentChoice:
    judged = (judged_split(workspace, "train"), judged_split(workspace, "dev"))
    return choose_enrichment(workspace, settings or Settings(), judged, encoder, seed=0)


# The choice on a shop


def test_sparse_is_chosen_where_enriching_long_descriptions_hurts(tmp_path: Path) -> None:
    choice = chosen(rich_shop(tmp_path, themes="misleading"), WordsEncoder())

    assert choice.chosen == "sparse"
    assert choice.all is not None
    assert choice.sparse is not None
    assert choice.delta is not None
    assert choice.sparse == choice.none == 1.0 > choice.all
    assert choice.delta[0] == pytest.approx(choice.sparse - choice.all)
    assert choice.delta[1] > 0
    assert "sparse is better by" in choice.because
    assert (choice.queries, choice.groups) == (16, 16)


def test_all_is_chosen_where_it_helps(tmp_path: Path) -> None:
    choice = chosen(rich_shop(tmp_path, themes="true"), WordsEncoder())

    assert choice.chosen == "all"
    assert choice.delta is not None
    assert choice.delta[2] < 0
    assert "sparse is worse by" in choice.because


def test_no_test_query_takes_part(tmp_path: Path) -> None:
    workspace, encoder = rich_shop(tmp_path, themes="true"), RememberingEncoder()

    chosen(workspace, encoder)

    assert not {query.text for query in judged_split(workspace, "test").queries} & set(encoder.asked)


@pytest.mark.parametrize("enrich", ["all", "sparse", "none"])
def test_what_the_settings_say_is_used_as_it_is(tmp_path: Path, enrich: Enrichment) -> None:
    choice = chosen(rich_shop(tmp_path, themes="misleading"), NeverAsked(), Settings(enrich=enrich))

    assert choice == EnrichmentChoice(enrich, "it is set so in the settings")


# The rule


def scores(*values: float) -> Mapping[QueryId, QueryScores]:
    return {QueryId(f"q{number}"): QueryScores(0, 0, value, 0, 0, 0) for number, value in enumerate(values)}


def ruled(everything: Sequence[float], sparse: Sequence[float], *, groups: int | None = None) -> EnrichmentChoice:
    ids = [QueryId(f"q{number}") for number in range(len(sparse))]
    group_of = {query_id: GroupId(str(place % (groups or len(ids)))) for place, query_id in enumerate(ids)}
    judged = JudgedSplit([Query(query_id, query_id) for query_id in ids], {}, group_of)
    return better_enrichment({"all": scores(*everything), "sparse": scores(*sparse)}, judged, seed=0)


def test_equal_texts_keep_all() -> None:
    choice = ruled([0.5] * 20, [0.5] * 20)

    assert (choice.chosen, choice.delta) == ("all", [0, 0, 0])
    assert choice.because.endswith("no more than one standard error (0.0000): all is kept")


def test_within_one_standard_error_all_is_kept_although_sparse_is_ahead() -> None:
    choice = ruled([0.5] * 20, [0.9, 0.12] * 10)

    assert choice.chosen == "all"
    assert choice.delta is not None
    assert choice.delta[0] == pytest.approx(0.01)


def test_past_one_standard_error_sparse_is_chosen() -> None:
    assert ruled([0.5] * 20, [0.7, 0.5] * 10).chosen == "sparse"


def test_the_standard_error_is_that_of_groups() -> None:
    """+.5 and −.4, ten queries each: alone they leave a small error, as two groups an error of half a point."""
    everything, sparse = [0.5] * 20, [1.0, 0.2] * 10

    assert ruled(everything, sparse).chosen == "sparse"
    assert ruled(everything, sparse, groups=2).chosen == "all"


# What is kept of it


def test_the_choice_stands_in_tuning_report_and_every_artefact(shop: Workspace) -> None:
    choice = read_tuning(shop)["enrichment"]
    report = json.loads((candidate_folder(shop) / "report.json").read_bytes())

    assert set(choice) == {"chosen", "because", "all", "sparse", "none", "delta", "queries", "groups"}
    assert (choice["chosen"], choice["delta"]) == ("all", [0, 0, 0])  # every title of the small shop is sparse
    assert choice["queries"] == 140
    assert report["texts"] == choice
    for rung in read_tuning(shop)["rungs"]:
        config = json.loads((candidate_folder(shop) / rung / "config.json").read_bytes())
        assert config["documents"] == {"enrich": "all", "template": DEFAULT_TEMPLATE}
        assert "enrich `all`" in (candidate_folder(shop) / rung / "README.md").read_text()


def texts_of(workspace: Workspace, settings: Settings) -> set[str]:
    return {document.text for document in load_catalogue(workspace, settings).documents}


def test_before_a_choice_every_title_is_enriched_and_after_it_as_was_chosen(tmp_path: Path) -> None:
    workspace, auto = rich_shop(tmp_path, themes="misleading"), Settings()
    enriched, plain = (texts_of(workspace, Settings(enrich=enrich)) for enrich in ("all", "sparse"))

    assert texts_of(workspace, auto) == enriched != plain

    candidate_folder(workspace).mkdir()
    (candidate_folder(workspace) / "tuning.json").write_text('{"enrichment": {"chosen": "sparse"}}')
    assert texts_in_force(workspace, auto) == DocumentTexts("sparse", DEFAULT_TEMPLATE)
    assert texts_of(workspace, auto) == plain
    assert texts_of(workspace, Settings(enrich="all")) == enriched
    assert first_texts(auto) == DocumentTexts("all", DEFAULT_TEMPLATE)


def test_training_and_evaluation_use_what_was_chosen(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "mangaassist.loop.training.choose_enrichment", lambda *_, **__: EnrichmentChoice("none", "a test says so")
    )
    settings = read_settings(shop.root)
    (candidate_folder(shop) / "tuning.json").unlink()

    train_candidate(shop, settings, seed=0, progress=no_progress)
    report = evaluate_candidate(shop, settings, live=IDENTITY, seed=0, now=NOON, progress=no_progress)

    assert report["texts"]["because"] == "a test says so"
    assert texts_in_force(shop, settings).enrich == "none"
    config = json.loads((candidate_folder(shop) / "linear" / "config.json").read_bytes())
    assert config["documents"]["enrich"] == "none"


def test_without_judged_queries_there_is_nothing_to_choose_on(shop: Workspace) -> None:
    (candidate_folder(shop) / "tuning.json").unlink()
    for kind in ("judged_queries", "judgements"):
        for part in (shop.root / "tables" / kind).glob("*.parquet"):
            pl.read_parquet(part).clear().write_parquet(part)

    with pytest.raises(DataError, match="no judged train query with a relevant document"):
        train_candidate(shop, read_settings(shop.root), seed=0, progress=no_progress)


def test_embedding_ahead_leaves_no_document_for_training_to_encode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = rich_shop(tmp_path, themes="true")
    workspace_encoder(workspace, Settings(), no_progress).encode(all_texts(workspace, Settings()))
    remembering = RememberingEncoder()

    chosen(workspace, CachedEncoder(remembering, workspace.vectors))  # type: ignore[arg-type]

    assert remembering.asked
    assert all(len(text) == 6 for text in remembering.asked)  # the queries alone
    assert all_texts(workspace, Settings(enrich="sparse")) == [
        document.text for document in load_catalogue(workspace, Settings(enrich="sparse")).documents
    ]


# What a release needs


@pytest.mark.usefixtures("easy_gate")
def test_a_release_is_evaluated_on_the_texts_it_was_made_for(shop: Workspace) -> None:
    decide(shop, read_settings(shop.root))
    release = release_candidate(shop, actor="mina", why="a test")
    changed = Settings(enrich="none", template="title")
    encoder = workspace_encoder(shop, changed, no_progress)

    found = contenders(shop, changed, Shelves(shop, changed, encoder), live=release, chosen="identity", encoder=encoder)

    assert texts_of_release(shop, release, changed) == DocumentTexts("all", DEFAULT_TEMPLATE)
    assert texts_of_release(shop, IDENTITY, changed) == DocumentTexts("none", "title")
    old, new = (load_catalogue(shop, changed, texts) for texts in (DocumentTexts("all", DEFAULT_TEMPLATE), None))
    assert found["baseline"].documents == old.documents
    assert found["candidate"].documents == found["frozen"].documents == new.documents
    assert (found["candidate"].search.base_documents == encoded(encoder, new)).all()


def encoded(encoder: CachedEncoder, catalogue: Any) -> Vectors:
    return encoder.encode([document.text for document in catalogue.documents])


def test_a_release_that_does_not_say_has_the_first_texts_and_a_damaged_one_is_an_error(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "shop")
    folder = workspace.releases / "embed-adapter-v01"
    info = AdapterInfo("words@1", recipes_for("identity")[0], rounds=0, seed=0, data_fingerprint="f")
    save_artifact(folder, Adapter("identity", 4), info)

    assert texts_of_release(workspace, "embed-adapter-v01", Settings()) == first_texts(Settings())

    (folder / "config.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"config\.json was changed"):
        texts_of_release(workspace, "embed-adapter-v01", Settings())


def test_the_simulated_shop_began_with_every_title_enriched(tmp_path: Path) -> None:
    encoder, shop = CachedEncoder(WordsEncoder(), tmp_path), sample_shop()
    texts = ["dark fantasy", "where is my parcel"]

    auto, everything, sparse = (
        _frozen_rankings(shop, Settings(enrich=enrich), encoder, texts) for enrich in ("auto", "all", "sparse")
    )

    assert auto == everything != sparse
