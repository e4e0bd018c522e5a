"""The dashboards that we provision: each shows only what our services really tell."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
BOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
METRICS = {one["name"]: one for one in json.loads((ROOT / "docs" / "telemetry.json").read_text())["metrics"]}
GIVEN = {"job", "instance", "le"}
"""Labels that the one who collects adds; a label of ours named like one of his comes as `exported_…`."""
SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}


def told() -> dict[str, set[str]]:
    """Every series by its name, with the labels that may be asked for."""
    found = {"up": GIVEN, "process_resident_memory_bytes": GIVEN, "process_cpu_seconds_total": GIVEN}
    for name, one in METRICS.items():
        labels = {f"exported_{label}" if label in GIVEN else label for label in one["labels"]}
        found |= {name + suffix: labels | GIVEN for suffix in SUFFIXES[one["type"]]}
    return found


def questions(board: Any) -> list[str]:
    """What a dashboard asks, without its own variables' values."""
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return asked + [one["query"] for one in board["templating"]["list"] if one["type"] == "query"]


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_a_dashboard_asks_only_for_what_is_told(file: Path) -> None:
    """DESIGN 6: every series in a dashboard is one of docs/telemetry.json, and every label one that the series has."""
    series = told()
    for question in questions(json.loads(file.read_text())):
        names = set(re.findall(r"\b(?:(?:lotwise|process)_[a-z_]+|up\b)", question))
        assert names, question
        assert names <= set(series), question
        labels = set(re.findall(r"([a-z_]+)\s*(?:=~|!=|=)\s*\"", question))
        for group in re.findall(r"\bby \(([^)]*)\)", question):
            labels |= {label.strip() for label in group.split(",")}
        labels |= set(re.findall(r"label_values\([a-z_]+, ([a-z_]+)\)", question))
        for name in names:
            assert labels <= series[name], (question, labels - series[name])


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_a_dashboard_stands_as_it_is_provisioned(file: Path) -> None:
    """DESIGN 6: each has an address of its own, asks a source that is provisioned, and no panel lies upon another."""
    board = json.loads(file.read_text())
    sources = set(re.findall(r"uid: ([a-z]+)", (GRAFANA / "provisioning/datasources/lotwise.yml").read_text()))
    assert board["uid"] == f"lotwise-{file.stem}"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        assert panel["datasource"]["uid"] in sources, panel["title"]
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_every_service_is_asked_for_its_metrics() -> None:
    """DESIGN 6: whoever collects asks each service that there is, at the port that its container has."""
    asked = set(re.findall(r'job_name: ([a-z]+), .*"([a-z]+):8000"', (GRAFANA / "prometheus.yml").read_text()))
    services = {folder.name for folder in (ROOT / "services").iterdir() if (folder / "pyproject.toml").exists()}
    assert asked == {(name, name) for name in services}
