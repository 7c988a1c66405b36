"""Clusters of texts in, a name for each out: the words that its texts use and the other clusters' do not.

c-TF-IDF (Grootendorst 2022): a cluster counts as one document. tf = how many of its texts hold the term, as a share;
idf = log(1 + clusters / clusters that hold the term). Terms are words, pairs of words that stand together, and in
Japanese, which has no spaces, runs of two to six letters.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from typing import Final

from mangaassist.feedback.slang import telling_words
from mangaassist.queries import folded
from mangaassist.queries.words import UNSPACED

NAME_TERMS: Final = 3
TERMS: Final = 8
_RUNS: Final = re.compile(f"[{UNSPACED}]+")
_LATIN_WORD: Final = re.compile(f"[^\\W_{UNSPACED}]+(?:['’-][^\\W_{UNSPACED}]+)*")
_LONGEST_RUN: Final = 6
_ONLY_HIRAGANA: Final = re.compile("[ぁ-ゖー]+")
_IN_HOW_MANY: Final = 2
"""A term that only one of several texts holds is no name for them."""


def terms_of(text: str) -> set[str]:
    """The terms of a text as people would read them: words, pairs of telling words, runs of Japanese letters."""
    plain = folded(text)
    found: set[str] = set()
    before = ""
    for match in _LATIN_WORD.finditer(plain):
        word = match[0]
        if not telling_words(word):
            before = ""
            continue
        found.add(word)
        if before:
            found.add(f"{before} {word}")
        before = word
    for run in _RUNS.findall(plain):
        found |= {
            run[place : place + length]
            for length in range(2, _LONGEST_RUN + 1)
            for place in range(len(run) - length + 1)
        }
    return {term for term in found if not (_ONLY_HIRAGANA.fullmatch(term) and len(term) < 3)}


def cluster_terms(clusters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Cluster → its telling terms, the most telling first; a term within a better one is left out.

    clusters: id → texts, each text once.
    """
    counts = {name: Counter(term for text in texts for term in terms_of(text)) for name, texts in clusters.items()}
    holds = Counter(term for count in counts.values() for term in count)
    found = {}
    for name, texts in clusters.items():
        least = min(_IN_HOW_MANY, len(texts))
        weights = {
            term: times / len(texts) * log(1 + len(clusters) / holds[term]) * (1 + 0.1 * len(term.split()))
            for term, times in counts[name].items()
            if times >= least
        }
        best = sorted(weights, key=lambda term: (-weights[term], -len(term), term))
        found[name] = _apart(best)[:TERMS]
    return found


def name_of(terms: Sequence[str], texts: Sequence[str]) -> str:
    """The name of a cluster: its best terms, or where its texts share none the first text."""
    return " · ".join(terms[:NAME_TERMS]) if terms else texts[0]


def _apart(terms: Sequence[str]) -> list[str]:
    """The terms without those that say again what a better one has said."""
    kept: list[str] = []
    for term in terms:
        if not any(_says_again(term, other) for other in kept):
            kept.append(term)
    return kept


def _says_again(term: str, other: str) -> bool:
    """Whether two terms share a word, or, in Japanese, most of their letters."""
    if set(term.split()) & set(other.split()):
        return True
    shorter, longer = sorted((term, other), key=len)
    return _RUNS.fullmatch(shorter) is not None and (shorter in longer or _shares_letters(shorter, longer))


def _shares_letters(shorter: str, longer: str) -> bool:
    pairs, others = ({each[place : place + 2] for place in range(len(each) - 1)} for each in (shorter, longer))
    return 2 * len(pairs & others) >= len(pairs) > 0
