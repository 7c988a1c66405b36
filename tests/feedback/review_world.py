"""A review queue in a file of its own, with a clock that a test turns."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine

from mangaassist.core.types import DocId
from mangaassist.feedback import Reviewer, ReviewItem, ReviewStore

ANN, BEN = Reviewer("ann"), Reviewer("ben")
ADA = Reviewer("ada", "admin")
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Clock:
    """The time, until somebody moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def engine_of(path: Path) -> Engine:
    return create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 30})


def item(item_id: str, **others: Any) -> ReviewItem:
    said: dict[str, Any] = {
        "kind": "positive",
        "reason": "it has what they ask for",
        "texts": ("slow burn rivals", "rivals to lovers"),
        "doc_id": DocId("kaguya"),
        "cluster_id": "c-0001",
    }
    return ReviewItem(item_id, **(said | others))


def queue(tmp_path: Path, items: Sequence[ReviewItem], clock: Clock | None = None) -> ReviewStore:
    store = ReviewStore(engine_of(tmp_path / "queue.sqlite"), clock=clock or Clock())
    store.add(items)
    return store
