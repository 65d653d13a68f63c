"""Whole campaigns against what the carrier was told to do: outcome by outcome, retry by retry, also with kill -9."""
from __future__ import annotations

import collections
import pathlib
import random
import time
from typing import NamedTuple

import pytest
from lab.daemon import wait_for
from lab.world import World


class Prescribed(NamedTuple):
    outcome: str
    tries: int = 1            # as the retry rules below allow
    action: str | None = None  # of the key that is pressed


# By area code: what SIPp does to such a number (test/lab/carrier.py).
MIX = {212: Prescribed("human"), 213: Prescribed("human", action="donation"), 216: Prescribed("human", action="opt-out"),
       225: Prescribed("busy", 2), 228: Prescribed("rejected"), 229: Prescribed("unreachable"), 231: Prescribed("invalid-number"),
       251: Prescribed("human"), 240: Prescribed("no-answer", 2)}
RETRY = {"busy": {"tries": 2, "waitSeconds": 5}, "no-answer": {"tries": 2, "waitSeconds": 5}}
SETTINGS = {"trunk.calls_per_second": 25, "trunk.max_live_calls": 450, "ivr.response_timeout_seconds": 2}


def contacts(count: int) -> list[str]:
    codes = list(MIX)
    return [f"+1{codes[i % len(codes)]}555{i // len(codes):04}" for i in range(count)]


def prescribed(number: str) -> Prescribed:
    return MIX[int(number[2:5])]


def run(world: World, numbers: list[str]) -> None:
    world.daemon.campaign("volume", numbers, retry=RETRY, ringTimeoutSeconds=15)


def wait_completed(world: World, seconds: float) -> dict:
    def state() -> str:
        status, body = world.daemon.request("GET", "/v1/campaigns/volume")
        return body["state"] if status == 200 else ""
    world.daemon.wait_for(lambda: state() == "completed", seconds, "the campaign does not come to its end")
    return world.daemon.report("volume")


def check(world: World, numbers: list[str], report: dict) -> None:
    outcomes: collections.Counter[str] = collections.Counter()
    for number in numbers:
        outcomes[prescribed(number).outcome] += prescribed(number).tries
    rows = collections.Counter((number, outcome) for number, outcome in world.daemon.sql(
        "SELECT number, outcome FROM attempt WHERE campaign_id = 'volume' AND intended_at > 0"))
    wrong = [row for row, count in rows.items() if (row[1], count) != (prescribed(row[0]).outcome, prescribed(row[0]).tries)]
    assert not wrong, f"{len(wrong)} contacts went otherwise than prescribed: {[(row, rows[row]) for row in wrong[:10]]}"
    assert report["outcomes"] == dict(outcomes), "the report, outcome by outcome"
    assert report["states"] == {"done": len(numbers)} and sum(report["reasons"].values()) == len(numbers), report

    invites = collections.Counter(world.carrier.invites())
    assert invites == {number: prescribed(number).tries for number in numbers}, "the carrier's own log of INVITEs"

    opted_out = {n for n in numbers if prescribed(n).action == "opt-out"}
    assert {number for (number,) in world.daemon.sql("SELECT number FROM suppression")} == opted_out
    assert report["opt_outs"] == len(opted_out)
    wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 20, "events are not published")
    told = world.daemon.events()
    assert len({event["id"] for event in told}) == len(told) == report["events"]
    by_call: dict[str, list[int]] = collections.defaultdict(list)
    for event in told:
        by_call[event["subject"]].append(int(event["sequence"]))
    assert all(found == list(range(1, len(found) + 1)) for found in by_call.values()), "events of a call have gaps"
    wait_for(lambda: not world.asterisk.journal(), 60, "the journal is not cleared")
    wait_for(lambda: world.daemon.health()[1]["calls"]["live"] == 0, 10, "slots are left")


def check_retry_times(world: World) -> None:
    """A retry begins when its rule says: not before, and soon after."""
    ends: dict[str, int] = {}
    late = []
    for number, began, ended in world.daemon.sql(
            "SELECT number, intended_at, ended_at FROM attempt WHERE campaign_id = 'volume' AND intended_at > 0 ORDER BY id"):
        if number in ends:
            wait = (began - ends[number]) / 1000
            assert wait >= 5, f"{number} was called again after {wait} s"
            late.append(wait)
        ends[number] = ended
    late.sort()
    print(f"retries: {len(late)}, wait median {late[len(late) // 2]:.1f} s, worst {late[-1]:.1f} s (rule: 5 s)")


@pytest.mark.parametrize("count", [180, pytest.param(2000, marks=pytest.mark.long)])
def test_a_campaign_with_mixed_fates_goes_as_prescribed(folder: pathlib.Path, count: int) -> None:
    numbers = contacts(count)
    with World(folder, SETTINGS) as world:
        began = time.monotonic()
        run(world, numbers)
        report = wait_completed(world, 60 + count / 2)
        seconds = time.monotonic() - began
        check(world, numbers, report)
        check_retry_times(world)
        print(f"{count} contacts, {report['attempts']} attempts in {seconds:.0f} s")


@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=pytest.mark.long)])
def test_kill_9_every_ten_seconds_for_a_whole_campaign(folder: pathlib.Path, count: int) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    numbers = contacts(count)
    chance.shuffle(numbers)
    with World(folder, {**SETTINGS, "trunk.calls_per_second": 10}) as world:
        run(world, numbers)
        kills = 0
        while True:
            # Nothing is waited for here: the moment is the test. Every ten seconds on the average; an order that was
            # never sent is known to be lost only after eleven seconds of life (docs/how-to/recover.md).
            time.sleep(chance.uniform(0, 20))
            status, body = world.daemon.request("GET", "/v1/campaigns/volume")
            if status == 200 and body["state"] == "completed":
                break
            world.daemon.kill()
            kills += 1
            world.daemon.start()
        report = wait_completed(world, 30)
        check(world, numbers, report)
        print(f"{count} contacts, {report['attempts']} attempts, {kills} times kill -9")
        assert kills >= 2
