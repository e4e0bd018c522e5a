"""Who hears whom, compared with what the services say they hear."""

from importlib import import_module

import pytest

from lotwise.kit.topology import HEARS, SERVICES, is_heard


@pytest.mark.parametrize("name", SERVICES)
def test_the_bus_lets_through_what_a_service_handles(name: str) -> None:
    """A handler for an event that the filters hold back would wait for ever: there is none, and no durable is idle."""
    service = import_module(f"lotwise.{name}.app").SERVICE
    subscriptions = {one.speaker: one for one in service.subscriptions}
    assert set(subscriptions) == set(HEARS[name])
    for speaker, subscription in subscriptions.items():
        assert [event.__name__ for event in subscription.handlers if not is_heard(name, event)] == []
        assert all(event.speaker == speaker for event in subscription.handlers)
