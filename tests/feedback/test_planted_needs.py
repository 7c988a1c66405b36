"""What shoppers mean, said in many ways, is found as one need by the real encoder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.feedback_clusters import planted_needs, planted_scores


def test_planted_needs_are_recovered_from_their_paraphrases() -> None:
    needs = planted_needs()
    assert len(needs) >= 12
    assert all(len(set(texts)) >= 8 for texts in needs.values())

    found = planted_scores()

    assert len(found["recovered"]) >= 10
    assert found["adjusted_rand"] >= 0.7
    assert found["rivals_to_lovers_are_one"]
    assert "rivals_to_lovers" in found["recovered"]
