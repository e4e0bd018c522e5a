"""Receipts: the first is the original, the next a copy; mailed over a real SMTP server, or said how to set one."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.sales.api.test_payments import card, cash, desk, in_fives
from tests.sales.harness import BOTOX, CREAM, Sales, line

from lotwise.contracts.ids import named_id
from lotwise.sales.domain.receipt_text import address_of
from lotwise.sales.operations.mailing import Mailer


class Postbox:
    """A small SMTP server on a free port that keeps what it is sent, or refuses every recipient."""

    def __init__(self) -> None:
        self.messages: list[email.message.EmailMessage] = []
        self.refuses = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak SMTP with one client."""
        writer.write(b"220 postbox\r\n")
        while command := (await reader.readline()).decode().strip():
            word = command.split()[0].upper()
            if word == "DATA":
                writer.write(b"354 go on\r\n")
                text = await reader.readuntil(b"\r\n.\r\n")
                self.messages.append(email.message_from_bytes(text[:-3], policy=email.policy.default))
            if word == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            writer.write(b"550 no\r\n" if word == "RCPT" and self.refuses else b"250 ok\r\n")
        writer.close()


@asynccontextmanager
async def postbox(sales: Sales) -> AsyncIterator[Postbox]:
    """Sales with a mail server."""
    box = Postbox()
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    sales.runtime.state["mailer"] = Mailer(f"smtp://127.0.0.1:{box.port}", "desk@clinic.example")
    try:
        yield box
    finally:
        server.close()
        sales.runtime.state["mailer"] = Mailer("", "")


def words_of(message: email.message.EmailMessage, kind: str) -> str:
    """What a part of a mail says."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def charged(sales: Sales, **more: Any) -> str:
    """A charge of two lines, a seller named on one."""
    body = desk(line(BOTOX, "2", seller="user:anna"), line(CREAM, "0.1"), tenders=[card(1000), cash(2000)], **more)
    return str((await sales.post("/v1/charges", body, who="front_desk"))["charge_id"])


async def test_the_first_receipt_is_the_original_the_next_a_copy(sales: Sales) -> None:
    """SAL-22: whoever prints again gets a copy that says so, with payments, rounding and later payments on it."""
    await in_fives(sales)
    charge_id = await charged(sales)
    where = f"/v1/charges/{charge_id}/receipts"
    first = await sales.post(where, {"staff": {"user:anna": "Anna Kim"}}, who="front_desk")
    assert (first["copy_no"], first["receipt"]["lines"][0]["seller"]) == (0, "user:anna")
    assert first["receipt"]["tenders"][-1] == {"kind": "rounding", "amount_minor": -2, "reference": ""}
    assert (await sales.post(where, {}, who="front_desk"))["receipt"]["copy_no"] == 1
    both = await asyncio.gather(*(sales.post(where, {}) for _ in range(2)))
    assert sorted(one["copy_no"] for one in both) == [2, 3]


async def test_a_receipt_is_mailed_to_the_member(sales: Sales) -> None:
    """SAL-22 WEB-09: text and page say the same; the address and the name are in no table but the member's."""
    ada = await sales.post("/v1/members", {"name": "Ada", "email": "ada@planted.example"}, who="front_desk")
    charge_id = await charged(sales, member_id=ada["member_id"])
    where = f"/v1/charges/{charge_id}/receipts"
    async with postbox(sales) as box:
        await sales.post(where, {"way": "mail", "staff": {"user:anna": "Anna <Kim>"}}, who="front_desk", key="once")
        again = await sales.call(
            "POST", where, {"way": "mail", "staff": {"user:anna": "Anna <Kim>"}}, who="front_desk", key="once"
        )
        assert again.headers["idempotent-replayed"] == "true"
        (sent,) = box.messages
        assert (sent["to"], sent["from"]) == ("ada@planted.example", "desk@clinic.example")
        assert sent["subject"] == "Receipt harley-000001 from Harley Street"
        text, page = words_of(sent, "plain"), words_of(sent, "html")
        for words in ("Sold by Anna", "GST 5 %", "Total USD", "28.98", "Change"):
            assert words in text
            assert words in page
        assert ["Botox", "24.00"] in [row.split() for row in text.splitlines()]
        assert "Anna &lt;Kim&gt;" in page
        await sales.post(where, {"way": "mail", "to": "other@planted.example"}, who="front_desk")
        assert "Copy 1" in words_of(box.messages[1], "plain")
    for table in ("audit", "outbox", "receipt", "idempotency"):
        rows = await sales.owner.fetch(f"select t::text as text, t.* from {table} t")
        for row in rows:
            kept = row["text"] + "".join(bytes(one).decode(errors="replace") for one in row if isinstance(one, bytes))
            assert "other@planted.example" not in kept


@pytest.mark.parametrize(
    ("body", "status", "code", "refuses"),
    [
        ({"way": "mail"}, 422, "bad-address", False),
        ({"way": "mail", "to": "no address"}, 422, "bad-address", False),
        ({"way": "mail", "to": "a@b.example\r\nBcc: x@y.example"}, 422, "bad-address", False),
        ({"way": "mail", "to": "a@b.example"}, 503, "mail-not-sent", True),
        ({"way": "pigeon"}, 422, "invalid", False),
    ],
)
async def test_mails_that_cannot_be_sent(sales: Sales, body: Any, status: int, code: str, *, refuses: bool) -> None:
    """SAL-22: no address, a header in the address, a server that refuses: said by name, and no receipt counts."""
    charge_id = await charged(sales)
    async with postbox(sales) as box:
        box.refuses = refuses
        before = await sales.state()
        answer = await sales.call("POST", f"/v1/charges/{charge_id}/receipts", body, who="front_desk")
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert await sales.state() == before
        assert box.messages == []


async def test_without_a_mail_server_it_says_how_to_set_one(sales: Sales) -> None:
    """SAL-22: the refusal names the two settings; the page may ask beforehand. An unknown charge has no receipt."""
    charge_id = await charged(sales)
    sales.runtime.state["mailer"] = Mailer("", "")
    assert await sales.get("/v1/receipt-mail") == {"is_set": False}
    asked = {"way": "mail", "to": "a@b.example"}
    answer = await sales.call("POST", f"/v1/charges/{charge_id}/receipts", asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "mail-not-set")
    assert "SALES_SMTP_URL" in answer.json()["ways_out"][0]
    none = await sales.call("POST", f"/v1/charges/{named_id('none')}/receipts", {})
    assert none.json()["code"] == "unknown-charge"


def test_what_an_address_is() -> None:
    """SAL-22: one plain address; nothing that could be a header or a second one."""
    assert address_of(" a.b+c@d.example ") == "a.b+c@d.example"
    assert [address_of(one) for one in ("", "a", "a@b", "a@b@c.d", "a@b.c,d@e.f", "<a@b.c>", "a\n@b.c")] == [None] * 7
