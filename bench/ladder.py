#!/usr/bin/python3
"""The concurrency ladder: so many two-way calls at once, what Asterisk and the engine use, and what the far end hears.

    bench/ladder.py [CALLS…]        default: 100 250 400 500
"""
from __future__ import annotations

import pathlib
import sys
import tempfile
import time

from common import Meter, row, write_message

from lab.daemon import wait_for
from lab.world import World

WINDOW_SECONDS = 10
RAMP_PER_SECOND = 40


def climb(rungs: list[int]) -> list[dict[str, float]]:
    results = []
    with tempfile.TemporaryDirectory(prefix="carillon-ladder-") as name:
        folder = pathlib.Path(name)
        message = folder / "message.wav"
        write_message(message, 90)
        settings = {"trunk.calls_per_second": RAMP_PER_SECOND, "trunk.max_live_calls": 2000, "calls.post_dial_delay_seconds": 15,
                    "prompts.sources": [str(folder)]}
        with World(folder / "world", settings) as world:
            stored = world.daemon.request("POST", "/v1/prompts?name=message.wav", message.read_bytes())[1]["id"]
            for rung in rungs:
                results.append(measure(world, stored, rung))
    return results


def measure(world: World, prompt: str, calls: int) -> dict[str, float]:
    campaign = f"rung-{calls}"
    world.daemon.campaign(campaign, [f"+1260555{i:04}" for i in range(calls)], audio=prompt)

    def talking() -> int:
        return world.daemon.request("GET", f"/calls?campaign={campaign}&status=in-progress")[1]["count"]

    wait_for(lambda: talking() >= calls * 0.99, calls / RAMP_PER_SECOND + 30, f"{calls} calls did not come up")
    time.sleep(2)  # the last ones settle into their rhythm
    world.carrier.reset()
    meter = Meter(world)
    time.sleep(WINDOW_SECONDS)
    window = meter.stop()
    heard = world.carrier.stats()["total"]
    up = talking()
    world.asterisk.cli("channel request hangup all")
    wait_for(lambda: sum(world.daemon.report(campaign)["outcomes"].values()) == calls, 60, "calls did not end")
    outcomes = world.daemon.report(campaign)["outcomes"]
    gaps = heard["gaps"]
    total = max(1, sum(gaps.values()))
    return {"calls": calls, "up": up, "asterisk_cpu": window.asterisk, "engine_cpu": window.engine,
            "packets_per_second": heard["packets"] / window.seconds / max(1, up), "lost": heard["lost"],
            "on_time": 100 * gaps["le25"] / total, "late": 100 * (gaps["le60"] + gaps["le100"] + gaps["gt100"]) / total,
            "max_gap_ms": heard["max_gap_ms"], "human": outcomes.get("human", 0)}


def table(results: list[dict[str, float]]) -> str:
    lines = [row("calls", "up", "Asterisk CPU (100 = 1 core)", "per call", "engine CPU", "packets/s per call", "lost", "gaps ≤ 25 ms",
                 "gaps > 40 ms", "worst gap ms"), row(*["---"] * 10)]
    for r in results:
        lines.append(row(r["calls"], r["up"], f"{r['asterisk_cpu']:.0f} %", f"{r['asterisk_cpu'] / r['calls']:.3f} %", f"{r['engine_cpu']:.1f} %",
                         f"{r['packets_per_second']:.1f}", r["lost"], f"{r['on_time']:.1f} %", f"{r['late']:.2f} %", f"{r['max_gap_ms']:.0f}"))
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(climb([int(text) for text in sys.argv[1:]] or [100, 250, 400, 500])))
