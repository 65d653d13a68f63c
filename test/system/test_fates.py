"""Each thing that a called person or a carrier can do ends in exactly the outcome that it is."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.daemon import wait_for
from lab.world import World


@dataclass(frozen=True)
class Expected:
    code: int  # area code: the carrier's table says what happens there
    what: str
    status: str
    outcome: str
    sip: int
    actions: list[str] = field(default_factory=list)
    has_rung: bool = True


FATES = [
    Expected(212, "listens to the end", "completed", "human", 200),
    Expected(213, "presses 1", "completed", "human", 200, ["donation"]),
    Expected(214, "presses 2", "completed", "human", 200, ["more-info"]),
    Expected(215, "presses 3, talks to an agent", "completed", "human", 200, ["agent"]),
    Expected(216, "presses 9", "completed", "human", 200, ["opt-out"]),
    Expected(217, "presses 0, then 1", "completed", "human", 200, ["repeat", "donation"]),
    Expected(218, "presses an invalid key", "completed", "human", 200, ["invalid"]),
    Expected(219, "presses 1 with the first packet of audio", "completed", "human", 200, ["donation"]),
    Expected(224, "presses 9 with the first packet of audio", "completed", "human", 200, ["opt-out"]),
    Expected(225, "486", "busy", "busy", 486),
    Expected(228, "603", "failed", "rejected", 603),
    Expected(229, "480", "failed", "unreachable", 480),
    Expected(231, "404", "failed", "invalid-number", 404),
    Expected(234, "503", "failed", "congestion", 503),
    Expected(239, "183 early media, then answers", "completed", "human", 200),
    Expected(240, "rings without answer", "no-answer", "no-answer", 180),
    Expected(248, "100, then silence", "failed", "no-response", 100, has_rung=False),
    Expected(251, "hangs up in the middle of the message", "completed", "human", 200),
    Expected(252, "hangs up before audio", "completed", "human", 200),
    Expected(253, "rings 3 s, then answers", "completed", "human", 200),
    Expected(254, "486 without ringing", "busy", "busy", 486, has_rung=False),
    Expected(256, "503 without ringing", "failed", "congestion", 503, has_rung=False),
    Expected(260, "answers without ringing", "completed", "human", 200, has_rung=False),
    Expected(306, "presses 9 while talking to an agent", "completed", "human", 200, ["agent", "opt-out"]),
]


def number_of(code: int) -> str:
    return f"+1{code}5550101"


@pytest.fixture(scope="module")
def ended(world: World) -> dict[int, dict[str, Any]]:
    """All calls at once; then each as it ended."""
    attempts = {fate.code: world.daemon.dial(number_of(fate.code), callId=f"fate-{fate.code}")["attemptId"] for fate in FATES}
    calls = {code: world.daemon.wait_end(attempt, 90) for code, attempt in attempts.items()}
    wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 10, "events are not published")
    wait_for(lambda: not world.asterisk.journal(), 10, "the journal is not cleared")
    return calls


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: f"{fate.code}-{fate.what.replace(' ', '-')}")
def test_a_call_ends_in_the_outcome_that_its_number_prescribes(world: World, ended: dict[int, dict[str, Any]], fate: Expected) -> None:
    call = ended[fate.code]
    assert (call["status"], call["outcome"], call["sipCode"]) == (fate.status, fate.outcome, fate.sip), call

    events = world.daemon.events_of(call["attemptId"])
    assert [int(event["sequence"]) for event in events] == list(range(1, len(events) + 1)), "events are in order, none missing"
    assert len({event["id"] for event in events}) == len(events)
    assert [e["data"]["action"] for e in events if e["type"] == "carillon.call.key-pressed"] == fate.actions
    assert sum(e["type"] == "carillon.donation.requested" for e in events) == fate.actions.count("donation")
    assert sum(e["type"] == "carillon.opt-out.requested" for e in events) == fate.actions.count("opt-out")
    statuses = [e["data"]["status"] for e in events if e["type"] == "carillon.call.status"]
    assert statuses[0] == "initiated" and statuses[-1] == fate.status
    assert ("ringing" in statuses) == fate.has_rung


def test_every_number_was_rung_once(world: World, ended: dict[int, dict[str, Any]]) -> None:
    rung = [number for number in world.carrier.invites() if not number.startswith("+1303")]
    assert sorted(rung) == sorted(number_of(fate.code) for fate in FATES)


def test_the_agent_was_rung_for_each_transfer(world: World, ended: dict[int, dict[str, Any]]) -> None:
    assert world.carrier.invites().count("+13035550100") == 2  # keys 3 of 215 and 306


def test_an_opt_out_forbids_the_number(world: World, ended: dict[int, dict[str, Any]]) -> None:
    suppressed = {number for (number,) in world.daemon.sql("SELECT number FROM suppression")}
    assert suppressed == {number_of(216), number_of(224), number_of(306)}
    status, problem = world.daemon.request("POST", "/dial", {"phoneNumber": number_of(216)})
    assert status == 409 and "suppressed" in problem["detail"], problem


def test_no_slot_and_no_channel_is_left(world: World, ended: dict[int, dict[str, Any]]) -> None:
    wait_for(lambda: world.asterisk.channels() == 0, 10, "channels are left")
    calls = world.daemon.health()[1]["calls"]
    assert calls == {"live": 0, "waiting": 0, "held": 0, "unsettled": 0}


def test_people_heard_the_prompts_without_gaps(world: World, ended: dict[int, dict[str, Any]]) -> None:
    listener = world.carrier.stats()["personas"]["listener"]
    assert listener["lost"] == 0
    assert listener["lasted_ms"]["max"] > 15_000, "the whole welcome was played"
