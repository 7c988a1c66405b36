"""A workspace in, `mangaassist serve` on a core of its own out, with what it takes in processor time and memory."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPEN_WITHIN_S = 600.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. open_s: from start to its first readiness."""

    url: str
    process: int
    open_s: float

    def cpu_s(self) -> float:
        """Seconds of processor time it has used."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> dict[str, float]:
        """Resident memory: its own, what it maps of files (shared with others that map them), and the highest sum."""
        lines = Path(f"/proc/{self.process}/status").read_text().splitlines()
        held = {line.split(":")[0]: int(line.split()[1]) / 1000 for line in lines if line.startswith(("Rss", "VmHWM"))}
        return {"own": round(held["RssAnon"]), "mapped": round(held["RssFile"]), "peak": round(held["VmHWM"])}

    def info(self) -> dict[str, Any]:
        """What `GET /info` says."""
        with urllib.request.urlopen(f"{self.url}/info", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def serving(workspace: Path, *, core: int, key_file: Path) -> Iterator[Server]:
    """The server of a workspace on one core, stopped at the end; what it logs goes into `server.log` beside it."""
    told = workspace / "served.json"
    told.unlink(missing_ok=True)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "MANGAASSIST_PRIVACY_KEY_FILE": str(key_file)}
    command = [sys.executable, "-c", "from mangaassist.cli import main; main()", "serve", "--workspace", str(workspace)]
    started, before = time.perf_counter(), os.sched_getaffinity(0)
    with (workspace / "server.log").open("wb") as log:
        os.sched_setaffinity(0, {core})  # inherited: every thread of the server stays there
        try:
            process = subprocess.Popen(
                [*command, "--port", "0", "--json", str(told)], env=environment, stdout=log, stderr=log
            )
        finally:
            os.sched_setaffinity(0, before)
        try:
            while not told.is_file():
                if process.poll() is not None or time.perf_counter() - started > OPEN_WITHIN_S:
                    sys.exit(f"the server did not start; {workspace / 'server.log'} says why")
                time.sleep(0.05)
            time.sleep(0.05)
            yield Server(json.loads(told.read_bytes())["url"], process.pid, round(time.perf_counter() - started, 2))
        finally:
            process.terminate()
            process.wait(60)
