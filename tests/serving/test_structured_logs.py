import io
import json
import logging

from mangaassist.serving import service_log
from mangaassist.serving.running import uvicorn_logs


def test_what_uvicorn_says_becomes_json_and_its_tracebacks_lose_their_message() -> None:
    stream = io.StringIO()
    logger = logging.getLogger("uvicorn.error")

    with uvicorn_logs(service_log(stream)):
        logger.info("Started server process")
        logger.warning("Invalid HTTP request received.")
        try:
            raise ValueError("a private text")
        except ValueError:
            logger.exception("Exception in ASGI application: %s", "a private text")
    logger.warning("after")

    warning, exception = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (warning["says"], warning["level"]) == ("Invalid HTTP request received.", "warning")
    assert exception["error"] == "ValueError"
    assert exception["at"][0].endswith("test_what_uvicorn_says_becomes_json_and_its_tracebacks_lose_their_message")
    assert "private" not in stream.getvalue()
