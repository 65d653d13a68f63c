"""Events against api/events/*.schema.json."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import jsonschema

from .asterisk import ROOT

EVENTS = ROOT / "api/events"


def complain(errors: Any) -> list[str]:
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def faults_of_event(event: dict[str, Any]) -> list[str]:
    file = EVENTS / f"{event['type']}.schema.json"
    schema = json.loads(file.read_text())
    resolver = jsonschema.RefResolver(file.as_uri(), schema)
    return complain(jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(event))


def check_events(events: Iterable[dict[str, Any]]) -> None:
    """One of each shape: events that differ in ids, numbers and times alone are alike to a schema."""
    shapes = {re.sub(r"[0-9A-Z]+", "0", json.dumps(event)): event for event in events}
    faults = {shape: found for shape, event in shapes.items() if (found := faults_of_event(event))}
    assert not faults, f"events that do not fit their schema: {faults}"
