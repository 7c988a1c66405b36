"""A process that has loaded everything once and forks a server of a workspace for every line that it is given.

forking_child.py WORKSPACE        a server prints "PID URL"; when it has ended, its parent prints "ended STATUS"

A server starts in a moment this way, so that a test can kill many of them.
"""

import os
import sys
from pathlib import Path

from small_engine import SmallEngine

from mangaassist.data import key_file, load_key
from mangaassist.serving import ServiceSettings, create_app, run_server


def main(root: Path) -> None:
    """Fork servers until there is no further line."""
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            serve(root)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print("ended", os.waitstatus_to_exitcode(status), flush=True)


def serve(root: Path) -> None:
    """Serve until told to stop."""
    settings = ServiceSettings(drain_notice_s=0, requests_per_minute=10**9, burst=10**9)
    app = create_app(SmallEngine(), settings, root=root, privacy=load_key(key_file(), workspace=root))
    run_server(app, port=0, told=lambda url: print(os.getpid(), url, flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
