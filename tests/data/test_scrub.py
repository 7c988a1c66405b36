import gzip
import json
import time
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mangaassist.data import scrub
from mangaassist.data.identifiers import is_isbn, passes_luhn

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("mail alice.smith+x@example.co.uk now", "mail [email] now"),
        ("メールはalice@example.comです", "メールは[email]です"),
        ("ａｌｉｃｅ@example.com", "[email]"),
        ("call me at 415-555-2671 please", "call me at [phone] please"),
        ("phone: (415) 555-2671", "phone: [phone]"),
        ("my number is +81 90-1234-5678", "my number is [phone]"),
        ("０９０－１２３４－５６７８に電話", "[phone]に電話"),
        ("03-1234-5678", "[phone]"),
        ("020 7946 0958", "[phone]"),
        ("07911 123456", "[phone]"),
        ("06 12 34 56 78", "[phone]"),
        ("0120-123-456", "[phone]"),
        ("call 555-1234", "call [phone]"),
        ("I live at 12 Maple Street, Springfield, IL 62704", "I live at [address]"),
        ("ship to 350 Fifth Ave Apt 4B, New York, NY 10118", "ship to [address]"),
        ("7 Cherry Dr", "[address]"),
        ("PO Box 123", "[address]"),
        ("send to SW1A 1AA", "send to [address]"),
        ("〒150-0041 東京都渋谷区神南1丁目2番3号に送って", "[address]に送って"),
        ("東京都渋谷区神南1-2-3", "[address]"),
        ("Musterstraße 12, 12345 Berlin", "[address]"),
        ("12 rue de la Paix, 75002 Paris", "[address]"),
        ("order #100234 is late", "order [order] is late"),
        ("order 123-1234567-1234567", "order [order]"),
        ("my order number is MA-2024-00123 and it split", "my order number is [order] and it split"),
        ("注文番号 1234567", "注文番号 [order]"),
        ("card 4111 1111 1111 1111", "card [card]"),
        ("4111111111111111 12/27 123", "[card] 12/27 123"),
        ("vol 3 5500-0000-0000-0004", "vol 3 [card]"),
        ("order number 4111 1111 1111 1111", "order number [card]"),
    ],
)
def test_what_names_a_person_is_replaced_by_what_it_was(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "20th Century Boys",
        "20世紀少年",
        "86",
        "Area 88",
        "ＡＲＥＡ８８",
        "100 Bullets volume 12",
        "order 20th Century Boys",
        "order No. 6",
        "why did preorder shipping split my order?",
        "2001 Nights",
        "Cyborg 009",
        "7SEEDS",
        "#000000: Ultra Black",
        "volumes 1 2 3 4 5 6 7 8 9 10 11 12 13 14",
        "volumes 01 02 03 04 05",
        "1999 2000 2001 2002 2003",
        "released 2024-01-15 10:30",
        "24 volumes of the best way",
        "神奈川県立高校1-2巻",
        "ISBN 978-4-08-872509-3",
        "9784088725093",
        "978 4 08 872509 3",
        "0-306-40615-2",
        "0306406152",
        "156971900X",
        "manga like Berserk @ night",
        "",
    ],
)
def test_titles_numbers_and_isbns_survive(text: str) -> None:
    assert scrub(text) == text


def test_a_bare_number_that_could_be_an_isbn_is_a_phone_number_behind_the_word_call() -> None:
    assert scrub("4155552671") == "4155552671"
    assert scrub("call me: 4155552671") == "call me: [phone]"


def check_digit_10(digits: str) -> str:
    rest = -sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11
    return "X" if rest == 10 else str(rest)


def luhn_digit(digits: str) -> str:
    return next(last for last in "0123456789" if passes_luhn(digits + last))


DIGITS = st.text("0123456789", min_size=1, max_size=20)


@given(digits=st.text("0123456789", min_size=9, max_size=9), before=st.sampled_from(["", "ISBN ", "do you have "]))
def test_every_isbn_10_survives(digits: str, before: str) -> None:
    text = before + digits + check_digit_10(digits)

    assert scrub(text) == text


@given(
    digits=st.text("0123456789", min_size=9, max_size=9), prefix=st.sampled_from(["978", "979"]), dashed=st.booleans()
)
def test_every_isbn_13_survives(digits: str, prefix: str, dashed: bool) -> None:
    bare = next(isbn for last in "0123456789" if is_isbn(isbn := prefix + digits + last))
    text = f"{bare[:3]}-{bare[3]}-{bare[4:6]}-{bare[6:12]}-{bare[12]}" if dashed else bare

    assert scrub(f"have you {text}?") == f"have you {text}?"


@given(
    digits=st.text("0123456789", min_size=12, max_size=18),
    gap=st.sampled_from(["", " ", "-"]),
    words=st.sampled_from(["", "my card ", "pay with "]),
)
def test_every_luhn_valid_card_number_goes(digits: str, gap: str, words: str) -> None:
    number = digits + luhn_digit(digits)
    assume(not is_isbn(number))
    assume(not gap or any(not year(number[i : i + 4]) for i in range(0, len(number), 4)))
    grouped = gap.join(number[i : i + 4] for i in range(0, len(number), 4))

    scrubbed = scrub(f"{words}{grouped} please")

    assert grouped not in scrubbed
    assert sum(letter.isdigit() for letter in scrubbed) < 13


def year(group: str) -> bool:
    return len(group) == 4 and group[:2] in ("19", "20")


NAMES = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789", min_size=1, max_size=12)


@given(local=NAMES, host=NAMES, around=st.sampled_from(["{}", "write to {}.", "<{}>", "連絡は{}まで", "a {}, b"]))
def test_every_plain_email_address_goes(local: str, host: str, around: str) -> None:
    address = f"{local}@{host}.example"

    assert scrub(around.format(address)) == around.format("[email]")


@given(
    area=st.integers(200, 999), exchange=st.integers(200, 999), line=st.integers(0, 9999), gap=st.sampled_from("-. ")
)
def test_every_grouped_american_phone_number_goes(area: int, exchange: int, line: int, gap: str) -> None:
    assert scrub(f"reach me {area}{gap}{exchange}{gap}{line:04d} ok") == "reach me [phone] ok"


@given(line=st.integers(0, 9999), group=st.integers(0, 9999), prefix=st.sampled_from(["090", "080", "070", "03", "06"]))
def test_every_grouped_japanese_phone_number_goes(line: int, group: int, prefix: str) -> None:
    assert scrub(f"電話は{prefix}-{group:04d}-{line:04d}です") == "電話は[phone]です"


@given(st.text("call order #@.-+()0123456789 aX名〒-vol", max_size=60) | st.text(max_size=60))
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    once = scrub(text)

    assert scrub(once) == once


@given(st.text(st.characters(exclude_categories=["Nd"], exclude_characters="@＠"), max_size=80))
def test_a_text_without_digits_and_at_signs_is_left_alone(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "a",
            "1 ",
            "a.b-",
            "0",
            "12 a ",
            "order ",
            "call ",
            "call me at on us ",
            "〒",
            "県",
            "漢1",
            "-1",
            "(0",
            "x@",
            "+1",
        ),
        *("12 Aa Bb Cc ", "1 rue a ", "order number id ", "12 Main Street, A ", "9784088725093", "978-"),
    ],
)
def test_a_text_of_10_000_characters_made_to_be_slow_is_scrubbed_in_time(pattern: str) -> None:
    text = (pattern * 10_000)[:9_999] + "@"
    start = time.process_time()

    scrub(text)

    assert time.process_time() - start < 1.0


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real sets of ../shared/data are not here")
def test_every_name_of_every_real_title_survives() -> None:
    with gzip.open(SHARED / "manga" / "catalog.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    names = {row[field] for row in rows for field in ("title", "title_romaji", "title_japanese") if row[field]}
    names |= {alias for row in rows for alias in row["aliases"]}

    assert len(names) > 20_000
    assert [name for name in names if scrub(name) != name] == []
