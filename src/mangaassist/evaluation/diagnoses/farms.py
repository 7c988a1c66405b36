"""`click_farm`: a few clients, people or bots, carry the pairs of a document.

What is natural is read off the log itself: how many pairs one client gives one document. Every document with enough
pairs draws its clients anew from that, and what such draws carry is what chance gives. Nothing is assumed of how often
people come back to a title.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mangaassist.core.types import DocId, Pair
from mangaassist.evaluation.diagnoses.diagnosis import SHOWN_EVIDENCE, Diagnosis, Evidence, Figure
from mangaassist.evaluation.diagnoses.harm import status_of
from mangaassist.evaluation.diagnoses.material import Material
from mangaassist.evaluation.diagnoses.showing import too_small
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules

DRAWS = 399
"""How often the log is drawn anew: enough for a tail of 0.0025."""


def click_farm(material: Material, rules: DiagnosisRules, *, seed: int) -> Diagnosis:
    """Value: share of the clients' training weight that lies on carried documents, beyond what chance carries.

    A document is carried where `carriers` clients made at least `carried_share` of its pairs. The interval's lower
    end takes off the most that chance carries, so few carried documents can be an alarm where chance has none.
    """
    cells = _cells(material.pairs)
    sizes = {doc_id: sum(clients.values()) for doc_id, clients in cells.items()}
    tested = sorted(doc_id for doc_id, size in sizes.items() if size >= rules.fewest_pairs)
    if not tested:
        because = f"no document has {rules.fewest_pairs} pairs of known clients"
        return too_small("click_farm", rules, because)
    weight = _weights(material.pairs)
    shares = {doc_id: _top_share(list(cells[doc_id].values()), rules.carriers) for doc_id in tested}
    carried = [doc_id for doc_id in tested if shares[doc_id] >= rules.carried_share]
    total = sum(weight.values())
    seen = sum(weight[doc_id] for doc_id in carried) / total
    natural = _natural(cells, carried if 2 * len(carried) < len(cells) else [])
    drawn = _drawn(tested, sizes, weight, natural, rules, np.random.default_rng(seed)) / total
    chance, edge = float(drawn.mean()), float(np.quantile(drawn, 1 - rules.tail, method="higher"))
    value, low = seen - chance, seen - edge
    status = status_of(value, low, tolerated=rules.click_farm_tolerated, threshold=rules.click_farm)
    return Diagnosis(
        name="click_farm",
        status=status,
        value=value,
        baseline=chance,
        threshold=rules.click_farm,
        tolerated=rules.click_farm_tolerated,
        because=(
            f"{rules.carriers} clients carry {len(carried)} of {len(tested)} documents with {rules.fewest_pairs} pairs "
            f"or more: {seen:.1%} of the clients' weight, where chance carries {chance:.1%}"
        ),
        interval=(low, max(value, seen - float(np.quantile(drawn, rules.tail, method="lower")))),
        queries=sum(sizes.values()),
        groups=len(tested),
        figures={
            "share of weight on carried documents": Figure(chance, seen),
            "carried documents": Figure(None, float(len(carried))),
        },
        evidence=_evidence(material, cells, sizes, shares, carried, rules) if status != "ok" else (),
        fix="click_farm" if status != "ok" else "",
    )


Cells = Mapping[DocId, Counter[str]]


def _cells(pairs: Sequence[Pair]) -> Cells:
    """Document → client → how many pairs; pairs that no client stands behind are left out."""
    cells: dict[DocId, Counter[str]] = {}
    for pair in pairs:
        if pair.client:
            cells.setdefault(pair.positive, Counter())[pair.client] += 1
    return cells


def _weights(pairs: Sequence[Pair]) -> dict[DocId, float]:
    weights: dict[DocId, float] = {}
    for pair in pairs:
        if pair.client:
            weights[pair.positive] = weights.get(pair.positive, 0.0) + pair.weight
    return weights


def _natural(cells: Cells, suspects: Sequence[DocId]) -> list[int]:
    """How many pairs one client gives one document; suspects say nothing of it unless they are most of the shop."""
    left_out = set(suspects)
    return [size for doc_id in sorted(cells) if doc_id not in left_out for size in cells[doc_id].values()]


def _top_share(sizes: Sequence[int], carriers: int) -> float:
    return sum(sorted(sizes, reverse=True)[:carriers]) / sum(sizes)


def _drawn(
    tested: Sequence[DocId],
    sizes: Mapping[DocId, int],
    weight: Mapping[DocId, float],
    natural: Sequence[int],
    rules: DiagnosisRules,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """(DRAWS,): the weight that carried documents have, each time every document draws its clients anew."""
    pool, carried = np.array(natural), np.zeros(DRAWS)
    for doc_id in tested:
        wanted = sizes[doc_id]
        draws = pool[rng.integers(0, len(pool), size=(DRAWS, wanted))]
        before = np.cumsum(draws, axis=1) - draws
        taken = np.clip(np.minimum(draws, wanted - before), 0, None)
        top = np.sort(taken, axis=1)[:, -rules.carriers :].sum(axis=1)
        carried += weight[doc_id] * (top / wanted >= rules.carried_share)
    return carried


def _evidence(
    material: Material,
    cells: Cells,
    sizes: Mapping[DocId, int],
    shares: Mapping[DocId, float],
    carried: Sequence[DocId],
    rules: DiagnosisRules,
) -> tuple[Evidence, ...]:
    """The largest carried documents, each with a text that its clients typed most."""
    found = []
    for doc_id in sorted(carried, key=lambda doc_id: (-sizes[doc_id], doc_id))[:SHOWN_EVIDENCE]:
        clients = sorted(cells[doc_id], key=lambda client: (-cells[doc_id][client], client))[: rules.carriers]
        made = sum(cells[doc_id][client] for client in clients)
        texts = Counter(
            pair.query_text for pair in material.pairs if pair.positive == doc_id and pair.client in set(clients)
        )
        text = min(texts, key=lambda each: (-texts[each], each))
        said = f"{len(clients)} clients made {made} of its {sizes[doc_id]} pairs ({shares[doc_id]:.0%})"
        found.append(Evidence(said, query=text, document=material.documents.heading(doc_id)))
    return tuple(found)
