"""What the service does in, one JSON line on standard error out; never a text that a user wrote."""

import logging
import sys
import traceback
from typing import Any, Final, TextIO

import structlog

_STEPS: Final = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(ensure_ascii=True),
)


def service_log(stream: TextIO | None = None) -> Any:
    """A structlog logger of its own, whatever else of the process logs how."""
    return structlog.wrap_logger(structlog.PrintLogger(stream or sys.stderr), processors=list(_STEPS))


def where_raised(error: BaseException) -> dict[str, Any]:
    """What kind of error, and the lines it came through; its message is left out, because it may quote a user."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}


class ToServiceLog(logging.Handler):
    """Hands records of the standard library's loggers (uvicorn's) on, without their traceback."""

    def __init__(self, log: Any) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        raised = where_raised(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        text = record.getMessage() if not raised else "exception"
        self._log.log(record.levelno, "server", logger=record.name, says=text.splitlines()[0] if text else "", **raised)
