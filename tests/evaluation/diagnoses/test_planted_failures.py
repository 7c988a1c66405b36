"""Every seed failure mode has a test named after it: planted it is found and named, and without it nothing is."""

from dataclasses import replace

import pytest
from planted import CATALOGUE, QUERIES, alarms, facts, found, others, pairs_of, probes, right, wanted

from mangaassist.core.types import DocId, GroupId, QueryId
from mangaassist.evaluation.diagnoses import DiagnosisRules, Material

EVEN = frozenset(CATALOGUE[::2])


def wrong(number: int) -> list[DocId]:
    return others(number)


def half_right(number: int) -> list[DocId]:
    return right(number) if number % 2 else wrong(number)


# No failure


@pytest.mark.parametrize("lists", [half_right, wrong], ids=["middling", "useless"])
def test_a_candidate_that_ranks_as_what_is_live_raises_no_alarm(lists: object) -> None:
    test = probes(lists, lists)  # type: ignore[arg-type]

    assert alarms(Material(test, facts(popular=CATALOGUE[:20]), warm=EVEN)) == []


def test_a_candidate_that_is_better_everywhere_raises_no_alarm() -> None:
    test = probes(half_right, right)
    each_its_own = facts(popular=CATALOGUE[:20], subgenres=lambda number: {f"genre {number}"})

    assert alarms(Material(test, each_its_own, warm=EVEN)) == []


def test_without_data_every_diagnosis_is_ok_and_says_what_it_lacks() -> None:
    nothing = Material(probes(right, right), facts())
    few = replace(nothing, test=replace(nothing.test, qrels={QueryId("q000"): {CATALOGUE[0]: 1}}))

    for name in ("popularity_collapse", "synthetic_drift", "metadata_leakage", "narrow_retrieval", "click_farm"):
        diagnosis = found(few, name)
        assert (diagnosis.status, diagnosis.value, diagnosis.is_decided) == ("ok", None, False)
        assert diagnosis.because.startswith("too small: ")


# cold_harm


def without_cold(number: int) -> list[DocId]:
    """The warm one of both wanted documents, the other one gone."""
    return [wanted(number)[0], *others(number)]


def test_cold_harm_is_found_while_warm_documents_stay() -> None:
    diagnosis = found(Material(probes(right, without_cold), facts(), warm=EVEN), "cold_harm")

    assert (diagnosis.status, diagnosis.fix) == ("fail", "cold_harm")
    assert diagnosis.value == pytest.approx(1.0)
    assert diagnosis.figures["warm recall@3"].candidate == 1.0
    assert (diagnosis.evidence[0].document, diagnosis.evidence[0].after[0]) == ("Title 001", "Title 000")
    assert "falls from place 2 to below 11" in diagnosis.evidence[0].said


def test_a_loss_on_known_documents_is_no_cold_harm() -> None:
    def without_warm(number: int) -> list[DocId]:
        return [wanted(number)[1], *others(number)]

    assert found(Material(probes(right, without_warm), facts(), warm=EVEN), "cold_harm").status == "ok"


def test_a_small_but_certain_loss_warns_and_does_not_fail() -> None:
    def loses_few(number: int) -> list[DocId]:
        return without_cold(number) if number < 18 else right(number)

    material = Material(probes(right, loses_few), facts(), warm=EVEN)

    assert found(material, "cold_harm", DiagnosisRules(cold_harm=0.10)).status == "warn"
    assert found(material, "cold_harm", DiagnosisRules(cold_harm=0.08)).status == "fail"


def test_a_loss_that_chance_explains_is_ok() -> None:
    def loses_three(number: int) -> list[DocId]:
        return without_cold(number) if number < 3 else right(number)

    diagnosis = found(Material(probes(right, loses_three), facts(), warm=EVEN), "cold_harm")

    assert (diagnosis.status, diagnosis.evidence, diagnosis.fix) == ("ok", (), "")
    assert diagnosis.value == pytest.approx(3 / 200)


def test_what_groups_share_is_one_observation_and_not_many() -> None:
    """All losses are wordings of one need: that need may be an accident."""
    test = probes(right, lambda number: without_cold(number) if number < 40 else right(number))
    one_need = {QueryId(f"q{number:03}"): GroupId("a need") for number in range(40)}
    material = Material(test, facts(), warm=EVEN)

    assert found(material, "cold_harm").status == "fail"
    assert found(replace(material, test=replace(test, groups={**test.groups, **one_need})), "cold_harm").status == "ok"


# popularity_collapse


def test_popularity_collapse_is_found_with_the_best_sellers_that_took_the_places() -> None:
    head = CATALOGUE[:20]

    def best_sellers(number: int) -> list[DocId]:
        return [head[number % 3], *right(number)]

    diagnosis = found(Material(probes(right, best_sellers), facts(popular=head)), "popularity_collapse")

    assert (diagnosis.status, diagnosis.fix) == ("fail", "popularity_collapse")
    assert diagnosis.evidence[0].document in {"Title 000", "Title 001", "Title 002"}
    gini = diagnosis.figures["Gini of first 3"]
    assert gini.candidate is not None
    assert gini.baseline is not None
    assert gini.candidate > gini.baseline


def test_best_sellers_that_people_want_are_no_collapse() -> None:
    """The candidate shows the head as often as the judgements imply."""
    popular = [doc_id for number in range(QUERIES) for doc_id in wanted(number)[:1]]

    material = Material(probes(wrong, right), facts(popular=popular))

    assert found(material, "popularity_collapse", DiagnosisRules(head_share=0.5)).status == "ok"


# narrow_retrieval


def test_narrow_retrieval_is_found_where_all_results_are_of_one_subgenre() -> None:
    same = [doc_id for number, doc_id in enumerate(CATALOGUE) if number % 7 == 0]

    def of_one_genre(number: int) -> list[DocId]:
        return [same[(number + step) % len(same)] for step in range(10)]

    diagnosis = found(Material(probes(right, of_one_genre), facts()), "narrow_retrieval")

    assert (diagnosis.status, diagnosis.fix) == ("fail", "narrow_retrieval")
    assert diagnosis.evidence[0].said == "10 of its first ten are genre 0"


def test_results_as_narrow_as_what_is_relevant_are_fine() -> None:
    def by_need(number: int) -> set[str]:
        return {f"genre {number // 10}"}

    def of_its_genre(number: int) -> list[DocId]:
        start = 2 * number // 10 * 10
        return CATALOGUE[start : start + 10]

    material = Material(probes(wrong, of_its_genre), facts(subgenres=by_need))

    assert found(material, "narrow_retrieval").status == "ok"


# synthetic_drift


def test_synthetic_drift_is_found_and_the_generator_named() -> None:
    written = replace(
        probes(wrong, right),
        makers={QueryId(f"q{number:03}"): "facets" if number % 2 else "alias" for number in range(QUERIES)},
    )
    material = Material(probes(right, right), facts(), synthetic=written, practised=probes(half_right, half_right))

    diagnosis = found(material, "synthetic_drift")

    assert (diagnosis.status, diagnosis.fix) == ("fail", "synthetic_drift")
    assert {each.said for each in diagnosis.evidence[:2]} == {
        "texts of the generator “alias” gain +1.000 recall@3",
        "texts of the generator “facets” gain +1.000 recall@3",
    }


def test_both_kinds_gaining_alike_is_no_drift() -> None:
    gaining = probes(half_right, right)

    assert found(Material(gaining, facts(), synthetic=gaining, practised=gaining), "synthetic_drift").status == "ok"


def test_without_judged_training_queries_drift_is_measured_against_the_test_queries() -> None:
    assert found(Material(probes(right, right), facts(), synthetic=probes(wrong, right)), "synthetic_drift").status == (
        "fail"
    )
    assert found(Material(probes(wrong, right), facts(), synthetic=probes(wrong, right)), "synthetic_drift").status == (
        "ok"
    )


# metadata_leakage


def tagged(number: int) -> set[str]:
    return {"slice_of_life", f"tone {number}"}


def test_metadata_leakage_is_found_in_test_queries_that_are_made_of_tags() -> None:
    of_tags = {number: f"a Slice-of-Life manga, tone {2 * number}!" for number in range(0, QUERIES, 2)}
    material = Material(
        probes(right, right, texts=of_tags), facts(subgenres=tagged), logged=probes(half_right, half_right)
    )

    diagnosis = found(material, "metadata_leakage")

    assert (diagnosis.status, diagnosis.fix) == ("fail", "metadata_leakage")
    assert diagnosis.value == pytest.approx(0.25)  # one of two wanted documents, in every second query
    assert "holds slice_of_life, tone 0: tags of “Title 000”" in diagnosis.evidence[0].said


def test_shoppers_who_type_tags_themselves_make_no_leakage() -> None:
    of_tags = {number: f"slice of life, tone {2 * number}" for number in range(QUERIES)}
    typed = probes(half_right, half_right, texts=of_tags)

    assert found(Material(typed, facts(subgenres=tagged), logged=typed), "metadata_leakage").status == "ok"


# language_drift


def in_two_languages(baseline: object, candidate: object) -> Material:
    """Queries 2i and 2i + 1 are the English and the Japanese version of need i."""
    versions = probes(baseline, candidate)  # type: ignore[arg-type]
    needs = {QueryId(f"q{number:03}"): GroupId(f"need {number // 2}") for number in range(QUERIES)}
    languages = {QueryId(f"q{number:03}"): "ja" if number % 2 else "en" for number in range(QUERIES)}
    relevant = {query_id: dict.fromkeys(wanted(int(query_id[1:]) // 2), 1) for query_id in languages}
    return Material(
        probes(right, right), facts(), versions=replace(versions, qrels=relevant, groups=needs, languages=languages)
    )


def as_one(number: int) -> list[DocId]:
    return right(number // 2)


def test_language_drift_is_found_where_japanese_answers_go_their_own_way() -> None:
    def apart(number: int) -> list[DocId]:
        return others(number + 91) if number % 2 else as_one(number)

    diagnosis = found(in_two_languages(as_one, apart), "language_drift")

    assert (diagnosis.status, diagnosis.fix) == ("fail", "language_drift")
    assert diagnosis.value is not None
    assert diagnosis.value > 0.9
    assert {each.said for each in diagnosis.evidence} == {"en version of one need", "ja version of one need"}


def test_languages_that_both_get_better_do_not_drift() -> None:
    def better_apart(number: int) -> list[DocId]:
        return right(number // 2)[:2] + others(number + 91)[:8]

    def wrong_alike(number: int) -> list[DocId]:
        return others(number // 2)

    assert found(in_two_languages(wrong_alike, better_apart), "language_drift").status == "ok"


# click_farm


def honest_log() -> list[list[str]]:
    """Thirty clients a title, of whom every fifth comes back once."""
    return [[f"c{(title * 7 + visit) % 300}" for visit in [*range(30), *range(0, 30, 5)]] for title in range(40)]


def test_click_farm_is_found_with_the_title_and_its_carriers() -> None:
    log = [pair for title, clients in enumerate(honest_log()) for pair in pairs_of(CATALOGUE[title], clients)]
    farmed = pairs_of(CATALOGUE[99], ["bot-1", "bot-2", "bot-3"] * 20, text="best manga ever")
    material = Material(probes(right, right), facts(), pairs=[*log, *farmed])

    diagnosis = found(material, "click_farm")

    assert (diagnosis.status, diagnosis.fix) == ("fail", "click_farm")
    assert diagnosis.value == pytest.approx(60 / (60 + len(log)), abs=1e-3)
    (shown,) = diagnosis.evidence
    assert (shown.document, shown.query) == ("Title 099", "best manga ever")
    assert shown.said == "3 clients made 60 of its 60 pairs (100%)"


def test_an_honest_log_has_no_click_farm() -> None:
    log = [pair for title, clients in enumerate(honest_log()) for pair in pairs_of(CATALOGUE[title], clients)]

    assert found(Material(probes(right, right), facts(), pairs=log), "click_farm").status == "ok"


def test_readers_who_all_come_back_often_are_no_farm() -> None:
    """Everybody clicks a title ten times: few clients carry every title, but that is how this shop is."""
    log = [
        pair
        for title in range(40)
        for pair in pairs_of(CATALOGUE[title], [f"c{title}-{visit % 5}" for visit in range(50)])
    ]

    assert found(Material(probes(right, right), facts(), pairs=log), "click_farm").status == "ok"


# saturated_base


def test_saturated_base_is_found_where_nothing_is_left_to_gain() -> None:
    diagnosis = found(Material(probes(right, wrong), facts()), "saturated_base")

    assert (diagnosis.status, diagnosis.fix) == ("fail", "")
    assert diagnosis.because.endswith("there is nothing to gain, so do not train")


def test_a_base_that_misses_one_query_in_twenty_is_not_saturated() -> None:
    def misses_some(number: int) -> list[DocId]:
        return wrong(number) if number % 20 == 0 else right(number)

    assert found(Material(probes(misses_some, right), facts()), "saturated_base").status == "ok"
