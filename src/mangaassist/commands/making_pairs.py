"""`mangaassist pairs`, `pairs propose` and `pairs review`: a workspace's log and decisions in, counted pairs out."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, Seed, Workspace, emit, errors_shown
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import export_review, import_review, make_pairs, propose, read_proposals, read_settings
from mangaassist.pairs import DropReason, Status

REASONS: Mapping[DropReason, str] = {
    "no_document": "the event names no document",
    "unknown_query": "the event's query is not in the log",
    "empty_query": "the query has no text",
    "inhuman_session": "the session was faster than a human",
    "intent_other": "the query was about nothing the shop has",
    "intent_uncertain": "the query's intent was uncertain",
    "held_out_for_test": "the search is held out for testing",
    "add_to_cart_alone": "put in the cart, neither bought nor wished for",
    "too_many_repeats": "the same client, query and document once too often",
    "unknown_document": "the document is not in the catalogue",
    "leaks_test_reference": "about a title that a test query names",
    "near_test_query": "the text is near a test query",
    "judged_for_test": "the same query is judged for testing",
    "judged_not_relevant": "judged not relevant; now a hard negative",
    "pending": "nobody has reviewed it yet",
    "rejected": "a reviewer rejected it; now a hard negative",
    "dropped_generator": "written by a generator that the settings or a fix drop",
    "not_teachable": "no search behind it failed for its words or its ranking",
}
"""Why something does not train, as it is told to people."""

pairs = typer.Typer(name="pairs", invoke_without_command=True, subcommand_metavar="[COMMAND]")


@pairs.callback()
def make(context: typer.Context, seed: Seed = 0, workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Make training pairs from the log, curated titles and accepted proposals; say what was dropped and why."""
    command = context.invoked_subcommand
    if command is not None:
        if (seed, workspace, json_file) != (0, Path(), None):
            raise typer.BadParameter(f"options stand after the command: mangaassist pairs {command} --workspace DIR")
        return
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock():
            counts = make_pairs(shop, read_settings(shop.root), seed=seed)
        emit(counts, json_file, lambda console: draw_pairs(console, counts))


@pairs.command("propose")
def propose_pairs(
    amount: Annotated[int, typer.Argument(metavar="N", min=1, help="How many at most.")],
    seed: Seed = 0,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Propose pairs made from the catalogue's metadata; none trains before a reviewer accepted it."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock():
            proposed = propose(shop, amount=amount, rng=np.random.default_rng(seed))
        result = {"proposed": proposed, **_decisions(shop)}
        emit(result, json_file, lambda console: _draw_review(console, result))


@pairs.command()
def review(
    import_file: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Take a reviewer's decisions in.")
    ] = None,
    export_file: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write every proposal, to be decided on.")
    ] = None,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Hand the proposals to a reviewer and take the decisions in; say how many are decided. Makes no pairs."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        result: dict[str, int] = {}
        with shop.lock():
            if import_file is not None:
                result |= {f"newly_{status}": count for status, count in import_review(shop, import_file).items()}
            if export_file is not None:
                result["exported"] = export_review(shop, export_file)
            result |= _decisions(shop)
        emit(result, json_file, lambda console: _draw_review(console, result))


def draw_pairs(console: Console, counts: Mapping[str, Any]) -> None:
    """What `mangaassist pairs` shows: every source's counts and weight, the bounds, and what was dropped."""
    table = Table(title="Pairs")
    table.add_column("source")
    for column in ("raw events", "pairs", "unique", "trained", "share of weight"):
        table.add_column(column, justify="right")
    for name, source in counts["sources"].items():
        numbers = (f"{source[key]:,}" for key in ("raw_events", "pairs", "unique", "trained"))
        table.add_row(name, *numbers, f"{counts['share_by_source'].get(name, 0):.1%}")
    console.print(table)
    bounds = counts["bounds"]
    log = [source for source in counts["sources"].values() if "drawn" in source]
    made, drawn = (sum(source[key] for source in log) for key in ("pairs", "drawn"))
    if drawn < made:
        bound = bounds["log_pairs"]
        console.print(f"Drawn to train: {drawn:,} of the log's {made:,} pairs, by client (max_log_pairs {bound:,}).")
    synthetic, bound = counts["synthetic_share"], bounds["synthetic_share"]
    console.print(f"Synthetic pairs: {synthetic:.1%} of the weight, to stay below {100 * bound:g}%.")
    share, bound = counts["largest_client_share"], bounds["largest_client_share"]
    few = "" if share <= bound else ": there are too few clients for the bound, all weigh the same"
    console.print(f"Largest client: {share:.2%} of the weight, at most {100 * bound:g}%{few}.")
    held_out = counts["held_out"]
    if held_out["searches"]:
        console.print(f"Held out for testing: {held_out['searches']:,} searches, from {held_out['since']} on.")
    _draw_dropped(console, counts)


def _draw_dropped(console: Console, counts: Mapping[str, Any]) -> None:
    dropped = [
        (name, count, REASONS[why])
        for name, source in counts["sources"].items()
        for why, count in source["dropped"].items()
    ]
    if counts["repeats_across_sources"]:
        dropped.append(("all", counts["repeats_across_sources"], REASONS["too_many_repeats"]))
    if not dropped:
        console.print("Nothing was dropped.")
        return
    table = Table("source", title="Dropped")
    table.add_column("count", justify="right")
    table.add_column("why")
    for name, count, why in dropped:
        table.add_row(name, f"{count:,}", why)
    console.print(table)


def _decisions(shop: ShopWorkspace) -> dict[str, int]:
    """How many proposals stand at each status."""
    count = Counter(proposal.status for proposal in read_proposals(shop))
    return {status: count[status] for status in get_args(Status)}


def _draw_review(console: Console, result: Mapping[str, int]) -> None:
    if "proposed" in result:
        console.print(f"Proposed {result['proposed']:,} new pairs. Next: mangaassist pairs review --export FILE")
    if "newly_accepted" in result:
        console.print(f"Took in {result['newly_accepted']:,} accepted and {result['newly_rejected']:,} rejected.")
    if "exported" in result:
        console.print(f"Wrote {result['exported']:,} proposals; set status and reviewer in each row.")
    told = ", ".join(f"{result[status]:,} {status}" for status in get_args(Status))
    console.print(f"Proposals: {told}. Pairs are made of the accepted ones: mangaassist pairs")
