"""A seed and a failure at some strength in; a healthy candidate, one with the failure, and one with its fix out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.detectors.log import Log, click, make_log, rows_of, with_synthetic
from benchmarks.detectors.looking_at import Exam, facts_of, make_exam, material_of
from benchmarks.detectors.shop import HALF, Indices, Mask, Shop, Texts, make_shop
from benchmarks.detectors.training import System, frozen, recall_at_3, trained
from mangaassist.core.types import Pair
from mangaassist.data import Title
from mangaassist.evaluation import DiagnosisName, DiagnosisRules, Material, tag_overlaps
from mangaassist.pairs import PairRules, TasteFacets, bilingual_pairs, fixed_rules, taste_pairs

SYNTHETIC = 200
"""Honest synthetic texts of a healthy log, about a twentieth of its weight."""

SHAKE = 0.15
"""How long the noise is that tells two equally good systems apart, where a query is 1."""

LOOSE = PairRules(max_repeats=1_000, max_client_share=1.0, max_synthetic_share=1.0, popularity_exponent=0.0)
"""Rules that let every failure through; what the fixes tighten."""


@dataclass(frozen=True, slots=True)
class Injected:
    """One run.

    harm: recall@3 that the failure costs; of `cold_harm`: recall@3 of cold documents; of `metadata_leakage`: the share
    of overlapping queries that it adds.

    lost, regained: what the failure takes from the candidate, or adds to its report without merit, and what the fix
    gives back of it.
    """

    material: Material
    harm: float
    lost: float
    regained: float


@dataclass(frozen=True, slots=True)
class World:
    """A shop with a live release trained on an earlier log, a new log, and an exam."""

    shop: Shop
    live: System
    log: Log
    exam: Exam

    def recall(self, system: System) -> float:
        """On the honest test queries."""
        return recall_at_3(system, self.exam.test)


def make_world(seed: int, *, clarity: float = 0.0) -> World:
    """The world of a seed."""
    shop = make_shop(seed, clarity=clarity)
    before = with_synthetic(shop, make_log(shop, "before"), SYNTHETIC, drifting=0.0)
    exam = make_exam(shop)
    log = with_synthetic(shop, make_log(shop, "now"), SYNTHETIC, drifting=0.0)
    return World(shop, trained(shop, before, LOOSE), log, exam)


def healthy(seed: int) -> Material:
    """A candidate without a failure: every other seed one that learnt from an honest log, against the base encoder.

    The others are neither better nor worse than what is live: both are one adapter, and each hears every query with a
    little noise of its own. A candidate that was trained again on another log would not do: it truly is better here
    and worse there.
    """
    world = make_world(seed)
    candidate = trained(world.shop, world.log, PairRules())
    if seed % 2:
        return material_of(world.shop, world.exam, world.log, frozen(world.shop), candidate)
    live, other = (replace(candidate, shake=SHAKE, shaken_by=(seed, who)) for who in range(2))
    return material_of(world.shop, world.exam, world.log, live, other)


def _by_training(
    name: DiagnosisName, seed: int, spoil: Callable[[World], Log], mend: Callable[[World, Log], tuple[Log, PairRules]]
) -> Injected:
    """A failure that is in the pairs: train on the honest log, on the spoilt one, and on the mended one."""
    world = make_world(seed)
    spoilt = spoil(world)
    best, bad = trained(world.shop, world.log, LOOSE), trained(world.shop, spoilt, LOOSE)
    mended = trained(world.shop, *mend(world, spoilt))
    lost = world.recall(best) - world.recall(bad)
    material = material_of(world.shop, world.exam, spoilt, world.live, bad, names=[name])
    return Injected(material, lost, lost, world.recall(mended) - world.recall(bad))


def _with_rules(fix: str, **more: tuple[str, ...]) -> Callable[[World, Log], tuple[Log, PairRules]]:
    return lambda _world, spoilt: (spoilt, fixed_rules(LOOSE, [fix], **more))  # type: ignore[list-item]


def popularity_collapse(seed: int, strength: float) -> Injected:
    """A share of the clicks goes to best sellers, whatever was asked."""

    def spoil(world: World) -> Log:
        shop, rng = world.shop, world.shop.rng
        head = shop.popularity > np.quantile(shop.popularity, 0.95)
        chances = np.where(shop.is_cold | ~head, 0.0, shop.popularity)
        best = rng.choice(len(chances), size=len(world.log.pairs), p=chances / chances.sum())
        return _replaced(world, strength, lambda place, _pair: int(best[place]))

    return _by_training("popularity_collapse", seed, spoil, _with_rules("popularity_collapse"))


def synthetic_drift(seed: int, strength: float) -> Injected:
    """A generator writes ever more texts that say another tone than their document's: strength 1 is 4,000 of them."""

    def spoil(world: World) -> Log:
        honest = Log(world.log.texts, _not_written(world.log.pairs), world.log.vectors)
        return with_synthetic(world.shop, honest, SYNTHETIC + int(4_000 * strength), drifting=0.9)

    def mend(_world: World, spoilt: Log) -> tuple[Log, PairRules]:
        rules = fixed_rules(LOOSE, ["synthetic_drift"], drifting=["blurb"])
        kept = [pair for pair in spoilt.pairs if spoilt.makers.get(pair.query_text) not in rules.dropped_generators]
        return replace(spoilt, pairs=kept), rules

    return _by_training("synthetic_drift", seed, spoil, mend)


def narrow_retrieval(seed: int, strength: float) -> Injected:
    """A share of the clicks goes to titles of the subgenre asked for, whatever their tone: the page showed no others.

    Purchases and wishlists are what they were.
    """

    def spoil(world: World) -> Log:
        shop, rng = world.shop, world.shop.rng
        near = np.where(shop.is_cold, -np.inf, world.log.texts.meaning[:, :HALF] @ shop.meaning[:, :HALF].T)
        nearest = np.argsort(-near, axis=1, kind="stable")[:, :20]

        def same_subgenre(place: int, pair: Pair) -> int:
            row = int(pair.query_text.split()[1])
            return int(rng.choice(nearest[row]) if pair.source == "click" else pair.positive[1:])

        return _replaced(world, strength, same_subgenre)

    def mend(world: World, spoilt: Log) -> tuple[Log, PairRules]:
        shop = world.shop
        facets = {
            doc_id: TasteFacets(frozenset({f"genre{shop.subgenre[row]}"}), frozenset({f"tone{shop.tone[row]}"}))
            for row, doc_id in enumerate(shop.doc_ids)
        }
        return replace(spoilt, pairs=[*spoilt.pairs, *taste_pairs(spoilt.pairs, facets)]), LOOSE

    return _by_training("narrow_retrieval", seed, spoil, mend)


def click_farm(seed: int, strength: float) -> Injected:
    """Three clients click five titles for whatever is searched: strength 1 is 1,500 clicks each."""

    def spoil(world: World) -> Log:
        shop, rng = world.shop, world.shop.rng
        targets = rng.choice(np.flatnonzero(~shop.is_cold), size=5, replace=False)
        texts = sorted({pair.query_text for pair in world.log.pairs})
        bots = [
            click(shop, texts[int(rng.integers(len(texts)))], int(rng.choice(targets)), f"bot-{bot}", rng)
            for bot in range(3)
            for _ in range(int(1_500 * strength))
        ]
        return replace(world.log, pairs=[*world.log.pairs, *bots])

    return _by_training("click_farm", seed, spoil, _with_rules("click_farm"))


def language_drift(seed: int, strength: float) -> Injected:
    """Ever fewer texts of the log are Japanese or romanised; at strength 1 none are."""

    def spoil(world: World) -> Log:
        share = (1 - strength) / 3
        log = make_log(world.shop, "english", languages=np.array([1 - 2 * share, share, share]))
        written = [pair for pair in world.log.pairs if pair.source == "synthetic"]
        return Log(log.texts, [*log.pairs, *written], {**world.log.vectors, **log.vectors}, world.log.makers)

    def mend(world: World, spoilt: Log) -> tuple[Log, PairRules]:
        shop = world.shop
        names = [
            Title(title_id=doc_id, title=f"{doc_id} en", title_romaji=f"{doc_id} ro", title_japanese=f"{doc_id} ja")
            for doc_id in shop.doc_ids
        ]
        pairs = bilingual_pairs(names)
        language = np.array([2 if pair.query_text.endswith("ro") else 1 for pair in pairs])
        vectors = shop.encoded(shop.meaning[rows_of(shop, pairs)], language)
        told = dict(zip((pair.query_text for pair in pairs), vectors, strict=True))
        return replace(spoilt, pairs=[*spoilt.pairs, *pairs], vectors={**spoilt.vectors, **told}), LOOSE

    return _by_training("language_drift", seed, spoil, mend)


def cold_harm(seed: int, strength: float) -> Injected:
    """Documents move towards the queries of their clicks, so those that nobody clicked stay behind.

    The fix holds out a fifth of the clicked documents and moves as far as is best for these: not at all, if need be.
    """
    world = make_world(seed)
    shop, best = world.shop, trained(world.shop, world.log, LOOSE)
    bad = _moved(shop, world.log, best, best.trained_on, strength)
    held = frozenset(shop.doc_ids[row] for row in shop.rng.choice(len(shop.doc_ids), len(shop.doc_ids) // 5, False))
    known = tuple(pair for pair in best.trained_on if pair.positive not in held)
    asked = world.log.texts
    unknown: Mask = np.asarray(np.isin(asked.relevant, [int(doc_id[1:]) for doc_id in held]).any(axis=1))
    gains = {
        step: _recall_of(_moved(shop, world.log, best, known, step), asked, unknown, held)
        for step in (0.0, strength / 4, strength / 2, strength)
    }
    step = max(gains, key=lambda each: (gains[each], -each))
    mended = _moved(shop, world.log, best, best.trained_on, step)
    cold = frozenset(shop.doc_ids) - {pair.positive for pair in best.trained_on}
    test = world.exam.test
    wants: Mask = np.asarray(np.isin(test.relevant, [int(doc_id[1:]) for doc_id in cold]).any(axis=1))
    recalls = [_recall_of(system, test, wants, cold) for system in (best, bad, mended)]
    material = material_of(shop, world.exam, world.log, world.live, bad, names=["cold_harm"])
    return Injected(material, recalls[0] - recalls[1], recalls[0] - recalls[1], recalls[2] - recalls[1])


def metadata_leakage(seed: int, strength: float) -> Injected:
    """A share of the test queries is written from the tags of a title; the fix evaluates on the others."""
    world = make_world(seed)
    shop, test = world.shop, world.exam.test
    candidate = trained(shop, world.log, PairRules())
    leaks = shop.rng.random(len(test.need)) < strength
    rows = shop.rng.integers(len(shop.doc_ids), size=int(leaks.sum()))
    written = _from_tags(shop, rows)
    spoilt = _with_rows(test, leaks, written)
    material = material_of(
        shop, replace(world.exam, test=spoilt), world.log, world.live, candidate, names=["metadata_leakage"]
    )
    overlaps = tag_overlaps(material.test, facts_of(shop), DiagnosisRules())
    honest = np.array([not overlaps.get(query_id) for query_id in material.test.texts])
    untouched = np.array([not overlaps_ for overlaps_ in test.tagged])
    shown, true = recall_at_3(candidate, spoilt), recall_at_3(candidate, test)
    mended, as_true = recall_at_3(candidate, _kept(spoilt, honest)), recall_at_3(candidate, _kept(test, untouched))
    lost = shown - true
    return Injected(material, float(spoilt.tagged.mean() - test.tagged.mean()), lost, lost - abs(mended - as_true))


def saturated_base(seed: int, strength: float) -> Injected:
    """The base encoder hears ever more clearly; the fix is not to train."""
    world = make_world(seed, clarity=strength)
    base = frozen(world.shop)
    noisy = _replaced(world, 0.3, lambda _place, pair: int(pair.positive[1:]) // 2)
    candidate = trained(world.shop, noisy, PairRules())
    lost = world.recall(base) - world.recall(candidate)
    material = material_of(world.shop, world.exam, world.log, base, candidate, names=["saturated_base"])
    return Injected(material, lost, lost, lost)


INJECTIONS: Mapping[DiagnosisName, tuple[Callable[[int, float], Injected], tuple[float, ...]]] = {
    "popularity_collapse": (popularity_collapse, (0.3, 0.4, 0.5, 0.6)),
    "synthetic_drift": (synthetic_drift, (0.15, 0.25, 0.5, 1.0)),
    "metadata_leakage": (metadata_leakage, (0.1, 0.15, 0.2, 0.4)),
    "narrow_retrieval": (narrow_retrieval, (0.25, 0.4, 0.55, 0.7)),
    "cold_harm": (cold_harm, (0.01, 0.02, 0.05, 0.1)),
    "language_drift": (language_drift, (0.5, 0.6, 0.7, 0.85)),
    "click_farm": (click_farm, (0.1, 0.3, 0.5, 1.0)),
    "saturated_base": (saturated_base, (0.9, 0.94, 0.98, 1.0)),
}
"""Failure → how it is injected, and its growing strengths."""


def _replaced(world: World, share: float, other: Callable[[int, Pair], int]) -> Log:
    """The log with the positives of a share of its clicks replaced."""
    rng, shop = world.shop.rng, world.shop
    pairs = [
        replace(pair, positive=shop.doc_ids[other(place, pair)]) if pair.client and rng.random() < share else pair
        for place, pair in enumerate(world.log.pairs)
    ]
    return replace(world.log, pairs=pairs)


def _not_written(pairs: list[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.source != "synthetic"]


def _moved(shop: Shop, log: Log, system: System, pairs: tuple[Pair, ...], step: float) -> System:
    """The system with every positive's vector moved `step` of the way of the sum of its queries."""
    queries = system.query_map(np.stack([log.vectors[pair.query_text] for pair in pairs]))
    documents = shop.vectors.copy()
    np.add.at(documents, rows_of(shop, list(pairs)), np.float32(step) * queries)
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    return System(system.query_map, documents, system.trained_on)


def _recall_of(system: System, texts: Texts, asked: Mask, held: frozenset[str]) -> float:
    """Recall@3 of held-out documents, the other relevant ones taken out before the cut."""
    rows = np.array(sorted(int(doc_id[1:]) for doc_id in held))
    best, _ = system.first(texts.vectors[asked], 3 + texts.relevant.shape[1])
    relevant = texts.relevant[asked]
    found, wanted = 0.0, 0
    for place, results in enumerate(best):
        cold = set(relevant[place]) & set(rows)
        kept = [row for row in results if row not in relevant[place] or row in cold][:3]
        found += len(cold & set(kept)) / min(3, len(cold))
        wanted += 1
    return found / max(1, wanted)


def _from_tags(shop: Shop, rows: Indices) -> Texts:
    """Texts that say what a title's own text says, nearly word by word."""
    texts = shop.worded(shop.meaning[rows], np.zeros(len(rows), dtype=np.int64), rows, tagged=1.1)
    return replace(texts, vectors=shop.vectors[rows])


def _with_rows(texts: Texts, chosen: Mask, other: Texts) -> Texts:
    """The texts with the chosen rows taken from others, each a need of its own."""
    columns = {}
    for name in ("meaning", "vectors", "relevant", "language", "need", "tagged"):
        column = getattr(texts, name).copy()
        column[chosen] = getattr(other, name) if name != "need" else texts.need.max() + 1 + np.arange(chosen.sum())
        columns[name] = column
    return Texts(**columns)


def _kept(texts: Texts, kept: Mask) -> Texts:
    return Texts(*(getattr(texts, name)[kept] for name in Texts.__slots__))
