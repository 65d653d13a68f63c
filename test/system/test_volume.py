"""100 calls at 20 per second with mixed fates: each ends with exactly the outcome that its number prescribes."""
from __future__ import annotations

import collections

from lab.daemon import wait_for
from lab.world import World

# Area code: outcome and the action of its key.
MIX = {212: ("human", None), 213: ("human", "donation"), 216: ("human", "opt-out"), 225: ("busy", None), 228: ("rejected", None),
       229: ("unreachable", None), 231: ("invalid-number", None), 234: ("congestion", None), 251: ("human", None), 240: ("no-answer", None)}
PER_FATE = 10


def test_a_hundred_mixed_calls(folder) -> None:
    with World(folder, {"trunk.calls_per_second": 20, "ivr.response_timeout_seconds": 2}) as world:
        # Those that the carrier refuses with 503 come last: they slow the trunk down, as they should.
        numbers = [f"+1{code}55501{i:02}" for i in range(PER_FATE) for code in MIX if code != 234]
        numbers += [f"+123455501{i:02}" for i in range(PER_FATE)]
        assert world.daemon.campaign("volume", numbers)["added"] == len(numbers)
        total = len(numbers)
        wait_for(lambda: sum(world.daemon.report("volume")["outcomes"].values()) == total, 120, "not all calls ended")

        ended = world.daemon.sql("SELECT number, outcome FROM attempt WHERE campaign_id = 'volume'")
        wrong = [(number, outcome) for number, outcome in ended if outcome != MIX[int(number[2:5])][0]]
        assert not wrong, f"{len(wrong)} of {total} calls ended wrongly: {wrong[:10]}"
        keys = collections.Counter((number[2:5], action) for number, action in world.daemon.sql(
            "SELECT a.number, k.action FROM attempt a JOIN key_press k ON k.attempt_id = a.id"))
        assert keys == {(str(code), action): PER_FATE for code, (_, action) in MIX.items() if action}
        assert sorted(world.carrier.invites()) == sorted(numbers), "each number was rung once"
        wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 10, "events are not published")
        assert world.daemon.report("volume")["events"] == len(world.daemon.events())
        wait_for(lambda: not world.asterisk.journal(), 10, "the journal is not cleared")
