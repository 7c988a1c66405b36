import pytest

from mangaassist.core.errors import DataError, SettingsError
from mangaassist.core.types import DocId, Document
from mangaassist.data import Article, Enrichment, Title, documents, is_sparse, template_fields, title_text, word_count

YKK = Title(
    title_id="m1",
    title="Yokohama Kaidashi Kikou",
    authors=("Ashinano, Hitoshi",),
    demographic="Seinen",
    genres=("Slice of Life", "Sci-Fi"),
    tones=("iyashikei",),
    themes=("found family", "cafe"),
    age_rating="teen",
    availability="in print",
    description="An android keeps a cafe.",
)
BARE = Title(title_id="m2", title="Monster")
RICH = Title(title_id="m3", title="Berserk", genres=("Fantasy",), description="word " * 20)


def test_the_enriched_text_names_the_fields_in_the_order_of_the_design() -> None:
    assert title_text(YKK) == (
        "Yokohama Kaidashi Kikou. Ashinano, Hitoshi. Seinen. Slice of Life, Sci-Fi. iyashikei. found family, cafe. "
        "teen. in print. An android keeps a cafe."
    )


def test_the_plain_text_is_the_title_and_its_description() -> None:
    assert title_text(YKK, enrich=False) == "Yokohama Kaidashi Kikou. An android keeps a cafe."


def test_fields_without_a_value_leave_no_trace() -> None:
    assert title_text(BARE) == title_text(BARE, enrich=False) == "Monster"


@pytest.mark.parametrize("template", ["title + tone", ["title", "tones"], " Title+TONE "])
def test_a_template_may_be_a_text_or_a_list(template: str | list[str]) -> None:
    assert title_text(YKK, template) == "Yokohama Kaidashi Kikou. iyashikei"


@pytest.mark.parametrize("template", ["title + stock", "", [], "title + popularity"])
def test_a_template_that_names_no_field_of_a_title_is_a_settings_error(template: str | list[str]) -> None:
    with pytest.raises(SettingsError, match="it may name title, title_romaji"):
        template_fields(template)


@pytest.mark.parametrize(
    ("availability", "shown"),
    [
        ("in print", "Monster. in print"),
        ("In_Print", "Monster. in print"),
        ("pre-order", "Monster. preorder"),
        ("OUT OF PRINT", "Monster. out of print"),
        ("in stock", "Monster"),
        ("3 left", "Monster"),
        (None, "Monster"),
    ],
)
def test_only_slow_values_of_availability_enter_the_text(availability: str | None, shown: str) -> None:
    assert title_text(Title(title_id="m2", title="Monster", availability=availability)) == shown


@pytest.mark.parametrize(("words", "sparse"), [(0, True), (19, True), (20, False), (21, False)])
def test_a_description_under_20_words_is_sparse(words: int, sparse: bool) -> None:
    assert is_sparse(Title(title_id="m1", title="x", description="word " * words)) == sparse


@pytest.mark.parametrize(("letters", "sparse"), [(38, True), (39, True), (40, False), (41, False)])
def test_two_japanese_letters_count_as_a_word(letters: int, sparse: bool) -> None:
    assert is_sparse(Title(title_id="m1", title="x", description=("漢字かなカナー" * 6)[:letters])) == sparse


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), ("- one, two -", 2), ("ドラマCD 3枚", 4), ("ﾄﾞﾗﾏ", 1.5), ("나 혼자만 레벨업", 3)],
)
def test_words_are_counted_across_scripts(text: str, words: float) -> None:
    assert word_count(text) == words


PLAIN_YKK = "Yokohama Kaidashi Kikou. An android keeps a cafe."
RICH_WORDS = " ".join(["word"] * 20)


@pytest.mark.parametrize(
    ("enrich", "sparse", "rich"),
    [
        ("all", "Yokohama Kaidashi Kikou. Slice of Life, Sci-Fi", "Berserk. Fantasy"),
        ("sparse", "Yokohama Kaidashi Kikou. Slice of Life, Sci-Fi", f"Berserk. {RICH_WORDS}"),
        ("none", PLAIN_YKK, f"Berserk. {RICH_WORDS}"),
    ],
)
def test_all_titles_sparse_ones_or_none_are_enriched(enrich: Enrichment, sparse: str, rich: str) -> None:
    found = documents([YKK, RICH], [], enrich=enrich, template="title + genre")

    assert [document.text for document in found] == [sparse, rich]
    assert [(document.heading, document.kind) for document in found] == [(YKK.title, "title"), ("Berserk", "title")]


def test_an_article_is_its_title_and_its_body() -> None:
    articles = [
        Article(article_id="a1", title="Split orders", body="Preorders ship later."),
        Article(article_id="a2", title="Returns"),
    ]

    assert documents([], articles, enrich="all") == [
        Document(DocId("a1"), "Split orders. Preorders ship later.", "Split orders", "article"),
        Document(DocId("a2"), "Returns", "Returns", "article"),
    ]


def test_a_title_and_an_article_of_one_id_are_an_error() -> None:
    with pytest.raises(DataError, match="two documents have the id 'm1'"):
        documents([YKK], [Article(article_id="m1", title="Returns")], enrich="none")
