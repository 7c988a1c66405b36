"""Whatever stands in an export, every row is accepted, set aside or skipped, and nothing is raised."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from export_log import ga4, products, segment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mangaassist.data import EXPORTS, ExportName, Workspace, ingest_export, quarantined, ubi_events, ubi_queries

WORDS = st.sampled_from(
    ["search_term", "ga_session_id", "string_value", "berserk", "0", "-1", "(not set)", "", "[1", "{"]
)
HUGE = "@a number of more digits than Python will print@"
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**30, -(10**30), 1_762_171_200_000_000, HUGE])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | WORDS
)
NAMES = {
    "ga4": ["event_name", "event_timestamp", "user_pseudo_id", "user_id", "event_params", "items", "key", "value"],
    "segment": [
        "type",
        "event",
        "messageId",
        "anonymousId",
        "userId",
        "timestamp",
        "properties",
        "products",
        "context",
    ],
}
WHOLE = {
    "ga4": [
        ga4("view_search_results", term="cozy", items=[("a", 0)]),
        ga4("view_item_list", 1, items=[("a", 0), ("b", 1)]),
        ga4("purchase", 2, items=[("a", None)]),
        ga4("page_view"),
    ],
    "segment": [
        segment("Products Searched", query="cozy"),
        segment("Product List Viewed", 1, products=products(("a", 1), ("b", 2))),
        segment("Product Clicked", 2, product_id="a", position=1),
        {"type": "page"},
    ],
}


def garbage(name: ExportName) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(NAMES[name]) | WORDS | st.text(max_size=5)
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=10,
    )


def rows_of(name: ExportName) -> st.SearchStrategy[list[Any]]:
    """Garbage, and whole rows in which one thing, on any level, is garbage."""
    whole = st.sampled_from(WHOLE[name])
    field = st.sampled_from(NAMES[name])
    damaged = st.builds(lambda row, key, value: {**row, key: value}, whole, field, garbage(name))
    inside = st.builds(_damaged_inside, whole, field, WORDS | st.text(max_size=5), garbage(name))
    return st.lists(garbage(name) | whole | damaged | inside, max_size=6)


def _damaged_inside(row: dict[str, Any], field: str, key: str, value: Any) -> dict[str, Any]:
    inner = row.get(field)
    if isinstance(inner, dict):
        return {**row, field: {**inner, key: value}}
    return {**row, field: [*inner[:-1], value]} if isinstance(inner, list) else row


def as_line(row: Any) -> str:
    return json.dumps(row).replace(json.dumps(HUGE), "9" * 5_000)


@pytest.mark.parametrize("name", EXPORTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_garbage_is_accepted_or_set_aside_and_the_counts_add_up(name: ExportName, data: st.DataObject) -> None:
    rows = data.draw(rows_of(name))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.jsonl"
        path.write_text("".join(as_line(row) + "\n" for row in rows), encoding="utf-8")
        workspace = Workspace.create(Path(folder) / "shop")

        report = ingest_export(workspace, name, path)

        assert report.rows == len(rows) == report.accepted + report.quarantined + report.skipped
        assert quarantined(workspace).height == report.quarantined
        assert ubi_queries(workspace).height + ubi_events(workspace).height + report.repeated == (
            report.queries + report.events
        )
        assert ubi_events(workspace)["query_id"].null_count() <= report.unlinked <= report.events
