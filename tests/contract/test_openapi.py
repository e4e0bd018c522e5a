"""The committed OpenAPI documents are those of the services as they stand."""

from pathlib import Path

import pytest

from lotwise.kit.openapi import documents

FOLDER = Path(__file__).parents[2] / "docs" / "openapi"
SERVICES = ("backoffice", "catalog", "sales", "stock", "purchasing", "alerts", "reporting")


@pytest.mark.parametrize("service", SERVICES)
def test_document_is_current(service: str) -> None:
    """C: docs/openapi says what the service serves; `make schemas` writes it anew."""
    for name, text in documents([f"lotwise.{service}"]).items():
        assert (FOLDER / name).read_text() == text, f"docs/openapi/{name} is old: run `make schemas`"
