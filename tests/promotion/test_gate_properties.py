from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mangaassist.promotion import (
    FIRST_RUN,
    Decision,
    GateEvidence,
    GateSettings,
    JudgedRange,
    LatencyEvidence,
    Measured,
    PairedGain,
    from_json,
    judge,
    to_json,
)
from mangaassist.promotion.evidence import DiagnosisLevel

RANK = {"reject": 0, "inconclusive": 1, "promote": 2}
LEVELS: tuple[DiagnosisLevel, ...] = ("fail", "warn", "ok")
UNHURRIED = settings(deadline=None, max_examples=60)  # a busy machine is no failure
SIZES = st.sampled_from([49, 50, 99, 100, 500])


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


@st.composite
def measured(draw: st.DrawFn, low: float, high: float) -> Measured:
    """An estimate between the two numbers, in an interval that may reach past them."""
    value = draw(numbers(low, high))
    return Measured(value, value - draw(numbers(0, 0.1)), value + draw(numbers(0, 0.1)))


@st.composite
def ranges(draw: st.DrawFn, high: float) -> JudgedRange:
    both = sorted((draw(measured(0, high)), draw(measured(0, high))), key=lambda end: end.value)
    return JudgedRange(*both)


@st.composite
def gains(draw: st.DrawFn, low: float, *, upper_end_from: float = -1.0) -> PairedGain:
    low99, low95, mean, high95, high99 = sorted(draw(numbers(low, 0.3)) for _ in range(5))
    high95, high99 = max(upper_end_from, high95), max(upper_end_from, high99)
    return PairedGain(mean, low99, high99, low95, high95, queries=draw(SIZES), groups=draw(st.integers(7, 49)))


@st.composite
def evidences(draw: st.DrawFn, *, passing: bool = False) -> GateEvidence:
    """Any evidence, or (passing) such that every number lies between its bound and well past it."""
    gain = gains(0.0001 if passing else -0.1)
    slice_gain = gains(-0.0199, upper_end_from=0.0) if passing else gains(-0.2)
    excused = st.just(True) if passing else st.booleans()
    return GateEvidence(
        candidate="c",
        live="l",
        data_fingerprint="d",
        metrics={
            "recall@3": draw(measured(0.80 if passing else 0.6, 1.0)),
            "ndcg@10": draw(measured(0.78 if passing else 0.6, 1.0)),
        },
        gains={"recall@3": draw(gain), "ndcg@10": draw(gain)},
        bad_top1=draw(ranges(0.08 if passing else 0.2)),
        judged_at_1=draw(numbers(0, 1)),
        judged_at_3=draw(numbers(0.9, 1)),
        cells=draw(st.dictionaries(st.sampled_from("abc"), slice_gain, min_size=1)),
        intents=draw(st.dictionaries(st.sampled_from("abc"), slice_gain)),
        latency=LatencyEvidence(
            latency_addon_p99_ms=draw(numbers(0, 2 if passing else 3)),
            routing_p99_ms=draw(numbers(0, 15) if passing else st.none() | numbers(0, 20)),
            response_p99_ms=draw(numbers(0, 22) if passing else st.none() | numbers(0, 30)),
            live_response_p99_ms=20.0 if passing else draw(st.none() | numbers(0, 30)),
            serving_exists=draw(excused),
        ),
        diagnoses=draw(st.dictionaries(st.sampled_from("xy"), st.sampled_from(LEVELS[1:] if passing else LEVELS))),
        earlier_looks=draw(st.integers(0, 30)),
    )


def better_gain(gain: PairedGain, more: Callable[[], float]) -> PairedGain:
    low99, low95 = gain.low99 + more(), gain.low95 + more()
    high99, high95 = max(low99, gain.high99 + more()), max(low95, gain.high95 + more())
    return replace(gain, mean=gain.mean + more(), low99=low99, low95=low95, high99=high99, high95=high95)


def higher(one: Measured, more: Callable[[], float]) -> Measured:
    low = one.low + more()
    return Measured(one.value + more(), low, max(low, one.high + more()))


def lower(one: Measured, less: Callable[[], float]) -> Measured:
    high = one.high - less()
    return Measured(one.value - less(), min(high, one.low - less()), high)


def better_range(ends: JudgedRange, less: Callable[[], float]) -> JudgedRange:
    low, high = lower(ends.low, less), lower(ends.high, less)
    return JudgedRange(replace(low, value=min(low.value, high.value)), high)


def better_level(level: DiagnosisLevel, more: Callable[[], float]) -> DiagnosisLevel:
    return level if more() < 0.1 else LEVELS[min(2, LEVELS.index(level) + 1)]


def faster(ms: float | None, less: Callable[[], float]) -> float | None:
    return None if ms is None else max(0.0, ms - less())


def better(evidence: GateEvidence, step: Callable[[], float]) -> GateEvidence:
    """The same with every number of the candidate at least as good."""
    latency = evidence.latency
    return replace(
        evidence,
        metrics={name: higher(one, step) for name, one in evidence.metrics.items()},
        gains={name: better_gain(gain, step) for name, gain in evidence.gains.items()},
        bad_top1=better_range(evidence.bad_top1, step),
        judged_at_1=min(1.0, evidence.judged_at_1 + step()),
        judged_at_3=min(1.0, evidence.judged_at_3 + step()),
        cells={name: better_gain(gain, step) for name, gain in evidence.cells.items()},
        intents={name: better_gain(gain, step) for name, gain in evidence.intents.items()},
        latency=replace(
            latency,
            latency_addon_p99_ms=max(0.0, latency.latency_addon_p99_ms - step()),
            routing_p99_ms=faster(latency.routing_p99_ms, step),
            response_p99_ms=faster(latency.response_p99_ms, step),
        ),
        diagnoses={name: better_level(level, step) for name, level in evidence.diagnoses.items()},
    )


@UNHURRIED
@given(evidence=evidences(passing=True))
def test_evidence_between_its_bounds_and_better_is_promoted(evidence: GateEvidence) -> None:
    assert judge(evidence).outcome == "promote"


@UNHURRIED
@given(evidence=evidences(passing=True), data=st.data())
def test_a_better_candidate_is_never_refused_what_a_worse_one_was_granted(
    evidence: GateEvidence, data: st.DataObject
) -> None:
    improved = better(evidence, lambda: data.draw(st.just(0.0) | numbers(0, 0.2)))

    assert judge(evidence).outcome == "promote"
    assert judge(improved).outcome == "promote"


@UNHURRIED
@given(evidence=evidences())
def test_evidence_and_decision_survive_the_way_through_json(evidence: GateEvidence) -> None:
    decision = judge(evidence)

    assert from_json(GateEvidence, to_json(evidence), source="evidence.json") == evidence
    assert from_json(Decision, to_json(decision), source="decision.json") == decision


@UNHURRIED
@given(evidence=evidences())
def test_the_outcome_is_that_of_the_weightiest_rule(evidence: GateEvidence) -> None:
    decision = judge(evidence)

    outcomes = {rule.outcome for rule in decision.rules}
    assert (decision.outcome == "reject") == ("reject" in outcomes)
    assert (decision.outcome == "promote") == outcomes.isdisjoint({"reject", "inconclusive"})


@UNHURRIED
@given(evidence=evidences())
def test_only_an_open_decision_asks_for_queries_and_always_for_more_than_there_are(evidence: GateEvidence) -> None:
    decision = judge(evidence)

    assert decision.queries_needed is None or decision.outcome == "inconclusive"
    assert decision.queries_needed is None or decision.queries_needed > evidence.queries


@UNHURRIED
@given(evidence=evidences(), data=st.data())
def test_a_better_candidate_is_never_judged_worse(evidence: GateEvidence, data: st.DataObject) -> None:
    """With the same documents judged: a judgement more may turn an open range into a missed ceiling."""
    improved = better(evidence, lambda: data.draw(st.just(0.0) | numbers(0, 0.2)))
    as_judged = replace(improved, judged_at_3=evidence.judged_at_3)

    assert RANK[judge(as_judged).outcome] >= RANK[judge(evidence).outcome]


@UNHURRIED
@given(evidence=evidences(), data=st.data())
def test_looser_bounds_never_judge_worse(evidence: GateEvidence, data: st.DataObject) -> None:
    step = data.draw(st.fixed_dictionaries({name: numbers(0, 0.2) for name in ("floor", "ceiling", "margin", "ms")}))
    looser = GateSettings(
        recall_at_3_floor=FIRST_RUN.recall_at_3_floor - step["floor"],
        ndcg_at_10_floor=FIRST_RUN.ndcg_at_10_floor - step["floor"],
        bad_top1_ceiling=FIRST_RUN.bad_top1_ceiling + step["ceiling"],
        harm_margin=FIRST_RUN.harm_margin + step["margin"],
        harm_margin_of_mean=FIRST_RUN.harm_margin_of_mean + step["margin"],
        latency_addon_ceiling_ms=FIRST_RUN.latency_addon_ceiling_ms + step["ms"],
        routing_ceiling_ms=FIRST_RUN.routing_ceiling_ms + step["ms"],
        response_allowance_ms=FIRST_RUN.response_allowance_ms + step["ms"],
    )

    assert RANK[judge(evidence, looser).outcome] >= RANK[judge(evidence).outcome]


@UNHURRIED
@given(evidence=evidences(), gain=gains(-0.3))
def test_a_slice_that_is_only_shown_decides_nothing(evidence: GateEvidence, gain: PairedGain) -> None:
    """However bad it is: under 50 queries it takes no part."""
    shown = replace(gain, queries=49, groups=min(gain.groups, 49))

    assert judge(replace(evidence, cells={**evidence.cells, "new": shown})).outcome == judge(evidence).outcome


@UNHURRIED
@given(evidence=evidences(), gain=gains(-0.3))
def test_one_slice_more_to_judge_never_helps(evidence: GateEvidence, gain: PairedGain) -> None:
    more = replace(evidence, intents={**evidence.intents, "new": gain})

    assert RANK[judge(more).outcome] <= RANK[judge(evidence).outcome]


@UNHURRIED
@given(evidence=evidences())
def test_the_order_and_the_names_of_slices_do_not_matter(evidence: GateEvidence) -> None:
    renamed = {f"z{name}": evidence.cells[name] for name in reversed(list(evidence.cells))}

    decision, other = judge(evidence), judge(replace(evidence, cells=renamed))

    assert (other.outcome, other.queries_needed) == (decision.outcome, decision.queries_needed)
