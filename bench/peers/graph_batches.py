"""msgraph-sdk's own batch helper, as documented; it needs `deprecated` without declaring it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgraph_core.requests.batch_request_builder import BatchRequestBuilder  # type: ignore[import-untyped]
from msgraph_core.requests.batch_request_content import BatchRequestContent  # type: ignore[import-untyped]
from msgraph_core.requests.batch_request_item import BatchRequestItem  # type: ignore[import-untyped]

from bench.peers.graph_sdk import reference


async def together(client: Any, adapter: Any, pairs: Sequence[tuple[str, str]]) -> int:
    """Send one batch; parts that were refused are not sent again. Gives how many were not done."""
    items = [
        BatchRequestItem(request_information=reference(client, *pair).to_delete_request_information())
        for pair in pairs
    ]
    content = BatchRequestContent(requests={item.id: item for item in items})
    answer = await BatchRequestBuilder(adapter).post(batch_request_content=content)
    answers = [answer.get_response_by_id(item.id) for item in items]
    return sum(one is None or (one.status or 500) >= 400 for one in answers)
