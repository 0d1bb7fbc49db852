"""Mail: one reader, both directions of writing, no smuggled header, and no doubt about what left."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import BadCredentials, ConnectorError, Forbidden, NotSupported
from connectors.mail import MailConfig, MailConnector
from connectors.mail.letter import is_address, letter
from connectors.messages import Button, Message, NoticeOutcome, Notifies, Passage, UpdatesNotices, plain
from tests.connectors.mail.post import PASSWORD, SENDER, USER, Post, connector, mail_server

TO = "huda@corp.test"
NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
ASKING = Message(
    (
        Passage("Please remove \u2068Ana <b>\u2069.", (Button("Done", "done", "task_1"),)),
        Passage("", (Button("Open all", "", "", url="https://console.test/tasks?a=1&b=2"),)),
    ),
    language="ar",
    title="ما ينتظرك",
)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of our own for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.corp.test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
        .not_valid_after(dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


async def test_a_mail_says_the_same_in_text_and_html_and_links_instead_of_buttons() -> None:
    async with mail_server() as post:
        mail = connector(post)
        receipt = await mail.notify(TO, ASKING, "notice_1")
        ((to, sent),) = post.mails
    assert (receipt.outcome, to) == (NoticeOutcome.SENT, TO)
    assert isinstance(mail, Notifies)
    assert not isinstance(mail, UpdatesNotices)
    text, html = sent.get_body(("plain",)), sent.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Open all: https://console.test/tasks?a=1&b=2" in text.get_content()
    page = html.get_content()
    assert 'lang="ar" dir="rtl"' in page
    assert "Ana &lt;b&gt;" in page
    assert 'href="https://console.test/tasks?a=1&amp;b=2"' in page
    assert "Done" not in page + text.get_content(), "a button nobody could press"
    assert str(sent["Subject"]) == "ما ينتظرك"
    assert (sent["Auto-Submitted"], sent["Content-Language"]) == ("auto-generated", "ar")
    assert "notices.bawab.corp.test" in sent["List-Id"]
    assert sent["Message-ID"] == "<notice_1@corp.test>"


async def test_the_same_notice_has_the_same_message_id_however_often_it_is_sent() -> None:
    async with mail_server() as post:
        for _ in range(2):
            await connector(post).notify(TO, plain("hello"), "notice_7")
        assert {str(mail["Message-ID"]) for _, mail in post.mails} == {"<notice_7@corp.test>"}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "huda",
        "huda@corp.test, ana@corp.test",
        "huda@corp.test\r\nBcc: ana@corp.test",
        "Huda <huda@corp.test>",
        "huda@",
    ],
)
async def test_nothing_is_sent_to_what_is_not_one_plain_address(address: str) -> None:
    async with mail_server() as post:
        receipt = await connector(post).notify(address, plain("hello"), "k")
        assert post.mails == []
    assert receipt.outcome is NoticeOutcome.UNDELIVERABLE


@given(st.text(), st.text(), st.text(max_size=12))
def test_no_words_whatever_they_hold_begin_a_header_of_their_own(
    title: str, text: str, language: str
) -> None:
    message = Message(
        (Passage(text, (Button(title, "", "", url="https://x.test/"),)),), language, title=title
    )
    mail = letter(message, sender=SENDER, to=TO, key=title, at=NOW)
    head = mail.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n")]
    assert sorted(names) == sorted(
        [
            *("From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted"),
            *("X-Auto-Response-Suppress", "Content-Language", "MIME-Version", "Content-Type"),
        ]
    )


@given(st.text())
def test_whatever_is_taken_for_an_address_stays_on_one_line_with_one_at(text: str) -> None:
    if is_address(text):
        assert text.count("@") == 1
        assert text.isprintable()
        assert not set(text) & set(' ,;<>"\r\n')


@pytest.mark.parametrize(
    ("command", "code", "outcome"),
    [
        ("RCPT", "450 4.2.1 try later", NoticeOutcome.RETRY),
        ("RCPT", "550 5.1.1 no such huda@corp.test", NoticeOutcome.UNDELIVERABLE),
        ("MAIL", "451 4.3.0 busy", NoticeOutcome.RETRY),
        ("DATA", "452 4.2.2 full", NoticeOutcome.RETRY),
        ("DATA", "554 5.7.1 looks like spam", NoticeOutcome.UNDELIVERABLE),
    ],
)
async def test_what_the_servers_no_means(command: str, code: str, outcome: NoticeOutcome) -> None:
    async with mail_server(Post(refuse={command: [code]})) as post:
        receipt = await connector(post).notify(TO, plain("hello"), "k")
        assert post.mails == []
    assert receipt.outcome is outcome
    assert code[:3] in receipt.detail
    assert "huda" not in receipt.detail, "its words may name people"


async def test_a_sender_the_server_does_not_know_calls_an_operator() -> None:
    async with mail_server(Post(refuse={"MAIL": ["553 5.7.1 not yours"]})) as post:
        with pytest.raises(ConnectorError, match="BAWAB_SMTP__SENDER"):
            await connector(post).notify(TO, plain("hello"), "k")


async def test_a_connection_lost_over_the_message_leaves_it_unknown() -> None:
    async with mail_server(Post(hang_up_after_data=True)) as post:
        receipt = await connector(post).notify(TO, plain("hello"), "k")
        assert len(post.mails) == 1
    assert receipt.outcome is NoticeOutcome.UNKNOWN


async def test_a_server_that_is_not_there_took_nothing() -> None:
    async with mail_server() as post:
        pass
    receipt = await connector(post).notify(TO, plain("hello"), "k")
    assert receipt.outcome is NoticeOutcome.RETRY


async def test_nobody_can_look_for_a_mail() -> None:
    with pytest.raises(NotSupported):
        await connector(Post(port=1)).find_notice(TO, "k")


async def test_a_dry_run_and_a_password_in_the_open_send_nothing() -> None:
    async with mail_server() as post:
        with pytest.raises(Forbidden, match="dry run"):
            await connector(post, read_only=True).notify(TO, plain("hello"), "k")
        open_password = MailConfig(
            "email", "192.0.2.1", 25, SENDER, tls="none", username="u", password="p" * 8
        )
        with pytest.raises(Forbidden, match="encrypted"):
            await MailConnector(open_password).notify(TO, plain("hello"), "k")
        assert post.mails == []


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_encrypted_both_ways_with_the_companys_own_authority(tls: str, certificate: Path) -> None:
    async with mail_server(tls=tls, certificate=certificate, auth=True) as post:
        mail = connector(post, tls=tls, ca_file=certificate, username=USER, password=PASSWORD)
        assert (await mail.notify(TO, plain("hello"), "k")).outcome is NoticeOutcome.SENT
        wrong = connector(post, tls=tls, ca_file=certificate, username=USER, password="something else")
        with pytest.raises(BadCredentials):
            await wrong.notify(TO, plain("hello"), "k")
        assert len(post.mails) == 1
    assert PASSWORD not in repr(mail) + repr(mail._config)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_certificate_nobody_trusts_sends_nothing(tls: str, certificate: Path) -> None:
    async with mail_server(tls=tls, certificate=certificate) as post:
        with pytest.raises(ConnectorError, match="CA_FILE"):
            await connector(post, tls=tls).notify(TO, plain("hello"), "k")
        assert post.mails == []


async def test_a_server_without_starttls_is_given_nothing_unencrypted() -> None:
    async with mail_server() as post:
        with pytest.raises(ConnectorError, match="STARTTLS"):
            await connector(post, tls="starttls").notify(TO, plain("hello"), "k")
        assert post.mails == []
