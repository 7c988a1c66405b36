"""A catalogue's facets and a lexicon in, the phrases that mean them out: "iyashikei" → healing, "comfy" → cozy."""

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from mangaassist.core.errors import SettingsError
from mangaassist.queries.facets import Facet, facet_of
from mangaassist.queries.words import words

LEXICON_FILE: Final = "lexicon.toml"

Lexicon = Mapping[str, tuple[str, ...]]
"""Phrase as shoppers say it → names of facets."""

_FILE = TypeAdapter(dict[str, dict[str, tuple[str, ...]]])


def built_in_lexicon() -> Lexicon:
    """The phrases that come with the program."""
    source = resources.files("mangaassist.queries") / LEXICON_FILE
    return _parse(source.read_bytes(), LEXICON_FILE)


def read_lexicon(folder: Path, *, learnt: Lexicon | None = None) -> Lexicon:
    """The built-in phrases with those of a workspace's own file added, which go before them.

    learnt: phrases that reviewers accepted; they go before the built-in ones, and behind the workspace's own.
    Raises SettingsError naming the file if it is not what `[facets]`, phrase = list of facets, should be.
    """
    path = folder / LEXICON_FILE
    own = _parse(path.read_bytes(), str(path)) if path.is_file() else {}
    return {**built_in_lexicon(), **(learnt or {}), **own}


def _parse(content: bytes, source: str) -> Lexicon:
    try:
        sections = _FILE.validate_python(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(f'{source}: {reason}; write [facets] and lines such as "cosy" = ["cozy"]') from error
    unknown = sorted(set(sections) - {"facets"})
    if unknown:
        raise SettingsError(f"{source}: has a section {unknown[0]!r}; the only one is [facets]")
    return sections.get("facets", {})


def phrases_of(lexicon: Lexicon, facets: Iterable[Facet]) -> dict[tuple[str, ...], frozenset[Facet]]:
    """Words → the facets of this catalogue that they mean; every facet is also a phrase of its own."""
    known = frozenset(facets)
    phrases = {facet: frozenset({facet}) for facet in known}
    for phrase, names in lexicon.items():
        meant = known & {facet_of(name) for name in names}
        key = tuple(words(phrase))
        if meant:
            phrases[key] = meant
        elif not names:
            phrases.pop(key, None)
    return phrases
