"""The house rules that no linter knows."""

import ast
import json
import re
import statistics
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("catalog", "sales", "stock", "purchasing", "alerts", "reporting", "backoffice")
FORBIDDEN = re.compile(r"p[y]pi\.org|python[h]osted|registry\.n[p]mjs|deb\.de[b]ian|/(wor[k])/|/(roo[t])/")
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b|NotImplemented[E]rror")


def tracked(*suffixes: str) -> Iterator[Path]:
    """Files that git tracks, by suffix."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.split("\0"):
        path = ROOT / name
        if name and path.is_file() and (not suffixes or path.suffix in suffixes):
            yield path


def sources() -> list[Path]:
    """Our own Python files outside the tests."""
    return [path for path in tracked(".py") if not path.is_relative_to(ROOT / "tests")]


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    """No tracked text holds a registry's host or a path of one machine."""
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in FORBIDDEN.finditer(text)]

    assert found == []


def test_the_resolver_lock_with_addresses_stays_out() -> None:
    """uv.lock is not tracked, and the locks that are hold hashes only."""
    names = {path.name for path in tracked()}

    assert "uv.lock" not in names
    for lock in (path for path in tracked(".lock") if "requirements" in path.name):
        assert "://" not in lock.read_text(), lock


def test_nothing_is_left_unfinished() -> None:
    """No marker of unfinished work stands in the code."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked(".py", ".js", ".html", ".css", ".toml", ".yml")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNFINISHED.search(line) and path != Path(__file__)
    ]

    assert found == []


def test_every_module_says_what_it_is_the_home_of() -> None:
    """Each module outside the tests that holds anything opens with a docstring."""
    silent = []
    for path in sources():
        tree = ast.parse(path.read_text())
        if tree.body and ast.get_docstring(tree) is None:
            silent.append(str(path.relative_to(ROOT)))

    assert silent == []


def test_no_file_is_called_utils() -> None:
    """A file is named after a noun."""
    assert [path for path in sources() if path.stem in {"utils", "helpers", "common", "misc"}] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_depends_on_no_other_service(service: str) -> None:
    """A distribution names the kit and third parties, never another service (DESIGN 2)."""
    project = tomllib.loads((ROOT / "services" / service / "pyproject.toml").read_text())["project"]
    ours = {name.removeprefix("lotwise-") for name in project["dependencies"] if name.startswith("lotwise-")}

    assert ours <= {"kit", "contracts", "values"}


def test_functions_stay_short() -> None:
    """The median function has at most 10 lines, 95 of 100 at most 40, and at most 1 in 100 more than 70 (STYLE 1)."""
    lengths = sorted(
        node.end_lineno - node.body[0].lineno + 1
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    )
    p95 = lengths[int(0.95 * len(lengths))]
    long = sum(length > 70 for length in lengths) / len(lengths)
    print(f"functions: {len(lengths)}, median {statistics.median(lengths)}, p95 {p95}, over 70 lines {long:.2%}")

    assert statistics.median(lengths) <= 10
    assert p95 <= 40
    assert long <= 0.01


def test_the_list_of_features_points_at_tests_that_exist() -> None:
    """Every row of docs/features.md has a state, and each test it leans on is there and every id stands once."""
    lines = (ROOT / "docs" / "features.md").read_text().splitlines()
    rows = [line.split("|")[1:-1] for line in lines if re.match(r"\| [A-Z]+-\d+ ", line)]
    ids = [row[0].strip() for row in rows]

    assert len(ids) == len(set(ids)) >= 230
    for row in rows:
        assert re.match("(works|partly: .+|not yet)$", row[-1].strip()), row
        for name in re.findall("`([a-z_/]+[.]py)`", row[-2]):
            assert (ROOT / "tests" / name).is_file(), name


def test_every_call_a_guide_names_exists() -> None:
    """A guide names no call that no service has: method and path stand in a committed OpenAPI document."""
    called = re.compile(r"\b(GET|POST|PUT|DELETE)[^\n/]{0,30}(/v1/[a-z/:{}_-]+)")
    parameter = re.compile(r"{[a-z_]+}")
    documents = [json.loads(path.read_text()) for path in (ROOT / "docs" / "openapi").glob("*.json")]
    known = {
        (method.upper(), parameter.sub("{}", path))
        for one in documents
        for path, calls in one["paths"].items()
        for method in calls
    }
    named = {
        (path.name, method, parameter.sub("{}", call))
        for path in tracked(".md")
        if path.is_relative_to(ROOT / "docs" / "guides")
        for method, call in called.findall(path.read_text())
    }
    assert len(named) > 10
    assert {one for one in named if one[1:] not in known} == set()
