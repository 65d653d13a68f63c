#!/usr/bin/python3
"""What the engine costs beside Asterisk, in the same run: 50 calls per second, answered ones and busy ones.

    bench/engine_cost.py [CALLS_PER_SECOND [SECONDS]]
"""
from __future__ import annotations

import pathlib
import sys
import tempfile
import time

from common import Meter, row

from lab.daemon import wait_for
from lab.world import World


def measure(rate: int, seconds: int) -> list[dict[str, float]]:
    results = []
    with tempfile.TemporaryDirectory(prefix="carillon-cost-") as name:
        settings = {"trunk.calls_per_second": rate, "trunk.max_live_calls": 2000, "ivr.response_timeout_seconds": 1}
        with World(pathlib.Path(name), settings) as world:
            stored = world.daemon.request("POST", "/v1/prompts?name=goodbye.ulaw",
                                          (pathlib.Path(world.daemon.settings["prompts.folder"]) / "goodbye.ulaw").read_bytes())[1]["id"]
            for what, code in (("answered, one message, goodbye", 260), ("answered, key 1", 213), ("busy", 254)):
                results.append({"what": what, **run(world, stored, code, rate, seconds)})
    return results


def run(world: World, prompt: str, code: int, rate: int, seconds: int) -> dict[str, float]:
    calls = rate * seconds
    campaign = f"cost-{code}"
    # The list is imported in the window: that is the engine's work too.
    meter = Meter(world)
    world.daemon.campaign(campaign, [f"+1{code}555{i:04}" for i in range(calls)], audio=prompt)

    def ended() -> int:
        # Straight from the ledger, beside the engine: asking the engine would add to what is measured.
        return world.daemon.sql("SELECT count(*) FROM attempt WHERE campaign_id = ? AND state = 2", campaign)[0][0]

    while ended() < calls:
        time.sleep(0.5)
    window = meter.stop()
    wait_for(lambda: not world.asterisk.journal(), 30, "the journal is not cleared")
    return {"calls": calls, "seconds": window.seconds, "asterisk_ms": 10 * window.asterisk * window.seconds / calls,
            "engine_ms": 10 * window.engine * window.seconds / calls, "share": 100 * window.engine / window.asterisk}


def table(results: list[dict[str, float]], rate: int) -> str:
    lines = [row(f"calls at {rate}/s", "number", "Asterisk, ms CPU per call", "engine, ms CPU per call", "engine / Asterisk"), row(*["---"] * 5)]
    for r in results:
        lines.append(row(r["what"], r["calls"], f"{r['asterisk_ms']:.2f}", f"{r['engine_ms']:.3f}", f"{r['share']:.1f} %"))
    return "\n".join(lines)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    duration = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    print(table(measure(wanted, duration), wanted))
