"""Requests made up from the OpenAPI document, right and wrong ones: never a 500."""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from served_shop import ServedShop

Serve = Callable[..., ServedShop]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/v1/retrieve", "/v1/events", "/v1/embeddings"])
def test_no_request_that_the_document_suggests_breaks_the_service(path: str, serve: Serve) -> None:
    shop = serve(requests_per_minute=1_000_000, burst=1_000_000)
    schema = schemathesis.openapi.from_url(f"{shop.running.url}/openapi.json")
    operation = schema[path]["POST"]
    modes = schemathesis.GenerationMode
    cases = operation.as_strategy(generation_mode=modes.POSITIVE) | operation.as_strategy(
        generation_mode=modes.NEGATIVE
    )
    seen = []

    @given(case=cases)
    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def calls(case: Any) -> None:
        response = case.call(base_url=shop.running.url)
        case.validate_response(response, checks=[not_a_server_error])
        seen.append(response.status_code)

    calls()

    assert len(seen) >= 60
    assert max(seen) < 500
    assert {200, 202, 404} & set(seen)  # 404: a well-formed request for a model that is not there
    assert {400, 422} & set(seen)
