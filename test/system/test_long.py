"""What must be shown at full size (script/test --long). Figures are printed and kept in build/figures; docs/performance.md
quotes them. Ratios and counts are asserted, never a time."""
from __future__ import annotations

import sys

import pytest

from lab.daemon import ROOT

sys.path.insert(0, str(ROOT / "bench"))

import engine_cost  # noqa: E402
import ladder  # noqa: E402

pytestmark = pytest.mark.long

FIGURES = ROOT / "build/figures"


def keep(name: str, text: str) -> None:
    FIGURES.mkdir(parents=True, exist_ok=True)
    (FIGURES / f"{name}.md").write_text(text + "\n")
    print(text)


def test_the_ladder_of_concurrent_calls() -> None:
    rungs = [100, 250, 400, 500]
    results = ladder.climb(rungs)
    keep("ladder", ladder.table(results))
    for result in results:
        assert result["up"] >= 0.99 * result["calls"], result
        assert result["human"] == result["calls"], "every call is in the books as answered"
        assert result["engine_cpu"] < 0.05 * result["asterisk_cpu"], "the engine is not what limits Asterisk"
    assert results[0]["on_time"] > 95, results[0]


def test_the_engine_costs_little_beside_asterisk() -> None:
    results = engine_cost.measure(50, 30)
    keep("engine-cost", engine_cost.table(results, 50))
    for result in results:
        if result["what"].startswith("answered"):
            assert result["share"] <= 5, result

