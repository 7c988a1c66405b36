"""What debiasing clicks by position leaves of the bias: `python -m benchmarks.click_models [--json FILE] [--no-docs]`.

Logs are simulated with three click models, of which only the first is the one that is fitted. In each, shoppers type
one of `TEXTS` texts and see ten results of a ranking that is at times mixed up. A candidate ranking is then scored
against the logging one by `chosen@3`, as clicked and debiased, and both are held against the truth: what would have
been chosen, had everybody looked at everything they were shown.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.types import DocId, QueryId, Run
from mangaassist.evaluation import (
    Choice,
    Impressions,
    PositionBias,
    fit_position_bias,
    score_choices,
)
from mangaassist.loop.live_log_choices import MOST_WEIGHT

Numbers = npt.NDArray[np.float64]
Clicks = npt.NDArray[np.bool_]
ClickModel = Callable[[Numbers, np.random.Generator], tuple[Clicks, Clicks]]
"""Attraction (searches, places) → clicked and looked at, of the same shape."""

PAGE = "docs/live-log.md"
TEXTS, DOCUMENTS, PLACES = 60, 15, 10
SEARCHES = 20_000
SHUFFLED_SHARE = 0.3
SEEDS = 20
POSITION_BIAS = 0.6


@dataclass(frozen=True, slots=True)
class Log:
    """One simulated log. documents, clicked, looked_at: (searches, places); texts: of each search.

    attraction: (texts, documents).  places: of each document in the logging and the candidate ranking of each text.
    """

    texts: npt.NDArray[np.int64]
    documents: npt.NDArray[np.int64]
    clicked: Clicks
    looked_at: Clicks
    attraction: Numbers
    logging: npt.NDArray[np.int64]
    candidate: npt.NDArray[np.int64]

    def impressions(self) -> Impressions:
        """What the model is fitted on."""
        pairs = self.texts[:, None] * DOCUMENTS + self.documents
        positions = np.broadcast_to(np.arange(1, PLACES + 1), pairs.shape)
        return Impressions(pairs.ravel(), positions.ravel(), self.clicked.ravel())

    def runs(self) -> dict[str, Run]:
        """Both rankings of every text, the text's number as its id."""
        return {
            who: {
                QueryId(str(text)): {DocId(str(document)): -float(place) for document, place in enumerate(places)}
                for text, places in enumerate(ranking.tolist())
            }
            for who, ranking in (("logging", self.logging), ("candidate", self.candidate))
        }

    def choices(self, worth: Numbers) -> list[Choice]:
        """Every shown result that is worth something; worth: (searches, places)."""
        found = np.zeros(self.attraction.shape)
        np.add.at(found, (np.repeat(self.texts, PLACES), self.documents.ravel()), worth.ravel())
        return [
            Choice(QueryId(str(text)), DocId(str(document)), float(found[text, document]))
            for text, document in np.argwhere(found > 0).tolist()
        ]


def by_position(attraction: Numbers, rng: np.random.Generator) -> tuple[Clicks, Clicks]:
    """Position-based: place k is looked at with chance k ** -POSITION_BIAS, whatever else happens."""
    looked = rng.random(attraction.shape) < np.arange(1, PLACES + 1) ** -POSITION_BIAS
    return looked & (rng.random(attraction.shape) < attraction), looked


def by_cascade(attraction: Numbers, rng: np.random.Generator) -> tuple[Clicks, Clicks]:
    """Cascade: from the top down until the first click, which ends it (Craswell et al. 2008)."""
    return _downwards(attraction, rng, goes_on=1.0, satisfied=1.0)


def by_dbn(attraction: Numbers, rng: np.random.Generator) -> tuple[Clicks, Clicks]:
    """Dynamic Bayesian network: half of the clicks satisfy, and else 85 % go on (Chapelle and Zhang 2009)."""
    return _downwards(attraction, rng, goes_on=0.85, satisfied=0.5)


def _downwards(
    attraction: Numbers, rng: np.random.Generator, *, goes_on: float, satisfied: float
) -> tuple[Clicks, Clicks]:
    looking = np.ones(len(attraction), dtype=bool)
    clicked, looked = np.zeros(attraction.shape, dtype=bool), np.zeros(attraction.shape, dtype=bool)
    for place in range(PLACES):
        looked[:, place] = looking
        clicked[:, place] = looking & (rng.random(len(attraction)) < attraction[:, place])
        stops = clicked[:, place] & (rng.random(len(attraction)) < satisfied)
        looking = looking & ~stops & (rng.random(len(attraction)) < goes_on)
    return clicked, looked


MODELS: Mapping[str, ClickModel] = {"position-based": by_position, "cascade": by_cascade, "DBN": by_dbn}


def simulated_log(model: ClickModel, *, seed: int, searches: int = SEARCHES) -> Log:
    """Searches on a logging ranking that knows relevance badly; the candidate knows it better."""
    rng = np.random.default_rng(seed)
    shape = (TEXTS, DOCUMENTS)
    is_relevant = rng.random(shape) < 0.2
    attraction = np.where(is_relevant, rng.uniform(0.2, 0.5, shape), rng.uniform(0.01, 0.08, shape))
    logging, candidate = (
        np.argsort(np.argsort(-(attraction + rng.normal(scale=noise, size=shape)), axis=1), axis=1)
        for noise in (0.25, 0.15)
    )
    texts = rng.integers(TEXTS, size=searches)
    mixed = np.where(rng.random((searches, 1)) < SHUFFLED_SHARE, 8.0, 1.0) * rng.normal(size=(searches, DOCUMENTS))
    documents = np.argsort(logging[texts] + mixed, axis=1)[:, :PLACES]
    clicked, looked_at = model(np.take_along_axis(attraction[texts], documents, axis=1), rng)
    return Log(texts, documents, clicked, looked_at, attraction, logging, candidate)


@dataclass(frozen=True, slots=True)
class Found:
    """Of one click model, over the seeds. truth, as_clicked, debiased: mean gain in chosen@3, candidate − logging.

    bias_*: mean of the estimate minus the truth of its log.  sd_*: standard deviation of that over logs.
    looked_at, examination: of each place, true (over that of the first) and fitted, mean over the seeds.
    """

    model: str
    truth: float
    as_clicked: float
    debiased: float
    bias_as_clicked: float
    bias_debiased: float
    sd_as_clicked: float
    sd_debiased: float
    looked_at: list[float]
    examination: list[float]
    logs: int


def bias_left(name: str, *, seeds: int = SEEDS) -> Found:
    """What debiasing makes of logs of one click model."""
    gains, looked, fitted = [], [], []
    for seed in range(seeds):
        log = simulated_log(MODELS[name], seed=seed)
        bias = fit_position_bias(log.impressions())
        assert bias is not None
        gains.append(gains_of(log, bias))
        share = log.looked_at.mean(axis=0)
        looked.append(share / share[0])
        fitted.append([bias.at(place) for place in range(1, PLACES + 1)])
    truth, as_clicked, debiased = np.array(gains).T
    print(
        f"{name}: bias {np.mean(as_clicked - truth):+.4f} as clicked, {np.mean(debiased - truth):+.4f}", file=sys.stderr
    )
    return Found(
        model=name,
        truth=float(truth.mean()),
        as_clicked=float(as_clicked.mean()),
        debiased=float(debiased.mean()),
        bias_as_clicked=float((as_clicked - truth).mean()),
        bias_debiased=float((debiased - truth).mean()),
        sd_as_clicked=float((as_clicked - truth).std()),
        sd_debiased=float((debiased - truth).std()),
        looked_at=np.mean(looked, axis=0).round(4).tolist(),
        examination=np.mean(fitted, axis=0).round(4).tolist(),
        logs=seeds,
    )


def gains_of(log: Log, bias: PositionBias) -> tuple[float, float, float]:
    """(true, as clicked, debiased) gain of the candidate over the logging ranking in chosen@3."""
    weights = np.array([bias.weight(place, most=MOST_WEIGHT) for place in range(1, PLACES + 1)])
    shown = np.take_along_axis(log.attraction[log.texts], log.documents, axis=1)
    runs = log.runs()

    def gain(worth: Numbers) -> float:
        choices = log.choices(worth)
        scores = {who: score_choices(run, choices).value("chosen@3") for who, run in runs.items()}
        return scores["candidate"] - scores["logging"]

    return gain(shown), gain(log.clicked.astype(np.float64)), gain(log.clicked * weights)


def table(found: list[Found], where: str) -> str:
    """As it stands in the docs."""
    rows = [
        f"| {each.model} | {each.truth:+.3f} | {each.as_clicked:+.3f} "
        f"| {each.bias_as_clicked:+.3f} ± {each.sd_as_clicked:.3f} "
        f"| {each.debiased:+.3f} | {each.bias_debiased:+.3f} ± {each.sd_debiased:.3f} "
        f"| {_at(each.looked_at)} | {_at(each.examination)} |"
        for each in found
    ]
    return "\n".join(
        [
            f"Mean ± standard deviation over {found[0].logs} simulated logs of {SEARCHES:,} searches a row, {where}:",
            "",
            "| shoppers click by | true gain in chosen@3 | as clicked | bias | debiased | bias left "
            "| looked at, places 2 / 4 / 10 | fitted |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
        ]
    )


def _at(values: list[float]) -> str:
    return " / ".join(f"{values[place - 1]:.2f}" for place in (2, 4, 10))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", default=str(Path(__file__).parent / "results" / "click_models.json"), metavar="FILE")
    parser.add_argument("--no-docs", action="store_true", help="leave the docs as they are")
    options = parser.parse_args()
    here, found = machine(), [bias_left(name) for name in MODELS]
    text = json.dumps({"machine": here, "click_models": [asdict(each) for each in found]}, indent=2) + "\n"
    if options.json == "-":
        sys.stdout.write(text)
    else:
        Path(options.json).write_text(text, encoding="utf-8")
    if not options.no_docs:
        rebuild("click models", table(found, f"{here['cores']} cores of {here['processor']}, {here['date']}"), PAGE)


if __name__ == "__main__":
    main()
