"""The contracts as documents: committed, in step with the code, and never broken within a version (N-24)."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tests.kit.conftest import sale

from lotwise.contracts.envelope import SUBJECT
from lotwise.contracts.messages import REGISTRY
from lotwise.contracts.sales import SaleRecorded
from lotwise.kit.schemas import asyncapi, breaking, check, documents, schema_of, text_of, write

FOLDER = Path(__file__).parents[2] / "docs/contracts"


def test_the_committed_documents_are_those_of_the_code() -> None:
    """Whoever changes a contract commits its documents: run `python -m lotwise.kit.schemas`."""
    wanted = {name: text_of(document) for name, document in documents().items()}
    found = {file.name: file.read_text() for file in FOLDER.glob("*.json")}
    assert sorted(found) == sorted(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []


def test_no_contract_breaks_what_is_committed() -> None:
    """Within a version a contract only grows."""
    assert check(FOLDER) == []


def test_an_event_fits_its_schema() -> None:
    """What is said is valid by the document that others read; a missing field is not."""
    validator = Draft202012Validator(schema_of(SaleRecorded))
    body = json.loads(sale().model_dump_json())
    assert list(validator.iter_errors(body)) == []
    del body["charge_id"]
    assert [error.message for error in validator.iter_errors(body)] == ["'charge_id' is a required property"]


BEFORE: dict[str, Any] = {
    "title": "Thing",
    "type": "object",
    "properties": {
        "a": {"type": "string", "pattern": "x"},
        "b": {"type": "string", "enum": ["one", "two"]},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
    },
    "required": ["a"],
    "$defs": {"Part": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}},
}


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """BEFORE with one place changed; None takes it away."""
    after = deepcopy(BEFORE)
    place: Any = after
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return after


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (BEFORE, []),
        (changed("properties", "new", to={"type": "string", "default": ""}), []),
        (changed("properties", "b", "enum", to=["one", "two", "three"]), []),
        (changed("properties", "a", to=None), ["Thing.a is gone"]),
        (changed("required", to=["a", "b"]), ["Thing.b is required now"]),
        (changed("required", to=[]), ["Thing.a may be missing now"]),
        (changed("properties", "a", "type", to="integer"), ["Thing.a was ['string:'], is ['integer:']"]),
        (changed("properties", "a", "pattern", to="y"), ["Thing.a has another pattern"]),
        (changed("properties", "b", "enum", to=["one"]), ["Thing.b no longer takes ['two']"]),
        (changed("$defs", "Part", "properties", "n", to=None), ["Thing.parts[].n is gone"]),
    ],
)
def test_a_breaking_change_is_named(after: dict[str, Any], lines: list[str]) -> None:
    """What would break a speaker or a hearer of the old shape is told apart from what only adds."""
    assert breaking(BEFORE, after) == lines


def test_the_generator_refuses_to_break(tmp_path: Path) -> None:
    """A committed field that the code no longer has stops the generator: nothing is written (habit 11)."""
    assert write(tmp_path) == []
    file = tmp_path / "sales.sale-recorded.v1.json"
    document = json.loads(file.read_text())
    document["properties"]["coupon"] = {"type": "string"}
    file.write_text(text_of(document))
    (tmp_path / "sales.sale-imagined.v1.json").write_text("{}")
    assert write(tmp_path) == [
        "sales.sale-imagined.v1.json: the event is gone",
        "sales.sale-recorded.v1.json: SaleRecorded.coupon is gone",
    ]
    assert "coupon" in file.read_text()


def test_asyncapi_names_every_subject_and_who_hears_it() -> None:
    """The AsyncAPI 3.0 document has a channel per event, with its speaker and all its hearers (C)."""
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert len(addresses) == len(REGISTRY)
    assert all(SUBJECT.match(address.replace("{site}", "harley")) for address in addresses)
    operations = document["operations"]
    assert operations["sales says sales.sale-recorded"]["action"] == "send"
    assert operations["stock hears sales.sale-recorded"]["action"] == "receive"
    assert set(asyncapi("stock")["channels"]) < set(document["channels"])
    references = set(_references(document))
    assert all(_finds(document, reference) for reference in references)


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [one for value in node.values() for one in _references(value)]
    return [one for value in node for one in _references(value)] if isinstance(node, list) else []


def _finds(document: Any, reference: str) -> bool:
    for step in reference.removeprefix("#/").split("/"):
        document = document.get(step)
    return document is not None
