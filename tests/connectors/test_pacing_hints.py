"""What answers say of their limits: read where it is understood, passed over where it is not."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from connectors.pacing.hints import Hint, hint


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"RateLimit-Remaining": "7", "RateLimit-Reset": "30"}, Hint(7, 30)),
        ({"x-ratelimit-remaining": "0", "X-RateLimit-Reset-After": "1.5"}, Hint(0, 1.5)),
        ({"RateLimit": '"default";r=50;t=30'}, Hint(50, 30)),
        ({"X-MS-Throttle-Limit-Percentage": "1.25", "x-ms-throttle-scope": "Tenant"}, Hint(used=1.25)),
        ({"Content-Type": "text/plain"}, None),
        ({"RateLimit-Remaining": "7"}, None),
        ({"RateLimit-Remaining": "7", "RateLimit-Reset": "1790000000"}, None),
        ({"RateLimit-Remaining": "-1", "RateLimit-Reset": "3"}, None),
        ({"RateLimit-Remaining": "many", "RateLimit-Reset": "soon"}, None),
        ({"x-ms-throttle-limit-percentage": "nan"}, None),
        ({"RateLimit": "nonsense"}, None),
    ],
)
def test_headers_are_read_in_each_of_their_forms(headers: dict[str, str], said: Hint | None) -> None:
    assert hint(CIMultiDict(headers)) == said
