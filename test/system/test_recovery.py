"""What must never happen, whatever dies: nobody is called twice, no key is lost, every attempt is accounted for."""
from __future__ import annotations

import collections
import pathlib
import random

import pytest

from lab.daemon import wait_for
from lab.world import World

# Area code: the outcome that the carrier's table prescribes, and the action of its key.
MIX = {
    253: ("human", None),        # rings 3 s, answers
    240: ("no-answer", None),    # rings without end
    212: ("human", None),        # listens
    313: ("human", "donation"),  # presses 1 after 4 s
    314: ("human", "opt-out"),   # presses 9 after 4 s
    225: ("busy", None),
    251: ("human", None),        # hangs up by itself
    248: ("no-response", None),
    231: ("invalid-number", None),
    216: ("human", "opt-out"),   # presses 9 after 1.5 s
}


def numbers_of(per_fate: int, mix: dict[int, tuple[str, str | None]]) -> list[str]:
    return [f"+1{code}555{i:04}" for i in range(per_fate) for code in mix]


def check_the_books(world: World, campaign: str, numbers: list[str], mix: dict[int, tuple[str, str | None]], per_fate: int,
                    seconds: float) -> None:
    """Everything ended, as prescribed, told once; the carrier saw each number once."""
    world.daemon.wait_for(lambda: sum(world.daemon.report(campaign)["outcomes"].values()) == len(numbers), seconds,
                          "not every attempt is settled")
    ended = world.daemon.sql("SELECT number, outcome, reason, raw_cause FROM attempt WHERE campaign_id = ? AND intended_at > 0", campaign)
    wrong = [row for row in ended if row[1] != mix[int(row[0][2:5])][0]]
    assert not wrong, f"{len(wrong)} of {len(numbers)} calls have the wrong outcome: {wrong[:10]}"

    twice = {number: count for number, count in collections.Counter(world.carrier.invites()).items() if count > 1}
    assert not twice, f"called twice: {twice}"
    assert sorted(world.carrier.invites()) == sorted(numbers)

    expected = {(str(code), action): per_fate for code, (_, action) in mix.items() if action}
    keys = collections.Counter(world.daemon.sql(
        "SELECT substr(a.number, 3, 3), k.action FROM attempt a JOIN key_press k ON k.attempt_id = a.id"))
    assert keys == expected, "keys in the ledger"
    wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 10, "events are not published")
    told = world.daemon.events()
    assert len({event["id"] for event in told}) == len(told), "an event was published twice"
    pressed = collections.Counter((event["data"]["phoneNumber"][2:5], event["data"]["action"])
                                  for event in told if event["type"] == "carillon.call.key-pressed")
    assert pressed == expected, "keys in the events"
    by_call: dict[str, list[int]] = collections.defaultdict(list)
    for event in told:
        by_call[event["subject"]].append(int(event["sequence"]))
    assert all(found == list(range(1, len(found) + 1)) for found in by_call.values()), "events of a call have gaps"

    opted_out = {number for (number,) in world.daemon.sql("SELECT number FROM suppression")}
    assert opted_out == {n for n in numbers if mix[int(n[2:5])][1] == "opt-out"}
    wait_for(lambda: not world.asterisk.journal(), 30, "the journal is not cleared")
    wait_for(lambda: world.daemon.health()[1]["calls"]["live"] == 0, 10, "slots are left")


def is_each_phase_there(world: World) -> bool:
    statuses = {call["status"] for call in world.daemon.active()}
    return {"ringing", "in-progress"} <= statuses


def test_kill_9_with_calls_in_every_phase(folder: pathlib.Path) -> None:
    per_fate = 5
    settings = {"trunk.calls_per_second": 20, "ivr.response_timeout_seconds": 3}
    with World(folder, settings) as world:
        numbers = numbers_of(per_fate, MIX)
        world.daemon.campaign("kill", numbers)
        # 50 calls at 20 per second: some ended, some talk, some ring, some are being placed, the last still wait.
        wait_for(lambda: len(world.carrier.invites()) >= 35, 20, "calls are not placed")
        assert is_each_phase_there(world)
        world.daemon.kill()
        up = world.asterisk.channels()
        assert up > 10
        # In the gap people press 1 and 9 (4 s after they answered), and hear the next prompt: calls go on.
        wait_for(lambda: sum(":opt-out:" in value for value in world.asterisk.journal().values()) >= 4, 15, "no key in the gap")
        wait_for(lambda: any(":donation:" in value for value in world.asterisk.journal().values()), 15, "no key in the gap")
        world.daemon.start()
        check_the_books(world, "kill", numbers, MIX, per_fate, 120)


def test_the_ami_connection_is_cut_during_200_originates(folder: pathlib.Path) -> None:
    mix = {212: ("human", None), 225: ("busy", None), 216: ("human", "opt-out"), 240: ("no-answer", None)}
    per_fate = 50
    settings = {"trunk.calls_per_second": 200, "trunk.max_live_calls": 500, "ivr.response_timeout_seconds": 2}
    with World(folder, settings, cuttable=True) as world:
        assert world.wire is not None
        numbers = numbers_of(per_fate, mix)
        world.daemon.campaign("cut", numbers)
        wait_for(lambda: len(world.carrier.invites()) >= 40, 20, "calls are not placed")
        world.wire.cut()
        wait_for(lambda: len(world.carrier.invites()) >= 90, 30, "it does not go on after the first cut")
        world.wire.cut()
        check_the_books(world, "cut", numbers, mix, per_fate, 150)
        assert world.daemon.log_tail(400).count("node_up") >= 3


def test_a_restart_of_asterisk_leaves_unknown_calls_that_nobody_redials(folder: pathlib.Path) -> None:
    with World(folder, {"trunk.calls_per_second": 20}) as world:
        numbers = [f"+1212555{i:04}" for i in range(10)]
        world.daemon.campaign("power", numbers)
        wait_for(lambda: len(world.carrier.invites()) == 10, 20, "calls are not placed")
        world.daemon.wait_for(lambda: {call["status"] for call in world.daemon.active()} == {"in-progress"}, 10, "not all answered")
        world.asterisk.kill()
        world.daemon.wait_for(lambda: world.daemon.health()[0] == 503, 10, "health does not tell")
        assert world.daemon.request("POST", "/dial", {"phoneNumber": "+12125550199"})[0] == 503
        world.daemon.campaign("waits", ["+12255550102"])
        campaign = lambda: world.daemon.request("GET", "/v1/campaigns/waits")[1]
        world.daemon.wait_for(lambda: "alarm" in campaign(), 30, "nobody is told that a campaign stands still")
        assert "telephony server" in campaign()["alarm"], campaign()
        assert "campaign_stands_still" in world.daemon.log_tail(400)
        world.asterisk.start()
        world.daemon.wait_for(lambda: sum(world.daemon.report("power")["outcomes"].values()) == 10, 60, "not settled")
        assert world.daemon.report("power")["outcomes"] == {"unknown": 10}
        world.daemon.wait_for(lambda: campaign()["state"] == "completed", 60, "the campaign that waited is not called")
        assert "alarm" not in campaign()
        assert sorted(world.carrier.invites()) == sorted([*numbers, "+12255550102"]), "unknown is never redialled by itself"
        world.daemon.wait_for(lambda: world.daemon.health()[0] == 200, 20, "it does not recover")
        assert world.daemon.wait_end(world.daemon.dial("+12255550101")["attemptId"])["outcome"] == "busy"


def test_a_dead_carrier_is_a_dead_trunk(folder: pathlib.Path) -> None:
    settings = {"trunk.calls_per_second": 20, "calls.post_dial_delay_seconds": 1}
    with World(folder, settings) as world:
        world.carrier.kill()
        numbers = [f"+1212555{i:04}" for i in range(6)]
        world.daemon.campaign("dead", numbers)
        world.daemon.wait_for(lambda: sum(world.daemon.report("dead")["outcomes"].values()) == 6, 90, "not all ended")
        outcomes = world.daemon.report("dead")["outcomes"]
        assert set(outcomes) <= {"no-response", "trunk-down"} and outcomes["trunk-down"] >= 1, outcomes
        status, health = world.daemon.health()
        assert status == 503 and health["trunk"]["state"] == "down", health
        # One call at a time probes it; the first that shows life makes it good again.
        world.carrier.start()
        assert world.daemon.wait_end(world.daemon.dial("+12255550101")["attemptId"], 120)["outcome"] == "busy"
        world.daemon.wait_for(lambda: world.daemon.health()[0] == 200, 5, "the trunk is not up again")


@pytest.mark.long
def test_kill_9_at_random_moments_again_and_again(folder: pathlib.Path) -> None:
    per_fate = 40
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with World(folder, {"trunk.calls_per_second": 10, "ivr.response_timeout_seconds": 3}) as world:
        numbers = numbers_of(per_fate, MIX)
        chance.shuffle(numbers)
        world.daemon.campaign("again", numbers)
        for _ in range(8):
            seen = len(world.carrier.invites())
            more = chance.randrange(10, 40)
            wait_for(lambda: len(world.carrier.invites()) >= min(seen + more, len(numbers)), 90, "calls are not placed")
            world.daemon.kill()
            world.daemon.start(wait=chance.random() < 0.5)
        check_the_books(world, "again", numbers, MIX, per_fate, 180)
