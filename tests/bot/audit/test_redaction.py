"""No secret and no personal value reaches a plain column, whatever a caller hands over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.actions import Action
from bot.audit.chain import HASHED
from bot.audit.entry import Entry
from bot.audit.redact import is_plain, plain_text
from bot.audit.rows import in_full, stored_row
from bot.audit.seal import new_key, unseal
from bot.audit.spelling import spelled
from bot.audit.subjects import SubjectKey
from bot.states import StepState

SUBJECT = SubjectKey("p_1", new_key())
# Put together here, so that no scanner takes them for lost tokens.
SECRETS = [
    "xoxb-" + "123456789012-abcdefABCDEF",
    "xoxp-" + "123456789012-abcdefABCDEF",
    "xoxe.xoxp-" + "1-Mi0yLTEyMzQ1Njc4",
    "xapp-" + "1-A0123-456-abcdef",
    "Bearer " + "abc.def~ghi+jkl/mno=",
    "bearer " + "0123456789abcdef",
    "123456789:" + "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw8"[:35],
    "eyJhbGciOiJIUzI1" + "NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "hooks.slack.com/services/" + "T000/B000/XXXXXXXX",
    "-----BEGIN PRIVATE" + " KEY-----\nMC4CAQAw\n-----END PRIVATE" + " KEY-----",
]


def stored(entry: Entry) -> dict[str, Any]:
    row = stored_row(entry, 1, "2026-11-21T15:00:00.000000Z", SUBJECT, "0" * 64)
    return dict(zip(HASHED, row, strict=True))


def told(detail: Mapping[str, object], **more: Any) -> Any:
    """Give `detail` as it would be stored."""
    entry = Entry(Action.CASE_OPEN, "bawab", person_id="E7", detail=detail, **more)
    return orjson.loads(stored(entry)["detail"])


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_left_out_of_every_column_sealed_ones_too(secret: str) -> None:
    text = f"before {secret}"
    entry = Entry(
        Action.CHECK_RUN,
        text,
        outcome=text,
        person_id="E7",
        case_id=text,
        step_id=text,
        run_id=text,
        instance=text,
        platform=text,
        group_id=text,
        group_name=text,
        rule=text,
        quality=text,
        request_id=text,
        before={"deep": [{"er": text}]},
        after={text: 1},
        detail={"header": text},
        personal={"note": text},
    )
    row = stored(entry)
    opened = unseal(SUBJECT.key, "p_1", row.pop("sealed"))
    assert secret not in str(row)
    assert str(row).count("before [redacted]") == 15
    assert opened == {"note": "before [redacted]"}


@pytest.mark.parametrize(
    "text",
    ["group C0123ABCD", "12:30", "xoxo, Ana", "the bearer of news", "2026-11-21T15:00:00.000000Z", "a" * 64],
)
def test_ordinary_text_is_kept(text: str) -> None:
    assert plain_text(text) == text


def test_what_is_sealed_is_not_told_beside_it() -> None:
    personal = {"name": "Ana Quispe", "account": "U0123", "emails": ["ana@example.com"]}
    detail = {"why": "Ana Quispe (U0123) left", "U0123": True, "other": "bob@example.org", "like": "XU01234"}
    assert told(detail, personal=personal) == {
        "why": "[sealed] ([sealed]) left",
        "[sealed]": True,
        "other": "[sealed]",
        "like": "XU01234",
    }


def test_the_employee_id_becomes_the_pseudonym() -> None:
    assert told({"people": ["E7", "E70"]}) == {"people": ["p_1", "E70"]}


def test_a_group_name_is_kept_even_where_it_holds_a_name() -> None:
    entry = Entry(Action.CASE_OPEN, "bawab", person_id="E7", group_name="ana-1on1", personal={"name": "ana"})
    assert stored(entry)["group_name"] == "ana-1on1"


@dataclass
class Odd:
    when: date


def test_whatever_has_no_spelling_in_json_is_stored_as_text_rather_than_lost() -> None:
    detail: dict[str, object] = {
        "instant": datetime(2026, 11, 21, 18, 0, tzinfo=UTC),
        "naive": datetime(2026, 11, 21, 18, 0),  # noqa: DTZ001 - that is the point
        "odd": Odd(date(2026, 11, 21)),
        "set": {"b", "a"},
        "huge": 2**70,
        "bytes": b"\xff",
        "state": StepState.FAILED,
        "error": ValueError("no"),
        "nul": "a\x00b\ud800",
    }
    assert told(detail) == {
        "instant": "2026-11-21T18:00:00.000000Z",
        "naive": "2026-11-21T18:00:00",
        "odd": {"when": "2026-11-21"},
        "set": ["a", "b"],
        "huge": str(2**70),
        "bytes": "b'\\xff'",
        "state": "failed",
        "error": "no",
        "nul": "a\ufffdb\ufffd",
    }


def test_a_step_ends_in_a_state_of_a_step_and_in_nothing_else() -> None:
    with pytest.raises(ValueError, match="'done' is not a state of a step"):
        Entry(Action.STEP_RECORD, "bawab", outcome="done")
    for state in StepState:
        assert Entry(Action.STEP_RECORD, "bawab", outcome=state).outcome == state
    assert Entry(Action.RUN_FINISH, "bawab", outcome="done").outcome == "done"


def test_personal_fields_without_a_person_are_refused() -> None:
    with pytest.raises(ValueError, match="need the person_id"):
        replace(Entry(Action.LINK_DOUBT, "bawab"), personal={"name": "Ana"})


pieces = st.sampled_from(
    [
        *SECRETS,
        "XOXB-1234567",
        "BEARER\u2003abcdef",
        "hook\u017f.slack.com/services/x",
        "\u212a",
        "\u0131",
        "\x00",
        "a",
        ":",
    ]
)


@given(
    st.lists(pieces | st.text(max_size=8) | st.text("xob-eyjJ.:1aA_", max_size=45), max_size=4).map("".join)
)
def test_what_is_taken_as_plain_at_a_glance_holds_nothing_to_redact(text: str) -> None:
    assert not is_plain(text) or plain_text(text) == text


@pytest.mark.parametrize(
    "text", ["group C0123ABCD", "المبيعات", "2026-11-21T15:00:00.000000Z", "leavers.yaml:1"]
)
def test_ordinary_text_is_seen_to_be_plain_at_a_glance(text: str) -> None:
    assert is_plain(text)


words = ["Ana", "Anabel", "E7", "a@b.example", 'say "Ana"', "x\\Ana", "\ud800", "\x00", *SECRETS[:2]]
keys = st.sampled_from(["Ana", "k", "E7"])
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(StepState)
json = st.recursive(
    leaves | st.sampled_from(words),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


@given(detail=st.dictionaries(keys, json, max_size=3), name=json, plain=pieces)
def test_the_quick_way_to_the_columns_gives_what_the_long_way_gives(
    detail: dict[str, object], name: object, plain: str
) -> None:
    entry = Entry(
        Action.CASE_OPEN, plain, person_id="E7", group_name="Ana", before=detail, personal={"name": name}
    )
    texts: list[str | None] = [plain, "ok", "Ana", None]
    quick = spelled(entry, texts)
    assert quick is None or quick == in_full(entry, SUBJECT, texts)


def test_an_ordinary_entry_takes_the_quick_way() -> None:
    entry = Entry(Action.CASE_OPEN, "bawab", person_id="E7", detail={"n": 1}, personal={"name": "Ana"})
    assert spelled(entry, ["bawab"]) is not None
