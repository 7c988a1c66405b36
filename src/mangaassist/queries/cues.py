"""The words before a facet, or the text after it, in; whether they turn the facet down out.

English says it before ("not too much", "tired of", "anything but") or after ("gore-free", "romance isn't for me");
Japanese, romanised or not, says it right after (ギャグ要素なし, "ecchi nashi").
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

CUE_WITHIN: Final = 5
"""How many words before a facet a cue may stand."""

_AUXILIARIES: Final = "is are was were do does did has wo ca can could would should must need ai"
"""With "nt" behind them: isnt, wont, cannot is listed."""

_CUES: Final = """
no; not; non; nor; neither; never; less; fewer; without; sans; minus; zero; nothing; nobody; none; cannot; avoid;
avoiding; avoids; skip; skipping; except; excluding; exclude; barring; ditch; hates; dislike; dislikes; i hate; we
hate; hate when; hate it when; i loathe; tired of; sick of; bored of; bored with; bored by; weary of; done with; fed
up with; enough of; enough with; burnt out on; burned out on; so over; put off by; turned off by; allergic to;
squeamish about; faint at; sensitive to; im scared of; im afraid of; free of; free from; devoid of; void of; rather
than; other than; instead of; apart from; aside from; as opposed to; anything but; everything but; all but; opposite
of; easy on; light on; lighter on; low on; short on; tone down; toned down; tones down; dial down; dialed down; turn
down; cut down on; cut back on; hold the; drop the; lose the; leave out; leaves out; leaving out; spare me; stay
away from; steer clear of; keep away from; very little; as little; too little; barely any; hardly any; hardly;
scarcely; rarely; minimal; keep out; pass on; ban on; deal breaker; dealbreaker
"""
"""What turns down the facets after it."""

_HARMLESS: Final = """
dont mind; doesnt mind; wont mind; wouldnt mind; dont care; doesnt matter; no matter; no problem with; not a
problem; no worries; not afraid of; not scared of; not bothered by; not only; not just; not merely; not solely; not
necessarily; not sure; dont know; no idea; no clue; why not; whether or not; if not; cant wait; cant get enough; not
enough; never enough; nothing but; nothing beats; nothing like; nothing less than; no less; no more than; no
shortage of; no lack of; not without; cant do without; cant live without; never read; never tried; never seen; never
watched; havent read; havent tried; havent seen; not read; doesnt have to; dont have to; doesnt need to; dont need
to; no need to; neednt be; no longer; more or less; not that i; no rush; dont get me wrong; never gets old; cant
beat; nor is it
"""
"""What begins like a cue and turns nothing down; it ends the reach of a cue before it."""

_TURNS: Final = frozenset(
    re.findall(
        r"\w+",
        "but more just only want need also plus then instead though although however because prefer love with",
    )
)
"""Words behind which a cue no longer counts."""

_JUST_AFTER: Final = 2
_REACHED_THROUGH: Final = frozenset({"with", "want", "need"})
"""Turns that are none right after a cue: "nothing with ghosts", "don't want gore"."""

_QUANTITIES: Final = frozenset({"much", "many"})


_PARTICLES: Final = frozenset({"wa", "ga", "wo", "ni", "mo", "na", "kara", "toka", "mitai", "nai", "nashi", "desu"})
_FEWEST_PARTICLES: Final = 2
_KANA_SYLLABLES: Final = re.compile(
    "(?:(?:[kgsztdnhbpmyrwjf]|[sc]h|ts|[kgnhbpmr]y)?[aeiou]|n(?![aeiou])|([kstpc])(?=\\1|h))+"
)
"""A romanised Japanese word; after one, "no" is a particle where the text is romanised Japanese."""


def _phrases(listed: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(each.split()) for each in listed.split(";") if each.strip())


_CUE_PHRASES: Final = _phrases(_CUES) | {(f"{each}nt",) for each in _AUXILIARIES.split()}
_HARMLESS_PHRASES: Final = _phrases(_HARMLESS)
_LONGEST: Final = max(map(len, _CUE_PHRASES | _HARMLESS_PHRASES))


def cues_reaching(pieces: Sequence[str]) -> list[int | None]:
    """For every piece, the place of the cue before it that reaches it, or None.

    pieces: words, lower-case and without apostrophes, and punctuation marks.
    """
    found: list[int | None] = []
    cue: int | None = None
    words_since = 0
    for place, kind, length in _steps(pieces):
        found += [cue] * length
        words_since = 0 if kind == "cue" else words_since + 1
        is_passed = pieces[place] in _REACHED_THROUGH and words_since <= _JUST_AFTER
        if kind == "cue":
            cue = place
        elif kind == "end" or (kind == "turn" and not is_passed) or words_since >= CUE_WITHIN:
            cue = None
    return found


def _steps(pieces: Sequence[str]) -> Iterator[tuple[int, str, int]]:
    """The text as cues, turns, ends and plain words, the longest phrase at each place."""
    is_romanised = sum(piece in _PARTICLES for piece in pieces) >= _FEWEST_PARTICLES
    place = 0
    while place < len(pieces):
        kind, length = _kind(pieces, place)
        if is_romanised and pieces[place] == "no" and place and _KANA_SYLLABLES.fullmatch(pieces[place - 1]):
            kind = "word"
        yield place, kind, length
        place += length


def _kind(pieces: Sequence[str], place: int) -> tuple[str, int]:
    for length in range(min(_LONGEST, len(pieces) - place), 0, -1):
        phrase = tuple(pieces[place : place + length])
        if phrase in _HARMLESS_PHRASES:
            return "end", length
        if phrase in _CUE_PHRASES:
            return "cue", length
    piece = pieces[place]
    if piece in _TURNS:
        return "turn", 1
    return ("word" if piece[0].isalnum() else "end"), 1


def is_too_much(pieces: Sequence[str]) -> bool:
    """Whether the pieces before a facet call it too much: "too dark", "too much gore"."""
    before = list(pieces[-2:])
    if before and before[-1] in _QUANTITIES:
        before.pop()
    return bool(before) and before[-1] == "too"


_AFTER_ENGLISH: Final = re.compile(
    r"[\s-]*(?:(?:stuff|scenes?|parts?|content|things?|elements?|plots?)\s+)?(?:"
    r"free\b(?! of| from)|need not apply\b|out of it\b|out please\b|is out\b|puts? me off\b|turns? me off\b"
    r"|bores? me\b|annoys? me\b|scares? me\b|freaks? me out\b|triggers? me\b|stress(?:es)? me\b"
    r"|gives? me (?:nightmares|anxiety)\b"
    r"|(?:(?:is|are|was|were)\s*n['’]?t|(?:is|are|was|were) not|not)\s+(?:really\s+|exactly\s+)?"
    r"(?:for me|my (?:thing|cup|jam|bag|style)|needed|wanted|welcome|required|necessary|allowed|what i)\b"
    r"|(?:is|are) (?:a |an )?(?:no|nope|dealbreaker|deal breaker|turn ?off|too much)\b)"
)

_FILLER_ROMANISED: Final = r"(?:(?:kei|mono|na no|sugiru|sugi|youso|byousha|tenkai|bamen|no)\s+)*"
_ADVERB_ROMANISED: Final = r"(?:(?:amari|anmari|sonna ni|zenzen|mou|chotto|zettai)\s+)?"
_AFTER_ROMANISED: Final = re.compile(
    rf"\s*{_FILLER_ROMANISED}(?:(?:wa|ga|mo|ni|to ka|toka)\s+)?{_ADVERB_ROMANISED}(?:nashi|nai|naku|nuki|janai|ja nai"
    r"|ja naku|ja nakute|dewa nai|de wa nai|hoshikunai|mitakunai|yomitakunai|motometenai|igai|nigate|iranai|irimasen"
    r"|hikaeme|sukuname|usume|muri|iya|kirai|kitsui|ng|dame|zero|akita|tsukareta|yori)\b"
)

_FILLER: Final = (
    "(?:描写|要素|展開|成分|もの|モノ|物|系|すぎ|過ぎ|多め|強め|方向|場面|シーン|お話|話|作品|漫画|マンガ|ネタ|表現|色|満載|"
    "メイン|中心|だらけ|ばかり|ばっかり|一辺倒|的|っぽ|感じ|感|だり|たり|する|され|し|な|の|い|る|さ)"
)
_PARTICLE: Final = "(?:だけは|だけ|とか|なんて|って|には|では|が|は|も|の|を|に)"
_ADVERB: Final = (
    "(?:あまり|あんまり|そんなに|ほとんど|一切|いっさい|全く|まったく|全然|絶対|もう|正直|ちょっと|少し|興味が?)?"
)
_REFUSAL: Final = (
    "(?:なし|無し|ナシ|な[いく]|無[いく]|ゼロ|抜き|ぬき|いらな|要らな|いらん|いりません|要りません|不要|以外|除[いきく]|苦手|控え|"
    "ひかえ|少な|弱め|薄[めい]|じゃな|ではな|でな|嫌|いや|ng|禁止|求めて(?:い)?な|望んで(?:い)?な|見たくな|読みたくな|ほしくな|"
    "欲しくな|避け|勘弁|だめ|ダメ|無理|ムリ|きつ|キツ|辛い|つらい|しんどい|地雷|飽き|疲れ|入って(?:い)?な|出てこな|出な|合わな|"
    "お断り|パス|結構です|遠慮|抑え|より(?!の)|(?<=ちょっと)(?=[。、.…!]|$))"
)
_AFTER_UNSPACED: Final = re.compile(
    f"{_FILLER}{{0,4}}(?:(?:とか|や|と|も)[^。、]{{1,8}}?)?{_PARTICLE}{{0,2}}{_ADVERB}{_REFUSAL}"
)


def is_turned_down_after(plain: str, end: int, *, is_unspaced: bool) -> bool:
    """Whether what stands right after a facet turns it down. plain: the folded text; end: where the facet ends."""
    if _AFTER_UNSPACED.match(plain, end):
        return True
    return not is_unspaced and bool(_AFTER_ENGLISH.match(plain, end) or _AFTER_ROMANISED.match(plain, end))
