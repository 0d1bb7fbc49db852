"""What nobody should send: refused with a problem each time, never a fault, and nothing of it comes back."""

from __future__ import annotations

import json
from typing import Any

from tests.bot.surfaces.api.calling import HEADER, PRESENT, Office

OK = {"person_id": "ana", "last_day": "2026-11-30"}
JSON = {"Content-Type": "application/json"}
BODIES: dict[str, tuple[bytes, dict[str, str], int]] = {
    "nothing": (b"", JSON, 422),
    "no json": (b"{", JSON, 400),
    "not utf-8": (b'{"person_id":"\xff"}', JSON, 400),
    "lone surrogate": (b'{"person_id":"\\ud800","last_day":null}', JSON, 400),
    "NaN": (b'{"person_id":NaN}', JSON, 400),
    "nul": (b'{"person_id":"a\\u0000b"}', JSON, 422),
    "a list": (b"[]", JSON, 422),
    "null": (b"null", JSON, 422),
    "huge number": (b'{"person_id":"ana","counted":' + b"9" * 400 + b"}", JSON, 400),
    "a number for a day": (b'{"person_id":"ana","last_day":1}', JSON, 422),
    "a day without a zone's offset": (b'{"person_id":"ana","last_day":"2026-11-30T18:00"}', JSON, 422),
    "an unknown field": (json.dumps({**OK, "lastday": "x"}).encode(), JSON, 422),
    "too deep": (b"[" * 5000 + b"]" * 5000, JSON, 400),
    "too large": (b'{"person_id":"' + b"a" * 70_000 + b'"}', JSON, 413),
    "a form": (b"person_id=ana", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "no type": (json.dumps(OK).encode(), {"Content-Type": ""}, 415),
    "odd type": (json.dumps(OK).encode(), {"Content-Type": "application/json-patch+json"}, 415),
    "type of rubbish": (json.dumps(OK).encode(), {"Content-Type": ";;/x"}, 415),
    "a year nobody means": (b'{"person_id":"ana","last_day":"9999-12-31T23:59:59-14:00"}', JSON, 409),
    "a zone nowhere": (b'{"person_id":"ana","last_day":"2026-11-30","zone":"Mars/Base"}', JSON, 409),
    "a zone that is a folder": (b'{"person_id":"ana","last_day":"2026-11-30","zone":"America/"}', JSON, 409),
}
QUERIES = {
    "/cases?limit=0": 422,
    "/cases?limit=201": 422,
    "/cases?limit=" + "9" * 5000: 422,
    "/cases?limit=1&limit=2": 422,
    "/cases?which=every": 422,
    "/cases?q=%00": 422,
    "/cases?q=%ED%A0%80": 422,
    "/cases?q=" + "a" * 3000: 422,
    "/cases?cursor=x": 422,
    "/cases?cursor=WyJ4Il0": 422,
    "/cases?color=red": 422,
    "/cases?" + "&".join(f"x{n}=1" for n in range(80)): 422,
    "/cases/case_1": 422,
    "/cases/%00": 404,
    "/cases/..%2f..%2fme": 404,
    "/cases/%0a": 422,
    "/cases/": 404,
    "/nothing": 404,
    "/people?q=%E2%80%AE%F0%9F%98%80%3Cscript%3E": 200,
    "/people/" + "x" * 300: 422,
    "/people/%00": 404,
    "/audit?q=%22": 422,
    "/audit?q=%00": 422,
    "/audit?q=created:99999999-99-99": 422,
    "/audit?q=created:9999-12-31..0001-01-01": 422,
    "/audit?cursor=WyJhdWRpdCIsOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTld": 422,
}


def is_problem(answer: Any, status: int, name: str) -> None:
    assert answer.status_code == status, (name, answer.status_code, answer.text[:300])
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json", name
        problem = answer.json()
        assert problem["status"] == status
        assert problem["type"] == f"urn:bawab:problem:{problem['code']}"
        assert problem["request_id"] == answer.headers["x-request-id"]


async def test_no_body_is_a_fault_and_none_opens_anything(desk: Office) -> None:
    noura = await desk.as_("noura")
    for name, (body, headers, status) in BODIES.items():
        answer = await noura("POST", "/cases", content=body, headers=headers)
        is_problem(answer, status, name)
        assert "aaaa" not in answer.text, "what was sent is not repeated"
    assert await desk.world.cases() == []


async def test_no_address_is_a_fault(desk: Office) -> None:
    both = await desk.as_("both")
    for address, status in QUERIES.items():
        is_problem(await both("GET", address), status, address[:60])


async def test_a_method_that_is_not_there_is_told_which_are(desk: Office) -> None:
    noura = await desk.as_("noura")
    for method in ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"):
        answer = await noura(method, "/cases")
        assert answer.status_code == 405, method
        assert answer.headers["allow"] == "GET, POST", method


async def test_names_of_any_kind_are_harmless_and_are_text(desk: Office) -> None:
    noura = await desk.as_("noura")
    odd = "\u202eمها <script>alert(1)</script> =HYPERLINK(1) 😀" + "x" * 250
    desk.world.drop(f'odd,"{odd}",odd@corp.test,Sales,active,,,', *PRESENT, header=HEADER)
    await desk.world.run()
    answer = await noura("GET", "/people", params={"q": "odd"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["items"][0]["name"].startswith("مها <script>alert(1)</script> =HYPERLINK(1) 😀xxx")


async def test_a_body_that_never_ends_is_not_waited_for(desk: Office) -> None:
    noura = await desk.as_("noura")

    async def endless() -> Any:
        for _ in range(200):
            yield b" " * 1024

    is_problem(await noura("POST", "/cases", content=endless(), headers=JSON), 413, "in chunks")


async def test_details_follow_the_language_asked_for_and_titles_stay(desk: Office) -> None:
    noura = await desk.as_("noura")
    wish = {"person_id": "noura", "last_day": "2026-11-30"}
    said = {}
    for asked in ("ar", "en", "fr, ar;q=0.5", "de"):
        answer = await noura("POST", "/cases", json=wish, headers={"Accept-Language": asked})
        is_problem(answer, 409, asked)
        assert answer.json()["title"] == "This cannot be done now"
        said[asked] = answer.json()["detail"]
    assert said["ar"] == said["fr, ar;q=0.5"]
    assert said["en"] == said["de"] == "This is about yourself. Somebody else must do it."
    assert said["ar"] != said["en"]
