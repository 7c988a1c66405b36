"""A shop in, its console as a browser can reach it out: on a port of its own."""

import threading
import time
from dataclasses import dataclass
from typing import Final

import uvicorn

from mangaassist.console import create_console
from mangaassist.data import Workspace
from mangaassist.loop import read_settings
from mangaassist.serving import listen_on, url_of

LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class OpenConsole:
    """A console that answers. link: that of its first admin.  Made by `start`; `stop` ends it."""

    url: str
    link: str
    shop: Workspace
    _server: uvicorn.Server
    _thread: threading.Thread

    @classmethod
    def start(cls, shop: Workspace) -> "OpenConsole":
        """The console of a shop, answering already."""
        app = create_console(shop, read_settings(shop.root))
        listener = listen_on(LOOPBACK, 0)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        url = url_of(LOOPBACK, listener)
        return cls(url, f"{url}/join?token={app.state.desk.accounts.first_admin()}", shop, server, thread)

    def stop(self) -> None:
        """No more answers."""
        self._server.should_exit = True
        self._thread.join()
