"""The only home of the contracts as documents: a JSON Schema per event, and one AsyncAPI 3.0 document of the whole bus.

`python -m lotwise.kit.schemas docs/contracts` writes them, and refuses to write over a contract that would break:
a service that still reads or writes the old shape must go on working (expand, then contract).
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from lotwise.contracts.envelope import Event, kebab, stream_of
from lotwise.contracts.messages import REGISTRY
from lotwise.kit.topology import SERVICES, is_heard

FOLDER = Path("docs/contracts")
ASYNCAPI = "asyncapi.json"
HEADERS = {
    "Nats-Msg-Id": "The event's id: a UUIDv7 made by its speaker, the same however often it is said",
    "ce-specversion": "1.0",
    "ce-id": "The same id",
    "ce-source": "lotwise/<speaker>",
    "ce-type": "<speaker>.<event>.v<major>",
    "ce-time": "When it was told, in UTC",
    "traceparent": "W3C trace context of the work that told it",
    "correlation_id": "The story it belongs to",
    "causation_id": "The id of the message that led to it",
    "actor": "Who acted",
}
DESCRIPTION = (
    "CloudEvents 1.0 over NATS JetStream, at least once: hearers count an id once. An event alone is in binary mode."
    " Events of one subject that are told together may come as one message with the header"
    " `content-type: application/cloudevents-batch+json`: a JSON array of events, with the attributes traceparent,"
    " correlationid, causationid and actor beside those of CloudEvents."
)
REQUIRED_HEADERS = ["Nats-Msg-Id", "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time"]


def name_of(event: type[Event]) -> str:
    """The name of an event with its version: sales.sale-recorded.v1."""
    return f"{event.speaker}.{kebab(event.__name__)}.v{event.version}"


def schema_of(event: type[Event]) -> dict[str, Any]:
    """The JSON Schema of one event's body."""
    name = name_of(event)
    schema = event.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"lotwise:{name}"} | schema


def documents() -> dict[str, dict[str, Any]]:
    """Every document by its file name."""
    events = [REGISTRY[key] for key in sorted(REGISTRY)]
    return {f"{name_of(event)}.json": schema_of(event) for event in events} | {ASYNCAPI: asyncapi()}


def asyncapi(service: str | None = None) -> dict[str, Any]:
    """The bus as AsyncAPI 3.0: all of it, or what one service says and hears."""
    events = [REGISTRY[key] for key in sorted(REGISTRY)]
    if service is not None:
        events = [event for event in events if event.speaker == service or is_heard(service, event)]
    _, schemas = models_json_schema(
        [(event, "validation") for event in events], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lotwise bus" if service is None else f"Lotwise {service} on the bus",
            "version": "1",
            "description": DESCRIPTION,
        },
        "defaultContentType": "application/json",
        "servers": {"nats": {"host": "127.0.0.1:4222", "protocol": "nats"}},
        "channels": {name_of(event): _channel(event) for event in events},
        "operations": dict(_operations(events, service)),
        "components": {
            "messages": {name_of(event): _message(event) for event in events},
            "schemas": schemas.get("$defs", {}),
        },
    }


def _channel(event: type[Event]) -> dict[str, Any]:
    return {
        "address": event.filter().replace("*", "{site}", 1),
        "description": f"Stream {stream_of(event.speaker)}",
        "parameters": {"site": {"description": "The slug of a site, or `chain` where the event belongs to none"}},
        "messages": {name_of(event): {"$ref": f"#/components/messages/{name_of(event)}"}},
    }


def _message(event: type[Event]) -> dict[str, Any]:
    headers = {name: {"type": "string", "description": text} for name, text in HEADERS.items()}
    return {
        "name": event.__name__,
        "summary": " ".join((event.__doc__ or "").split()),
        "contentType": "application/json",
        "headers": {"type": "object", "properties": headers, "required": REQUIRED_HEADERS},
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
    }


def _operations(events: list[type[Event]], only: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    for event in events:
        reference = {"$ref": f"#/channels/{name_of(event)}"}
        short = f"{event.speaker}.{kebab(event.__name__)}"
        if only in {None, event.speaker}:
            yield f"{event.speaker} says {short}", {"action": "send", "channel": reference}
        for service in SERVICES:
            if only in {None, service} and is_heard(service, event):
                yield f"{service} hears {short}", {"action": "receive", "channel": reference}


def breaking(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What would break who still speaks or hears the old shape: a line each, empty when the change only adds.

    Breaking: a field that went or changed its kind, a new field without a default, a value no longer allowed, a field
    that was always there and may now be missing.
    """
    return list(_breaking(old, new, old.get("$defs", {}), new.get("$defs", {}), old.get("title", "it")))


def _breaking(
    old: dict[str, Any], new: dict[str, Any], old_parts: dict[str, Any], new_parts: dict[str, Any], place: str
) -> Iterator[str]:
    old, new = _resolve(old, old_parts), _resolve(new, new_parts)
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        if name not in after:
            yield f"{place}.{name} is gone"
        else:
            yield from _breaking(before[name], after[name], old_parts, new_parts, f"{place}.{name}")
    yield from _presence(old, new, place)
    if _kinds(old, old_parts) - _kinds(new, new_parts):
        yield f"{place} was {sorted(_kinds(old, old_parts))}, is {sorted(_kinds(new, new_parts))}"
    if gone := set(old.get("enum", [])) - set(new.get("enum", old.get("enum", []))):
        yield f"{place} no longer takes {sorted(map(str, gone))}"
    if new.get("pattern") != old.get("pattern"):
        yield f"{place} has another pattern"
    if "items" in old and "items" in new:
        yield from _breaking(old["items"], new["items"], old_parts, new_parts, f"{place}[]")


def _presence(old: dict[str, Any], new: dict[str, Any], place: str) -> Iterator[str]:
    after = new.get("properties", {})
    for name in new.get("required", []):
        if name not in old.get("required", []):
            yield f"{place}.{name} is required now"
    for name in old.get("required", []):
        if name in after and name not in new.get("required", []):
            yield f"{place}.{name} may be missing now"


def _resolve(schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    resolved: dict[str, Any] = parts.get(reference.rpartition("/")[2], {}) if reference else schema
    return resolved


def _kinds(schema: dict[str, Any], parts: dict[str, Any]) -> set[str]:
    options = schema.get("anyOf", [schema])
    return {f"{one.get('type', 'any')}:{one.get('format', '')}" for one in (_resolve(one, parts) for one in options)}


def check(folder: Path) -> list[str]:
    """What the committed documents have that the code would break; a line each."""
    lines = []
    wanted = documents()
    for file in sorted(folder.glob("*.v*.json")):
        if file.name not in wanted:
            lines.append(f"{file.name}: the event is gone")
        else:
            lines += [f"{file.name}: {line}" for line in breaking(json.loads(file.read_text()), wanted[file.name])]
    return lines


def text_of(document: dict[str, Any]) -> str:
    """A document as it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def write(folder: Path) -> list[str]:
    """Write every document; nothing is written, and the reasons are returned, when a contract would break."""
    refused = check(folder)
    if not refused:
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in documents().items():
            (folder / name).write_text(text_of(document))
    return refused


def main() -> int:
    """Write the documents to a folder (docs/contracts); 1 with the reasons when a contract would break."""
    refused = write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
    for line in refused:
        sys.stderr.write(f"breaking: {line}\n")
    if refused:
        sys.stderr.write("Give the event a new version instead, and keep the old one until nobody speaks it.\n")
    return 1 if refused else 0


if __name__ == "__main__":
    raise SystemExit(main())
