"""Titles and help articles in, documents out: what the encoder reads about each of them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from mangaassist.core.errors import DataError, SettingsError
from mangaassist.core.types import DocId, Document
from mangaassist.data.contracts import Article, Title

Enrichment = Literal["all", "sparse", "none"]

DEFAULT_TEMPLATE: Final = (
    "title + author + demographic + genre + tone + themes + age rating + availability + description"
)
PLAIN_TEMPLATE: Final = ("title", "description")
SPARSE_BELOW_WORDS: Final = 20
SINGULAR: Final = {"author": "authors", "genre": "genres", "tone": "tones", "theme": "themes", "alias": "aliases"}
FIELDS: Final = (
    "title",
    "title_romaji",
    "title_japanese",
    "aliases",
    "authors",
    "demographic",
    "genres",
    "tones",
    "themes",
    "age_rating",
    "availability",
    "publisher",
    "status",
    "description",
)
SLOW_AVAILABILITY: Final = {"inprint": "in print", "preorder": "preorder", "outofprint": "out of print"}
UNSPACED: Final = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f]")


def title_text(title: Title, template: str | Sequence[str] = DEFAULT_TEMPLATE, *, enrich: bool = True) -> str:
    """What the encoder reads about a title: the template's fields that have a value; plain, only title and description.

    Of availability only what stays true for weeks enters: in print, preorder, out of print.
    """
    fields = template_fields(template) if enrich else PLAIN_TEMPLATE
    return ". ".join(part for part in (_field_text(title, field) for field in fields) if part)


def template_fields(template: str | Sequence[str]) -> tuple[str, ...]:
    """The fields of a template such as `title + author + age rating`; SettingsError for one that a title has not."""
    names = template.split("+") if isinstance(template, str) else template
    fields = tuple(_field_name(name) for name in names)
    unknown = [name for name, field in zip(names, fields, strict=True) if field not in FIELDS]
    if unknown or not fields:
        shown = ", ".join(repr(name.strip()) for name in unknown) or "no field"
        raise SettingsError(f"the text template names {shown}; it may name {', '.join(FIELDS)}")
    return fields


def _field_name(name: str) -> str:
    name = name.strip().casefold().replace(" ", "_")
    return SINGULAR.get(name, name)


def _field_text(title: Title, field: str) -> str:
    value = getattr(title, field)
    if field == "availability":
        value = SLOW_AVAILABILITY.get(re.sub(r"[\W_]", "", value or "").casefold())
    return ", ".join(value) if isinstance(value, tuple) else value or ""


def is_sparse(title: Title) -> bool:
    """Whether the description has fewer than 20 words, and so says little by itself."""
    return word_count(title.description or "") < SPARSE_BELOW_WORDS


def word_count(text: str) -> float:
    """Words between spaces; of scripts written without spaces, Japanese and Chinese, two letters count as a word."""
    text = unicodedata.normalize("NFKC", text)
    spaced = UNSPACED.sub(" ", text).split()
    return sum(any(letter.isalnum() for letter in word) for word in spaced) + len(UNSPACED.findall(text)) / 2


def documents(
    titles: Iterable[Title],
    articles: Iterable[Article],
    *,
    enrich: Enrichment,
    template: str | Sequence[str] = DEFAULT_TEMPLATE,
) -> list[Document]:
    """Every title, then every article, as it is encoded. Raises DataError if two of them have the same id."""
    found = [title_document(title, enrich=enrich, template=template) for title in titles]
    found += [article_document(article) for article in articles]
    seen: set[DocId] = set()
    for document in found:
        if document.doc_id in seen:
            raise DataError(f"two documents have the id {document.doc_id!r}; ids are shared by titles and articles")
        seen.add(document.doc_id)
    return found


def title_document(title: Title, *, enrich: Enrichment, template: str | Sequence[str] = DEFAULT_TEMPLATE) -> Document:
    """One title; enriched if all are, or if sparse ones are and it is."""
    rich = enrich == "all" or (enrich == "sparse" and is_sparse(title))
    return Document(DocId(title.title_id), title_text(title, template, enrich=rich), title.title, "title")


def article_document(article: Article) -> Document:
    """One help article: its title and its body."""
    text = f"{article.title}. {article.body}" if article.body else article.title
    return Document(DocId(article.article_id), text, article.title, "article")
