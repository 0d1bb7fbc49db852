"""`bawab groups` as a person types it: the pages, word for word, in both languages, and the file written."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.chat.slack.sandbox import BOT_ID, User, UserGroup
from tests.bot.cli import conftest
from tests.bot.cli.conftest import STAFF
from tests.bot.cli.shop import Answer, Shop, open_shop
from tests.bot.world import channel, people

REGISTRY = """\
# Ask Noura before you change a line.
version: 1
groups:
  - {instance: acme, group: C-lunch, name: lunch, owner: E4, deputy: E2}  # since 2019
  - instance: phones
    group: العائلة   # WhatsApp
    owner: E2
    members: [E1, E4, E99]
"""
NOBODY = "not registered  -  -  -"
LAST = "this person is the only member left, and the platform keeps no empty group"
NO_WAY = "the platform offers no way to do this automatically"
LEFT = "E4,Layla Saad,layla@corp.test,Sales,terminated,2025-01-31,"


def _furnish(shop: Shop) -> None:
    """A leaver and a guest inside a channel, a channel without the bot, a user group, a phone group."""
    far = channel("far", "ana", "omar")
    far.members.remove(BOT_ID)
    shop.sandbox.workspace.add(
        *people("layla"),
        User(id="UGUEST", name="guest", email="x@other.test", is_restricted=True),
        far,
        UserGroup("S-alone", handle="alone", users=["UANA"]),
    )
    shop.sandbox.workspace.channels["C-lunch"].members += ["ULAYLA", "UGUEST"]
    path(shop).write_text(REGISTRY, encoding="utf-8")
    shop.write_settings(REGISTRY=str(path(shop)), MANUAL__PHONES__PLATFORM="whatsapp")


@pytest.fixture(scope="session")
def firm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the firm has on disk after its first run was released and its groups were read; made once."""
    folder = tmp_path_factory.mktemp("firm")
    with open_shop(folder, *conftest.company()) as opened:
        _furnish(opened)
        opened.settle_in(*STAFF, LEFT)
        assert opened.bawab("groups").code == 0
    return folder


@pytest.fixture
def firm(shop: Shop, firm_folder: Path) -> Shop:
    """Four people, one of whom has left, and groups of every sort."""
    _furnish(shop)
    shop.copy_from(firm_folder)
    return shop


def path(shop: Shop) -> Path:
    return shop.folder / "groups.yaml"


def page(answer: Answer) -> list[str]:
    """What stands on stdout, without the room that fills a column."""
    return ["  ".join(cell.strip() for cell in line.split("  ") if cell.strip()) for line in _lines(answer)]


def _lines(answer: Answer) -> list[str]:
    return answer.out.rstrip().splitlines()


def test_groups_alone_lists_every_group_known_from_any_platform(firm: Shop) -> None:
    answer = firm.bawab("groups")
    assert answer.code == 0, answer.err
    assert page(answer) == [
        "Platform  Group  Kind  Owner  Deputy  Sensitivity  Last review  Can be taken out",
        f"acme  alone  user group  {NOBODY}  not as things stand",
        f"acme  far  public channel  {NOBODY}  by hand",
        f"acme  general  public channel  {NOBODY}  not as things stand",
        "acme  lunch  public channel  Layla Saad (has left)  نورة القحطاني  normal  -  by the bot",
        f"acme  sales-riyadh  public channel  {NOBODY}  by the bot",
        "phones  العائلة  group chat  نورة القحطاني  -  normal  -  by hand",
    ]
    assert "6 groups" in answer.err


def test_the_same_in_arabic_and_only_of_one_owner(firm: Shop) -> None:
    answer = firm.bawab(
        "--lang", "ar", "groups", "list", "--owner", "noura@corp.test", "--instance", "phones"
    )
    assert page(answer) == [
        "المنصة  المجموعة  النوع  المالك  النائب  الحساسية  آخر مراجعة  إمكان الإخراج",
        "phones  العائلة  محادثة جماعية  نورة القحطاني  -  عادية  -  يدويًا",
    ]
    assert "مجموعة واحدة" in answer.err


def test_one_group_is_shown_with_why_nobody_can_be_taken_out_there(firm: Shop) -> None:
    shown = page(firm.bawab("groups", "show", "far"))
    assert "Can be taken out: by hand: Bawab is not in this group" in shown
    assert f"Can be taken out: not as things stand: {LAST}" in firm.bawab("groups", "show", "alone").out
    unregistered = firm.bawab("groups", "show", "C-far").out
    assert "Nobody has registered it: bawab groups register C-far" in unregistered


def test_reports_read_as_sentences_one_can_act_upon(firm: Shop) -> None:
    assert page(firm.bawab("groups", "report", "leaver-owner", "--no-read")) == [
        "Groups whose owner or deputy in the registry has left, or leaves soon",
        "Platform  Group  Kind  Owner  Deputy",
        "acme  lunch  public channel  Layla Saad (has left)  نورة القحطاني",
    ]
    answer = firm.bawab("groups", "report", "unregistered", "--no-read")
    assert page(answer)[2:] == [
        "acme  alone  user group  1",
        "acme  far  public channel  2",
        "acme  general  public channel  2",
        "acme  sales-riyadh  public channel  3",
    ]
    assert "bawab groups register" in answer.err
    assert "registered without an owner" not in firm.bawab("groups", "report", "no-owner", "--no-read").out


def test_the_reports_on_who_is_inside(firm: Shop) -> None:
    assert page(firm.bawab("groups", "report", "former-staff")) == [
        "Members who have left the company",
        "Platform  Group  Person  Role  Last day",
        "acme  lunch  Layla Saad  member  2025-01-31",
        "phones  العائلة  Layla Saad  member  2025-01-31",
    ]
    arabic = firm.bawab("--lang", "ar", "groups", "report", "outsiders")
    assert "acme  lunch  guest  عضو  ضيف" in page(arabic)
    assert "phones  العائلة  E99  عضو  لا يرتبط بأحد في الدليل" in page(arabic)
    data = firm.bawab("groups", "report", "former-staff", "--json").data
    assert {(one["group"], one["person"]["id"]) for one in data["members"]} == {
        ("lunch", "E4"),
        ("العائلة", "E4"),
    }


def test_a_platform_that_cannot_be_read_is_said_with_the_age_of_what_is_shown(firm: Shop) -> None:
    firm.sandbox.workspace.tokens.clear()
    answer = firm.bawab("groups")
    assert answer.code == 3
    assert "acme\u2069 could not be read, and is shown as it was on" in answer.err
    assert "Last seen" in answer.out
    assert len([row for row in firm.bawab("groups", "--json").data if row["instance"] == "acme"]) == 5


def test_an_owner_is_named_the_file_keeps_its_comments_and_the_log_says_who_did_it(firm: Shop) -> None:
    dry = firm.bawab("groups", "set", "lunch", "--owner", "E3", "--unset", "deputy", "--dry-run")
    assert "+  - {instance: acme, group: C-lunch, name: lunch, owner: E3}  # since 2019" in dry.out
    assert path(firm).read_text(encoding="utf-8") == REGISTRY

    done = firm.bawab("groups", "set", "lunch", "--owner", "Omar Haddad", "--tag", "food", "--json")
    assert done.code == 0, done.err
    assert done.data["saved"] is True
    assert path(firm).read_text(encoding="utf-8") == REGISTRY.replace(
        "owner: E4, deputy: E2}", "owner: E3, deputy: E2, tags: [food]}"
    )
    assert "person:noura" in firm.bawab("audit", "search", "action:group.register").out


def test_registering_and_reviewing(firm: Shop) -> None:
    assert firm.bawab("groups", "register", "far", "--as", "E3").code == 0
    assert "group: C-far" in path(firm).read_text(encoding="utf-8")
    assert firm.bawab("groups", "review", "far", "--as", "E3").code == 0
    shown = firm.bawab("groups", "show", "far").out
    assert "Omar Haddad" in shown
    assert "Last review: 20" in shown
    refused = firm.bawab("groups", "review", "far", "--as", "somebody")
    assert refused.code == 2
    assert "nobody" in refused.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("set", "lunch", "--owner", "E4"), "has left the company"),
        (("set", "lunch", "--owner", "Nobody Known"), "HR has named nobody"),
        (("set", "nix", "--owner", "E1"), "no group 'nix' is known"),
        (("set", "lunch"), "Say what to set"),
        (("set", "lunch", "--owner", "E1", "--unset", "owner"), "not both"),
        (("register",), "Say which groups"),
        (("register", "lunch"), "registered already"),
        (("list", "--instance", "acne"), "No instance is called acne"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_do(
    firm: Shop, words: tuple[str, ...], why: str
) -> None:
    answer = firm.bawab("groups", *words)
    assert answer.code == 2
    assert why in answer.err
    assert path(firm).read_text(encoding="utf-8") == REGISTRY


def test_without_a_registry_it_is_said_how_to_set_one(settled: Shop) -> None:
    settled.bawab("groups")
    answer = settled.bawab("groups", "register", "lunch")
    assert answer.code == 5
    assert "BAWAB_REGISTRY=groups.yaml" in answer.err


def test_status_says_that_the_registry_cannot_be_read_and_still_tells_the_rest(firm: Shop) -> None:
    path(firm).write_text("version: 1\ngroups: 7\n", encoding="utf-8")
    answer = firm.bawab("status")
    assert answer.code == 0
    assert "The group registry cannot be read" in answer.out
    assert "groups.yaml:2:9" in answer.out
    assert "HR" in answer.out
    assert firm.bawab("groups", "set", "lunch", "--owner", "E1").code == 5
