"""A filled shop, a visitor who keeps cookies, and a console on a real port, for the tests of the console."""

import re
from collections.abc import Mapping
from typing import Any

import httpx2
import polars as pl
from fastapi import FastAPI
from fastapi.testclient import TestClient

from mangaassist.console import create_console
from mangaassist.core.types import DocId
from mangaassist.data import Workspace, titles
from mangaassist.feedback import Clustering, FailureCluster, ReviewItem, ReviewStore, Role, write_clusters
from mangaassist.loop import read_settings

PASSWORD = "correct horse battery staple"
BASE = "http://127.0.0.1:8090"
HOSTILE = '"><script>document.title="taken over"</script><img src=x onerror="document.title=\'taken over\'">'


def cluster(number: int, name: str, *texts: str, **others: Any) -> FailureCluster:
    said: dict[str, Any] = {
        "terms": tuple(name.split()),
        "entries": 40,
        "hurt": 30 - number,
        "weeks": {"2026-W46": 9, "2026-W47": 21},
        "hurt_lately": 21,
        "hurt_before": 9,
        "causes": {"retrieval": 30},
        "reasons": {"no_click": 30},
        "intents": {"recommendation": 30},
        "first_at": "2026-11-10T09:00:00+00:00",
        "last_at": "2026-11-20T09:00:00+00:00",
        "is_private": False,
        "x": number / 9 - 0.5,
        "y": 0.2,
        "centre": (),
    }
    return FailureCluster(f"c-{number:04d}", name, texts=len(texts), shown=texts, **(said | others))


CLUSTERS = (
    cluster(1, "rivals to lovers", "slow burn rivals to lovers", "rivals become couple manga"),
    cluster(2, "healing", "iyashikei for stress relief", HOSTILE),
    cluster(3, "=cmd|calc", "private need of one", is_private=True),
)


def proposals(doc_ids: list[DocId], count: int = 8) -> list[ReviewItem]:
    """Positives of the first cluster, one of the second with a hostile text, a private one and a lexicon entry."""
    evidence = {"slow burn rivals to lovers": ("q1", "q2")}
    items = [
        ReviewItem(
            f"item-{number:02d}",
            "positive",
            "two shoppers ended with a click on it",
            texts=("slow burn rivals to lovers", "rivals become couple manga"),
            doc_id=doc_ids[number % len(doc_ids)],
            cluster_id="c-0001",
            evidence=evidence,
            details={"heading": f"Proposal {number}", "facets": ["romance", "rivals"]},
            rank=100.0 - number,
        )
        for number in range(count)
    ]
    items.append(ReviewItem("hostile", "positive", HOSTILE, texts=(HOSTILE,), doc_id=doc_ids[0], rank=2.0))
    items.append(ReviewItem("private", "positive", "few", texts=("private need",), doc_id=doc_ids[0], is_private=True))
    items.append(ReviewItem("words", "lexicon", "seen", phrase="iyashikei", facets=("healing", "calm"), rank=1.0))
    return items


def filled(shop: Workspace, count: int = 8) -> Workspace:
    members = [
        {"key": text.casefold(), "text": text, "cluster_id": each.id, "cosine": 0.9, "hurt": 5, "is_private": False}
        for each in CLUSTERS
        for text in each.shown
    ]
    write_clusters(shop, Clustering("words@1", 0, 3, 4, CLUSTERS), pl.DataFrame(members))
    ReviewStore(shop.engine).add(proposals([DocId(each.title_id) for each in titles(shop)], count))
    return shop


class Visitor:
    """A client of one console, in process: its own cookies, and the form token of the page it saw last."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.client = TestClient(app, base_url=BASE, follow_redirects=False)
        self.token = ""

    @classmethod
    def of(cls, shop: Workspace, *, is_secure: bool = False) -> "Visitor":
        return cls(create_console(shop, read_settings(shop.root), is_secure=is_secure))

    def another(self) -> "Visitor":
        return Visitor(self.app)

    def get(self, path: str) -> httpx2.Response:
        answer = self.client.get(path)
        found = re.search(r'data-form-token="([^"]+)"', answer.text)
        self.token = found[1] if found else self.token
        return answer

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx2.Response:
        sent = {"form_token": self.token, **fields}
        return self.client.post(path, data=sent, headers={"origin": BASE, **headers})

    def joined(self, name: str, role: Role) -> "Visitor":
        accounts = self.app.state.desk.accounts
        token = accounts.first_admin() or accounts.invite(role)
        answer = self.post("/join", {"token": token, "name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        self.get("/")
        return self
