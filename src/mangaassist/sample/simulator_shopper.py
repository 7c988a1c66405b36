"""A shop in, one session after another out: who comes, what they want, how they type it and what they do."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mangaassist.core.types import DocId, Intent
from mangaassist.sample.click_model import ClickModel
from mangaassist.sample.simulator_dice import Dice, zipf_sums
from mangaassist.sample.simulator_habits import Habits
from mangaassist.sample.simulator_policy import LoggingPolicy, Rank, popularity_quantiles
from mangaassist.sample.simulator_quota import Quota
from mangaassist.sample.simulator_rows import LoggedSearch, Moment, SearchEvents, Visitor, query_row
from mangaassist.sample.simulator_texts import Need, typed_forms

_SECONDS_A_DAY = 86_400
_BOTS = 5
_JAPANESE_EVERY = 8


@dataclass(frozen=True, slots=True)
class Shop:
    """What is for sale and asked for: see `simulate`."""

    needs: Sequence[Need]
    popularity: Mapping[DocId, float]
    rank: Rank
    cold: AbstractSet[DocId]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a search ended: the second of its last event, and whether something relevant was clicked."""

    ended: float
    is_satisfied: bool


class Shoppers:
    """Makes sessions, one after another, from one seeded stream of draws; counts what it logs in the quota."""

    def __init__(self, shop: Shop, habits: Habits, click_model: ClickModel, quota: Quota, seed: int) -> None:
        self._shop = shop
        self._habits = habits
        self._click_model = click_model
        self._quota = quota
        self._seed = seed
        self._dice = Dice(seed, 0)
        self._policy = LoggingPolicy(
            shop.rank,
            shop.popularity,
            shop.cold,
            popularity_mix=habits.popularity_mix,
            exploration=habits.exploration,
        )
        self._tastes = popularity_quantiles(shop.popularity)
        self._busiest_first = self._dice.shuffled(range(len(shop.needs)))
        self._need_sums = zipf_sums(len(shop.needs), habits.need_zipf)
        self._client_sums = zipf_sums(habits.clients, habits.client_zipf)
        self._forms: dict[int, tuple[str, ...]] = {}
        self._moment = Moment(habits.start)
        self._searches = 0

    def session(self, number: int) -> Iterator[LoggedSearch]:
        """The searches of one session, in time order."""
        clock = self._dice.between(0, self._habits.days * _SECONDS_A_DAY)
        if self._dice.roll() < self._habits.bot_share:
            return self._bot(self._visitor(self._habits.clients + number % _BOTS, number), clock)
        return self._shopper(self._visitor(self._dice.place(self._client_sums), number), clock)

    def _visitor(self, client: int, session: int) -> Visitor:
        return Visitor(
            client_id=f"c{self._seed}-{client:05d}",
            session_id=f"s{self._seed}-{session:06d}",
            locale="ja-JP" if client % _JAPANESE_EVERY == 0 else "en-US",
        )

    def _shopper(self, visitor: Visitor, clock: float) -> Iterator[LoggedSearch]:
        while True:
            clock = yield from self._pursue(self._busiest_first[self._dice.place(self._need_sums)], visitor, clock)
            if self._dice.roll() >= self._habits.another_need:
                return
            clock += self._dice.between(40, 180)

    def _pursue(self, number: int, visitor: Visitor, clock: float) -> Generator[LoggedSearch, None, float]:
        """Search for one need, again within 30 seconds where nothing relevant was clicked; the second it ended."""
        form = -1
        for _ in range(self._habits.most_tries):
            form = self._another_form(number, form)
            search, outcome = self._search(number, form, visitor, clock)
            yield search
            again = max(outcome.ended + 1, clock + self._dice.between(5, 25))
            if outcome.is_satisfied or again > clock + 30 or self._dice.roll() >= self._habits.reformulate:
                break
            clock = again
        return outcome.ended

    def _bot(self, visitor: Visitor, clock: float) -> Iterator[LoggedSearch]:
        """A crawler: dozens of searches, less than a second apart, and now and then a click on the first result."""
        for _ in range(40 + self._dice.below(20)):
            number = self._dice.below(len(self._shop.needs))
            hits = self._policy.page(self._shop.needs[number].text, self._habits.page_size, self._dice)
            events, row = self._open_page(number, self._shop.needs[number].text, visitor, clock, hits)
            for position, doc_id in enumerate(hits, start=1):
                events.add("impression", doc_id, position, self._moment.at(clock + 0.05))
            if hits and self._dice.roll() < 0.3 and not self._quota.is_met:
                events.add("click", hits[0], 1, self._moment.at(clock + 0.1))
                self._quota.count_click(0.0)
            yield LoggedSearch(row, events.rows)
            clock += self._dice.between(0.3, 0.9)

    def _another_form(self, number: int, last: int) -> int:
        """A form of the need, an early one rather than a late one, and not the last one again."""
        if number not in self._forms:
            self._forms[number] = typed_forms(self._shop.needs[number], Dice(self._seed, 1, number))
        count = len(self._forms[number])
        form = self._dice.place(zipf_sums(count, self._habits.form_zipf))
        return form if form != last else (form + 1) % count

    def _search(self, number: int, form: int, visitor: Visitor, clock: float) -> tuple[LoggedSearch, _Outcome]:
        need, text = self._shop.needs[number], self._forms[number][form]
        hits = self._policy.page(text, self._habits.page_size, self._dice, explores=need.intent != "faq")
        grades = [need.grades.get(doc_id, 0) for doc_id in hits]
        visit = self._click_model.visit(grades, [self._tastes.get(doc_id, 0.0) for doc_id in hits], self._dice)
        events, row = self._open_page(number, text, visitor, clock, hits)
        loaded = self._moment.at(clock + 0.4)
        for position in range(1, visit.shown + 1):
            events.add("impression", hits[position - 1], position, loaded)
        ended, is_satisfied = clock + 0.4, False
        for position in visit.clicked:
            if self._quota.is_met:
                break
            ended = self._click(events, hits[position - 1], position, need, ended + self._dice.between(1.5, 5))
            is_satisfied = is_satisfied or grades[position - 1] >= 1
        return LoggedSearch(row, events.rows), _Outcome(ended, is_satisfied)

    def _click(self, events: SearchEvents, doc_id: DocId, position: int, need: Need, at: float) -> float:
        """Log a click and what follows it; the second of the last event. Help articles are not for sale."""
        grade, is_for_sale = need.grades.get(doc_id, 0), need.intent != "faq"
        events.add("click", doc_id, position, self._moment.at(at))
        self._quota.count_click(self._click_model.cart_events_per_click(grade) if is_for_sale else 0.0)
        if not is_for_sale:
            return at
        for action in self._click_model.cart_actions(grade, self._dice, eagerness=self._quota.eagerness()):
            if self._quota.wants_carts:
                at += self._dice.between(60, 600) if action == "purchase" else self._dice.between(5, 40)
                events.add(action, doc_id, position, self._moment.at(at))
                self._quota.carts += 1
        return at

    def _open_page(
        self, number: int, text: str, visitor: Visitor, clock: float, hits: Sequence[DocId]
    ) -> tuple[SearchEvents, dict[str, object]]:
        """The events of a new search, none yet, and its query row."""
        self._searches += 1
        need, query_id = self._shop.needs[number], f"q{self._seed}-{self._searches:07d}"
        intent, confidence = self._routed(need.intent)
        has_relevant = any(need.grades.get(doc_id, 0) >= 1 for doc_id in hits[:3])
        attributes = {
            "intent": intent,
            "intent_confidence": round(confidence, 3),
            "top_score": round(self._dice.between(0.3, 0.6) + 0.2 * has_relevant, 4),
            "release": self._habits.release,
        }
        row = query_row(query_id, visitor, text, self._moment.at(clock), hits=hits, attributes=attributes)
        return SearchEvents(query_id, visitor, need.intent), row

    def _routed(self, intent: Intent) -> tuple[Intent, float]:
        """What the intent router said, and how sure it was."""
        chance = self._dice.roll()
        if chance < self._habits.wrong_intent:
            return "other", self._dice.between(0.3, 0.8)
        if chance < self._habits.wrong_intent + self._habits.uncertain_intent:
            return intent, self._dice.between(0.25, 0.55)
        return intent, self._dice.between(0.75, 0.99)
