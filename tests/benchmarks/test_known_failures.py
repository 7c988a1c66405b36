"""Published recipes that sink unknown documents are rejected, and it is said why."""

from pathlib import Path

import pytest
from benchmarks.known_failures import STACKFAQ, judged, stackfaq
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


@pytest.mark.shared
def test_the_plain_network_with_hard_negatives_is_rejected_on_unseen_faqs() -> None:
    if not Path(STACKFAQ).is_dir():
        pytest.skip(f"{STACKFAQ} is not here")

    found = stackfaq(STACKFAQ, seed=0)

    assert found.decision.outcome == "reject"
    assert found.cold_harm.status == "fail"
    assert found.cold_harm.evidence
