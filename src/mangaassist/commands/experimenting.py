"""`mangaassist experiment start`, `stop`, `status` and `report`: a candidate tried on real traffic, and how it did."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mangaassist.commands.experiment_tables import draw_report, draw_status
from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, messages, shown_progress
from mangaassist.commands.releasing import Actor, Why, current_user
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.experiments import (
    Kind,
    experiments,
    report_experiment,
    start_experiment,
    state_of,
    stop_experiment,
)
from mangaassist.loop import nominate_candidate, read_settings, registry_of, update_index

CANDIDATE = "candidate"

experiment = typer.Typer(
    name="experiment",
    help="Try a candidate on real traffic beside the live release, and see which is better.",
    no_args_is_help=True,
)


@experiment.command()
def start(
    kind: Annotated[
        Kind,
        typer.Argument(
            metavar="shadow|interleave|canary",
            help="Answer unseen, share every result list, or answer a share of the sessions alone.",
        ),
    ],
    candidate: Annotated[
        str,
        typer.Option(
            "--candidate",
            metavar="NAME",
            help="A release; `candidate` publishes the trained one, without promoting it.",
        ),
    ] = CANDIDATE,
    share: Annotated[
        float, typer.Option("--share", metavar="S", min=0, max=1, help="Share of the sessions, above 0.")
    ] = 0.1,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Of the experiment; else its kind and a number.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the draw of sessions and of every coin.")] = 0,
    actor: Actor = "",
    why: Why = "to see which is better",
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Begin an experiment; running servers take it up within two seconds."""
    with errors_shown():
        shop, who = ShopWorkspace.open(workspace), actor or current_user()
        if candidate == CANDIDATE:
            with shop.lock():
                candidate = nominate_candidate(shop, actor=who, why=why)
        with shown_progress() as progress:
            update_index(shop, read_settings(shop.root), candidate, progress=progress)
        now = datetime.now(UTC)
        begun = start_experiment(
            shop, kind, candidate=candidate, share=share, seed=seed, name=name, at=now, actor=who, why=why
        )
        line = f"{begun.name}: {begun.candidate} beside {begun.live}, {begun.share:.1%} of the sessions."
        emit(
            begun.model_dump(mode="json"), json_file, lambda console: console.print(line, markup=False, soft_wrap=True)
        )


@experiment.command()
def stop(
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Which; the one that runs where none is said.")
    ] = None,
    actor: Actor = "",
    why: Why = "stopped by hand",
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """End the experiment; running servers let the live release answer alone within two seconds."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        ended = stop_experiment(shop, name=name, at=datetime.now(UTC), actor=actor or current_user(), why=why)
        line = f"{ended.name} is stopped. See: mangaassist experiment report {ended.name}"
        emit(
            ended.model_dump(mode="json"), json_file, lambda console: console.print(line, markup=False, soft_wrap=True)
        )


@experiment.command()
def status(workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """List the experiments, and which of them runs."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        live = registry_of(shop).aliases().live
        found = [{**each.model_dump(mode="json"), "state": state_of(each, live)} for each in experiments(shop)]
        result: Mapping[str, Any] = {"live": live, "experiments": found}
        emit(result, json_file, lambda console: draw_status(console, result))


@experiment.command()
def report(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which; the latest where none is said.")] = None,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Say which release is better so far; safe to look at every day, and to stop when it says so."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        click_s = read_settings(shop.root).service.hit_window_s
        if messages.is_terminal:
            messages.print("Reading the logs …")
        told = report_experiment(shop, name, now=datetime.now(UTC), click_s=click_s)
        emit(told, json_file, lambda console: draw_report(console, told))
