"""`python -m benchmarks.shadow WORKSPACE [--json FILE]`: what a running experiment adds to an answer, over HTTP.

A server process (`mangaassist serve`) on a copy of WORKSPACE, of a finished `make demo`, and a load of its own:
messages at fixed moments, whatever the answers do, each timed from the moment it was due. Rounds without an
experiment, with a shadow on all sessions and with interleaving on all sessions alternate; each figure is the median of
its rounds.
"""

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import Workspace
from mangaassist.loop import judged_split

PAGE: Final = "docs/experiments.md"
ROUNDS, ROUND_S, WARM_S, RATE, SENDERS = 5, 12.0, 3.0, 50, 16
STATES: Final = ("none", "shadow", "interleave")
MAIN: Final = "from mangaassist.cli import main; main()"


def main() -> None:
    """Serve, load, and print the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "shadow.json")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "shop"
        shutil.copytree(given.workspace, root)
        found = {"machine": machine(), "rate": RATE, "rounds": given.rounds, **served(root, given.rounds)}
    write_atomic(given.json, canonical_json(found))
    text = page(found)
    rebuild("shadow", text, PAGE)
    print(text)


def served(root: Path, rounds: int) -> dict[str, Any]:
    """The figures of every state, and what became of the shadow's messages."""
    workspace = Workspace.open(root)
    texts = [query.text for split in ("train", "dev") for query in judged_split(workspace, split).queries]
    limits = {"MANGAASSIST_SERVICE__REQUESTS_PER_MINUTE": "1000000", "MANGAASSIST_SERVICE__BURST": "100000"}
    words = [
        sys.executable,
        "-c",
        MAIN,
        "serve",
        "--workspace",
        str(root),
        "--port",
        "0",
        "--json",
        str(root / "at.json"),
    ]
    with subprocess.Popen(
        words, env={**os.environ, **limits}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            while not (root / "at.json").is_file():
                time.sleep(0.2)
            url = json.loads((root / "at.json").read_bytes())["url"]
            measured = [
                (state, loaded(url, root, state, texts, number)) for number in range(rounds) for state in STATES
            ]
            outcomes = shadow_outcomes(url)
        finally:
            server.terminate()
    figures = {state: medians([spent for name, spent in measured if name == state]) for state in STATES}
    return {"ms": figures, "shadow": outcomes}


def loaded(url: str, root: Path, state: str, texts: Sequence[str], number: int) -> list[float]:
    """Milliseconds of each answer of one round in this state."""
    if state != "none":
        command(
            root, "start", state, "--share", "1.0", "--candidate", "candidate" if number == 0 else "embed-adapter-v01"
        )
    while (json.loads(read(f"{url}/info"))["experiment"] or {}).get("is_tried", False) != (state != "none"):
        time.sleep(0.1)
    load(url, texts, WARM_S, seed=number)
    spent = load(url, texts, ROUND_S, seed=100 + number)
    if state != "none":
        command(root, "stop")
    return spent


def load(url: str, texts: Sequence[str], seconds: float, *, seed: int) -> list[float]:
    """Ask at a fixed rate; a message that must wait for a free connection is late from the moment it was due."""
    rng, count, spent = np.random.default_rng(seed), int(seconds * RATE), list[float]()
    order, places, lock = rng.integers(len(texts), size=count), iter(range(count)), threading.Lock()
    began = time.perf_counter() + 0.1
    host = urlsplit(url).netloc

    def send() -> None:
        connection = http.client.HTTPConnection(host, timeout=30)
        while True:
            with lock:
                place = next(places, None)
            if place is None:
                break
            due = began + place / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            body = json.dumps({"query": texts[order[place]], "session_id": f"{seed}-{place}", "k": 10})
            connection.request("POST", "/v1/retrieve", body)
            response = connection.getresponse()
            response.read()
            assert response.status == 200, response.status
            spent.append((time.perf_counter() - due) * 1000)
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return spent


def command(root: Path, *words: str) -> None:
    """One `mangaassist experiment …`."""
    done = [sys.executable, "-c", MAIN, "experiment", *words, "--workspace", str(root)]
    subprocess.run(done, check=True, stdout=subprocess.DEVNULL)


def read(url: str) -> str:
    with urllib.request.urlopen(url) as response:
        text: str = response.read().decode()
    return text


def shadow_outcomes(url: str) -> dict[str, float]:
    """Answered, dropped, skipped, failed."""
    lines = [line for line in read(f"{url}/metrics").splitlines() if line.startswith("mangaassist_shadow_total{")]
    return {line.split('"')[1]: float(line.split()[-1]) for line in lines}


def medians(rounds: Sequence[Sequence[float]]) -> dict[str, float]:
    """The median over the rounds of each round's p50 and p99."""
    return {
        f"p{percent}": round(float(np.median([np.percentile(spent, percent) for spent in rounds])), 2)
        for percent in (50, 99)
    }


def page(found: Mapping[str, Any]) -> str:
    """The table as the page has it."""
    here, names = found["machine"], {"none": "no experiment", "shadow": "shadow", "interleave": "interleaving"}
    outcomes = ", ".join(f"{count:,.0f} {outcome}" for outcome, count in sorted(found["shadow"].items()))
    rows = [f"| {names[state]} | {each['p50']:.2f} | {each['p99']:.2f} |" for state, each in found["ms"].items()]
    return "\n".join(
        [
            f"{found['rate']} messages a second on all sessions, each timed from the moment it was due; medians of "
            f"{found['rounds']} alternating rounds of {ROUND_S:.0f} s, {here['cores']} shared cores, {here['date']}; "
            f"the shadow's messages: {outcomes}.\n",
            "| ms over HTTP | p50 | p99 |\n|---|---|---|",
            *rows,
        ]
    )


if __name__ == "__main__":
    main()
