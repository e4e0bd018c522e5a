"""Promises of an alert's life, decided without a database."""

from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID

from lotwise.alerts.domain.signals import (
    BELOW_MINIMUM,
    LOT_EXPIRING,
    Known,
    Open,
    Signal,
    Thing,
    judge,
    severity,
    title,
)
from lotwise.contracts.ids import named_id, uuid7

THING = Thing(BELOW_MINIMUM, "harley", named_id("product"))
AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


def said(event_id: UUID, *, over: bool = False) -> Signal:
    """A signal about the one thing of these tests."""
    return Signal(THING, event_id, AT, is_over=over)


def test_one_alert_for_a_thing_told_many_times() -> None:
    """A storm of the same word raises one alert that counts how often it was told (N-16, ALR-01)."""
    verdict = judge(THING, Known(), [said(uuid7()) for _ in range(10_000)])

    assert verdict.raised is not None
    assert verdict.raised.times == 10_000
    assert verdict.cleared is None


def test_raised_and_cleared_within_a_batch_leaves_no_trace() -> None:
    """What began and ended before anybody could look is not shown, and stays over when it is told again late."""
    first, last = uuid7(), uuid7()

    verdict = judge(THING, Known(), [said(first), said(last, over=True)])

    assert (verdict.raised, verdict.cleared, verdict.over) == (None, None, last)
    assert judge(THING, Known(over=last), [said(first)]).raised is None


def test_any_order_of_the_same_words_ends_alike() -> None:
    """Late and out of order: wrong, over, wrong again always ends in one standing alert (RELIABILITY 3)."""
    words = [said(uuid7()), said(uuid7(), over=True), said(uuid7())]

    for order in permutations(words):
        known = Known()
        for word in order:
            verdict = judge(THING, known, [word])
            stands = verdict.raised or verdict.told_again or (None if verdict.cleared else known.open)
            kept = Open(uuid7(), stands.signal, stands.times) if stands else None
            known = Known(kept, verdict.over or known.over)
        assert known.open is not None
        assert known.open.signal.event_id == words[2].event_id


def test_an_old_word_that_it_is_over_clears_nothing_newer() -> None:
    """A restoration that was said before the alert's own event does not clear it."""
    old, new = uuid7(), uuid7()
    standing = Known(Open(uuid7(), said(new)))

    verdict = judge(THING, standing, [said(old, over=True)])

    assert verdict.cleared is None
    assert verdict.over == old


def test_a_lot_close_to_its_expiry_is_more_than_a_remark() -> None:
    """Thirty days ahead is an info, seven days ahead a warning (ALR-03); the sentence names product, lot and day."""
    facts = {"lot_number": "A1234", "expires_on": "2026-11-28", "days_left": 7}

    assert severity(LOT_EXPIRING, facts | {"days_left": 30}) == "info"
    assert severity(LOT_EXPIRING, facts) == "warning"
    assert title(LOT_EXPIRING, "Botox", facts) == "Botox, lot A1234 expires on 28 Nov 2026"
