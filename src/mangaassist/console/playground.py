"""A message in, what the frozen encoder, live and the candidate answer out; what they rank with stays in memory."""

from threading import Lock

from mangaassist.core.types import no_progress
from mangaassist.data import Workspace
from mangaassist.loop import Settings
from mangaassist.serving import Compared, Comparison, RetrieveRequest, comparison_stamp


class Playground:
    """Opens the releases at the first question, and again whenever something of them changed."""

    def __init__(self, shop: Workspace, settings: Settings) -> None:
        self._shop, self._settings = shop, settings
        self._lock = Lock()
        self._open: tuple[str, Comparison] | None = None

    def ask(self, request: RetrieveRequest) -> Compared:
        """The answers side by side; the first takes seconds, the next ones milliseconds."""
        return self._comparison().compared(request)

    def _comparison(self) -> Comparison:
        with self._lock:
            stamp = comparison_stamp(self._shop)
            if self._open is None or self._open[0] != stamp:
                self._open = stamp, Comparison.open(self._shop, self._settings, progress=no_progress)
            return self._open[1]
