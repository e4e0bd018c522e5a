"""The only door through which a service hears events: messages, subscriptions, parking what came early, consumers."""

from lotwise.kit.consumers import Consumers, ConsumerStatus, Subscription
from lotwise.kit.message import Message
from lotwise.kit.waiting import NotYetKnown, Waiting, park, redrive, waiting_messages

__all__ = [
    "ConsumerStatus",
    "Consumers",
    "Message",
    "NotYetKnown",
    "Subscription",
    "Waiting",
    "park",
    "redrive",
    "waiting_messages",
]
