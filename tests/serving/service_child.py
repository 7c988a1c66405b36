"""A process of its own that serves a workspace: prints its address, and holds the query "hold" until it is let go.

service_child.py WORKSPACE DOOR        DOOR: a named pipe; opening it for writing lets the held query go
"""

import sys
from pathlib import Path

from small_engine import SmallEngine

from mangaassist.data import key_file, load_key
from mangaassist.serving import Answer, RetrieveRequest, ServiceSettings, create_app, run_server


class Holding(SmallEngine):
    """Waits at the door before it answers "hold"."""

    def __init__(self, door: Path) -> None:
        super().__init__()
        self._door = door

    def answer(self, request: RetrieveRequest, *, query_id: str) -> Answer:
        if request.query == "hold":
            print("holding", flush=True)
            self._door.read_bytes()
        return super().answer(request, query_id=query_id)


def main(root: Path, door: Path) -> None:
    """Serve until told to stop."""
    settings = ServiceSettings(drain_notice_s=0, drain_s=30)
    privacy = load_key(key_file(), workspace=root)
    app = create_app(Holding(door), settings, root=root, privacy=privacy)
    run_server(app, port=0, told=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
