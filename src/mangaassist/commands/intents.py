"""`mangaassist intents train`, `evaluate` and `show`: a workspace's messages in, a stored intent classifier out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, Seed, Workspace, emit, errors_shown, shown_progress
from mangaassist.core.types import INTENTS
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import (
    describe_intents,
    evaluate_intent_classifier,
    read_settings,
    train_intent_classifier,
)

intents = typer.Typer(
    name="intents",
    help="Train, evaluate and show the classifier that routes messages to titles, help articles or both.",
    no_args_is_help=True,
)


@intents.command()
def train(seed: Seed = 0, workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Train on judged and logged intents, store the result as a new version and make it live."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock(), shown_progress() as progress:
            described = train_intent_classifier(shop, read_settings(shop.root), seed=seed, progress=progress)
        emit(described, json_file, lambda console: _draw_version(console, described))


@intents.command()
def evaluate(workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Score the live version on the judged test queries."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock(), shown_progress() as progress:
            result = evaluate_intent_classifier(shop, read_settings(shop.root), progress=progress)
        emit(result, json_file, lambda console: _draw_figures(console, result["test"], f"{result['version']}, test"))


@intents.command()
def show(workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Show the live version: what it was trained on, and how good it was on messages it had not seen."""
    with errors_shown():
        described = describe_intents(ShopWorkspace.open(workspace))
        emit(described, json_file, lambda console: _draw_version(console, described))


def _draw_version(console: Console, described: Mapping[str, Any]) -> None:
    """What trained, by source and intent; then the cross-validated figures."""
    messages, left_out = described["trained_on"]["messages"], described["trained_on"]["left_out"]
    table = Table("trained on", *INTENTS, title="Messages, each distinct text once")
    for source, counts in messages.items():
        table.add_row(source.replace("_", "-"), *(f"{counts.get(intent, 0):,}" for intent in INTENTS))
    console.print(table)
    console.print("Left out: " + ", ".join(f"{why.replace('_', ' ')} {count:,}" for why, count in left_out.items()))
    if described["never_given"]:
        console.print(f"Never given, for want of examples: {', '.join(described['never_given'])}")
    _draw_figures(console, described["cross_validation"], f"{described['version']}, cross-validation")
    console.print(
        f"{described['version']} is live: L2 {described['l2']:g}, temperature {described['temperature']:.3f}, "
        f"both kinds searched under {described['route_threshold']:.3f}."
    )


def _draw_figures(console: Console, found: Mapping[str, Any], title: str) -> None:
    """The confusion of true and given intents, then what it means for where is searched."""
    table = Table("true intent", *INTENTS, "recall", title=f"{title}: messages by given intent")
    for intent in (each for each in INTENTS if each in found["confusion"]):
        counts = (str(found["confusion"][intent].get(other, 0)) for other in INTENTS)
        table.add_row(intent, *counts, f"{found['recall'][intent]:.3f}")
    console.print(table)
    console.print(
        f"{found['messages']:,} messages: accuracy {found['accuracy']:.3f}, macro F1 {found['macro_f1']:.3f}, "
        f"calibration error {found['calibration_error']:.3f}"
    )
    if found["one_kind"] is not None:
        routed = found["routed"]
        console.print(
            f"Titles or articles: right for {found['one_kind']['accuracy']:.1%}; {routed['accuracy']:.1%} once the "
            f"uncertain {routed['searched_both']:.1%} are searched in both"
        )
