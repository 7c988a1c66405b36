import pytest

from mangaassist.promotion import GateEvidence, JudgedRange, LatencyEvidence, Measured, PairedGain


@pytest.fixture(scope="session")
def promotable() -> GateEvidence:
    """Evidence that passes every rule with room to spare; tests replace one number of it."""
    gain = PairedGain(mean=0.12, low99=0.08, high99=0.16, low95=0.09, high95=0.15, queries=500, groups=400)
    slice_gain = PairedGain(mean=0.12, low99=0.04, high99=0.20, low95=0.06, high95=0.18, queries=125, groups=100)
    return GateEvidence(
        candidate="c0ffee",
        live="embed-adapter-v00",
        data_fingerprint="data-1",
        metrics={"recall@3": Measured(0.84, 0.80, 0.88), "ndcg@10": Measured(0.82, 0.79, 0.85)},
        gains={"recall@3": gain, "ndcg@10": gain},
        bad_top1=JudgedRange(low=Measured(0.05, 0.03, 0.07), high=Measured(0.06, 0.04, 0.08)),
        judged_at_1=0.99,
        judged_at_3=0.98,
        cells={"seen": slice_gain, "unseen": slice_gain},
        intents={"faq": slice_gain, "recommendation": slice_gain},
        latency=LatencyEvidence(
            latency_addon_p99_ms=0.5,
            routing_p99_ms=9.0,
            response_p99_ms=30.0,
            live_response_p99_ms=29.0,
            serving_exists=True,
        ),
        diagnoses={"popularity_collapse": "ok", "hubness": "warn"},
        baseline={"recall@3": 0.68, "ndcg@10": 0.71},
        earlier_looks=0,
    )
