"""What the feedback commands found in, tables for a person out. Logged texts are printed as text, never as markup."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_NEXT = "Next: mangaassist feedback"


def draw_bucket(console: Console, result: Mapping[str, Any]) -> None:
    """Failed searches by reason, cause and what came next."""
    console.print(
        f"{result['entries']:,} failed searches of {result['texts']:,} texts; in {result['hurt']:,} nothing was found. "
        f"{result['days_computed']} days computed."
    )
    table = Table("by", "", title="Failed searches")
    table.add_column("searches", justify="right")
    for part in ("reasons", "causes", "next"):
        for name, count in result[part].items():
            table.add_row(part, name.replace("_", " "), f"{count:,}")
    console.print(table)
    if result["releases_without_threshold"]:
        told = ", ".join(result["releases_without_threshold"])
        console.print(f"No score of these tells good from bad (too few judged queries, or gone): {told}", markup=False)
    console.print(f"{_NEXT} cluster")


def draw_clusters(console: Console, result: Mapping[str, Any], *, most: int = 25) -> None:
    """The needs that hurt most users, with their growth."""
    table = Table("id", "need", title=f"Needs that fail, {len(result['clusters']):,}")
    for column in ("texts", "searches", "users hurt", "last 7 days", "the 7 before"):
        table.add_column(column, justify="right")
    table.add_column("cause")
    for each in result["clusters"][:most]:
        numbers = (each[name] for name in ("texts", "entries", "hurt", "hurt_lately", "hurt_before"))
        cause = max(each["causes"], key=lambda name: each["causes"][name], default="")
        table.add_row(each["id"], escape(each["name"]), *(f"{number:,}" for number in numbers), cause.replace("_", " "))
    console.print(table)
    console.print(f"{result['apart']:,} texts belong to none. {result['private']:,} private needs are not shown.")
    console.print(f"{_NEXT} propose")


def draw_proposed(console: Console, result: Mapping[str, Any]) -> None:
    """How many items are new, and the queue."""
    told = ", ".join(f"{count:,} {kind}" for kind, count in result["new"].items()) or "nothing"
    console.print(f"New in the queue, of {result['clusters']:,} needs: {told}.")
    _draw_queue(console, result["queue"])
    console.print(f"{_NEXT} review --reviewer NAME")


def draw_items(console: Console, result: Mapping[str, Any]) -> None:
    """What was decided, and the next items."""
    if result["undone"]:
        console.print(f"Taken back: {', '.join(result['undone'])}", markup=False)
    if result["decided"]:
        console.print(f"Decided on {result['decided']:,}.")
    for item in result["items"]:
        console.print(f"\n[bold]{item['id']}[/]  {item['kind']}  {escape(item.get('cluster_id') or '')}")
        about = item["details"].get("heading") or item["phrase"] or item["details"].get("cluster", "")
        means = f" → {', '.join(item['facets'])}" if item["facets"] else ""
        console.print(f"  {about}{means}", markup=False)
        console.print(f"  {item['reason']}", markup=False)
        for text in item["texts"][:5]:
            console.print(f"    {text}", markup=False)
    if not result["items"]:
        console.print("Nothing waits for this reviewer.")
    _draw_queue(console, result["queue"])


def draw_stats(console: Console, result: Mapping[str, Any]) -> None:
    """The bucket, the worst needs, the queue, reviewers and their agreement."""
    if result["bucket"]:
        draw_bucket(console, {"days_computed": 0, "releases_without_threshold": [], **result["bucket"]})
    if result["clusters"]:
        draw_clusters(console, result["clusters"], most=10)
    _draw_queue(console, result["queue"])
    reviewers = Table("reviewer", "accepted", "edited", "rejected", "skipped", title="Decisions that stand")
    for name, counts in result["reviewers"].items():
        actions = ("accept", "edit", "reject", "skip")
        reviewers.add_row(escape(name), *(f"{counts.get(action, 0):,}" for action in actions))
    console.print(reviewers)
    for each in result["agreement"]:
        kappa = "undefined" if each["kappa"] is None else f"{each['kappa']:.2f}"
        told = f"{' and '.join(each['reviewers'])}: {each['items']} items, {each['observed']:.0%} alike"
        console.print(f"{told}, Cohen's kappa {kappa}", markup=False)


def _draw_queue(console: Console, queue: Mapping[str, Mapping[str, int]]) -> None:
    table = Table("kind", "state", title="Review queue")
    table.add_column("items", justify="right")
    for kind, states in queue.items():
        for state, count in states.items():
            table.add_row(kind, state, f"{count:,}")
    console.print(table)
