"""The only home of a service's OpenAPI 3.1 document: every answer that an endpoint may give, with its permission.

`python -m lotwise.kit.openapi docs/openapi lotwise.catalog lotwise.stock …` writes one file per service.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lotwise.kit.problems import MEDIA_TYPE, TITLES, Problem

_METHODS = ("get", "post", "put", "delete")
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def install(app: FastAPI, name: str) -> None:
    """Let the app answer its own document, made once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app, name)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def build(app: FastAPI, name: str) -> dict[str, Any]:
    """The document, with problems declared for every operation. Raises ValueError for an undeclared permission."""
    document = get_openapi(title=f"Lotwise {name}", version=app.version, openapi_version="3.1.0", routes=app.routes)
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= model.pop("$defs", {}) | {"Problem": model}
    parts["responses"] = {
        str(status): {"description": title, "content": _PROBLEM} for status, title in sorted(TITLES.items())
    }
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for path, operations in document.get("paths", {}).items():
        for method in _METHODS:
            if method in operations:
                _complete(path, method, operations[method])
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    if "x-permission" not in operation:
        raise ValueError(f"{method.upper()} {path} declares no permission")
    answers = operation.setdefault("responses", {})
    answers.pop("422", None)
    refusals = operation.pop("x-refusals", [])
    for status in sorted(_statuses(path, method, operation) | {status for status, _ in refusals}):
        codes = [code for refused, code in refusals if refused == status]
        answers[str(status)] = _answer(status, codes)


def _answer(status: int, codes: list[str]) -> dict[str, Any]:
    """A problem: one of the common ones, or with the codes that this endpoint names."""
    if not codes and status in TITLES:
        return {"$ref": f"#/components/responses/{status}"}
    return {"description": f"{TITLES.get(status, 'Refused')}: {', '.join(codes)}", "content": _PROBLEM}


def _statuses(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    """What the kit itself may answer to such an operation."""
    statuses = {422, 500, 503}
    if operation["x-permission"] != "public":
        statuses |= {401, 403}
    if "{" in path:
        statuses.add(404)
    if method != "get":
        statuses |= {400, 404, 409, 413}
    if any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", ())):
        statuses |= {412, 428}
    return statuses


def documents(packages: list[str]) -> dict[str, str]:
    """The documents of services, by file name, as they are committed."""
    from lotwise.kit.service import create_app

    services = [import_module(f"{package}.app").SERVICE for package in packages]
    return {
        f"{service.name}.json": json.dumps(create_app(service).openapi(), indent=1, sort_keys=True) + "\n"
        for service in services
    }


def write(folder: Path, packages: list[str]) -> None:
    """Write the documents of services into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents(packages).items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2:])
