"""Published recipes that sink unknown documents are rejected, and it is said why."""

import pytest
from benchmarks.known_failures import judged
from benchmarks.nudged_shop import nudged_shop

pytestmark = pytest.mark.slow


def test_documents_moved_towards_their_queries_are_rejected_and_cold_harm_is_shown() -> None:
    split, material, addon_ms = nudged_shop(seed=1)

    found = judged(split, material, addon_ms, 1)

    assert found.decision.outcome == "reject"
    assert found.cold_harm.status == "fail"
    assert found.cold_harm.evidence
    assert (found.cold_harm.figures["warm recall@3"].candidate or 0) > (
        found.cold_harm.figures["warm recall@3"].baseline or 0
    ), "what everybody looks at got better"
