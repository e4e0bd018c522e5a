"""Promises of the contracts that need no server."""

import copy
import json
import pickle
import time
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter, ValidationError

from lotwise.contracts.catalog import SiteDefined
from lotwise.contracts.envelope import SPEAKERS, SUBJECT, event_type, kebab
from lotwise.contracts.fields import Day, Instant
from lotwise.contracts.ids import is_v7, named_id, uuid7
from lotwise.contracts.messages import REGISTRY
from lotwise.contracts.permissions import PERMISSIONS, ROLES
from lotwise.contracts.sales import SaleLine, SaleRecorded


def test_every_event_has_a_subject_that_leads_back_to_it() -> None:
    """lotwise.<site>.<speaker>.<event>.v<N> names one contract, and only known speakers speak (N-24)."""
    for (speaker, name, version), contract in REGISTRY.items():
        subject = f"lotwise.harley.{speaker}.{name}.v{version}"

        assert speaker in SPEAKERS
        assert SUBJECT.match(subject)
        assert event_type(subject) is contract
        assert contract.filter() == subject.replace("harley", "*")


def test_a_version_we_do_not_know_is_no_contract() -> None:
    """An unknown version or event is told apart from a known one, not guessed at."""
    assert event_type("lotwise.harley.sales.sale-recorded.v1") is SaleRecorded
    assert event_type("lotwise.harley.sales.sale-recorded.v2") is None
    assert event_type("lotwise.harley.sales.sale-imagined.v1") is None
    assert event_type("lotwise.x y.sales.sale-recorded.v1") is None


@pytest.mark.parametrize("slug", ["x y", "*", ">", "", "Harley", "a" * 41, "ä", "a.b"])
def test_a_site_that_cannot_stand_in_a_subject_is_refused(slug: str) -> None:
    """A slug is [a-z0-9-]{1,40}: what would block the outbox never gets that far (RELIABILITY 4)."""
    with pytest.raises(ValidationError):
        SiteDefined(slug=slug, name="Harley", time_zone="Europe/London")


def test_text_that_a_database_cannot_hold_is_refused() -> None:
    """NUL and lone surrogates are refused at the border."""
    for text in ("a\x00b", "a\ud800b"):
        with pytest.raises(ValidationError):
            SiteDefined(slug="harley", name=text, time_zone="Europe/London")


def test_a_later_field_does_not_break_an_older_reader() -> None:
    """Contracts are additive within a major: fields that a reader does not know are ignored (N-24)."""
    line = SaleLine.model_validate(
        {"line": 1, "product_id": str(uuid7()), "quantity": "2", "unit_price": "1.5", "net_minor": 300, "shade": "red"}
    )

    assert line.net_minor == 300
    assert not hasattr(line, "shade")


def test_ids_are_version_7_and_in_order() -> None:
    """Ids of one process grow, even within a millisecond, and carry the time in their first 48 bits (DESIGN 3.5)."""
    before = time.time_ns() // 1_000_000
    ids = [uuid7() for _ in range(20_000)]

    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {made.version for made in ids} == {7}
    assert before <= ids[0].int >> 80 <= before + 5_000


def test_an_id_of_ours_is_an_id_like_any_other() -> None:
    """Made the short way or read from text, an id is the same to everybody; only version 7 is ours (DESIGN 3.5)."""
    made = uuid7()
    read = UUID(str(made))

    assert (made, hash(made), repr(made), made.is_safe) == (read, hash(read), repr(read), read.is_safe)
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made  # noqa: S301 - our own bytes
    assert is_v7(made)
    assert not any(is_v7(other) for other in (uuid4(), named_id("x"), UUID(int=0), UUID(int=7 << 76)))


def test_the_same_words_give_the_same_id() -> None:
    """An import that runs again names its rows as before; the parts cannot run into each other (WEB-08)."""
    assert named_id("sale", "536365") == named_id("sale", "536365")
    assert named_id("a", "bc") != named_id("ab", "c")
    assert isinstance(named_id("x"), UUID)


def test_roles_only_bundle_permissions_that_exist() -> None:
    """No role grants a permission outside the table; an auditor changes nothing."""
    for role, granted in ROLES.items():
        assert granted <= PERMISSIONS, role
    assert all(name.endswith(".read") for name in ROLES["auditor"])


def test_names_of_events_are_kebab_in_subjects() -> None:
    """PurchaseOrderReceived is said as purchase-order-received."""
    assert kebab("PurchaseOrderReceived") == "purchase-order-received"


@pytest.mark.parametrize("written", [0, 1, -1.5, "0", " 1763800000 ", "1.5e9", True])
def test_a_number_is_no_day_and_no_instant(written: object) -> None:
    """F15: seconds since 1970 are refused where a day or an instant belongs; a day as JSON writes it is read."""
    days, instants = TypeAdapter(Day), TypeAdapter(Instant)

    for kind in (days, instants):
        with pytest.raises(ValidationError, match="write it like 2026-11-22"):
            kind.validate_json(json.dumps(written))

    assert days.validate_json('"2026-11-22"') == date(2026, 11, 22)
    assert instants.validate_json('"2026-11-22T09:30:00Z"') == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
