"""Campaigns on real parts: states, retries by rule, opt-outs across campaigns, stop, preview and why."""
from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Iterator

import pytest
from lab.daemon import wait_for
from lab.world import World

SETTINGS = {"trunk.calls_per_second": 25, "ivr.response_timeout_seconds": 2}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world"), SETTINGS) as made:
        yield made


def numbers(code: int, block: str, count: int) -> list[str]:
    return [f"+1{code}555{block}{i:02}" for i in range(count)]


def state(world: World, campaign: str) -> dict:
    return world.daemon.request("GET", f"/v1/campaigns/{campaign}")[1]


def wait_state(world: World, campaign: str, wanted: str, seconds: float = 60) -> dict:
    world.daemon.wait_for(lambda: state(world, campaign)["state"] == wanted, seconds,
                          f"{campaign} is not {wanted}: {state(world, campaign)}")
    return state(world, campaign)


def test_a_campaign_is_called_to_its_end_and_the_sums_agree(world: World) -> None:
    people = numbers(212, "10", 6) + numbers(225, "10", 4) + numbers(228, "10", 2)
    added = world.daemon.campaign("sums", people)
    assert added["added"] == 12 and added["rejectedRows"] == 0, added
    again = world.daemon.campaign("sums", people)
    assert again["added"] == 0 and again["duplicates"] == 12, "importing the same list again adds nothing"
    report = wait_state(world, "sums", "completed")["report"]
    assert report["outcomes"] == {"human": 6, "busy": 4, "rejected": 2}
    assert report["states"] == {"done": 12} and sum(report["reasons"].values()) == 12, report
    rows = dict(world.daemon.sql("SELECT outcome, count(*) FROM attempt WHERE campaign_id = 'sums' GROUP BY outcome"))
    assert rows == report["outcomes"], "the sums are those of the rows"
    # C7: a completed campaign can be started again; nobody is called twice.
    placed = len(world.carrier.invites())
    assert world.daemon.request("POST", "/v1/campaigns/sums:start")[0] == 200
    wait_state(world, "sums", "completed")
    assert len(world.carrier.invites()) == placed


def test_retries_happen_when_the_rules_say(world: World) -> None:
    busy, silent = numbers(225, "20", 3), numbers(212, "20", 1)
    world.daemon.campaign("retries", busy + silent, retry={"busy": {"tries": 3, "waitSeconds": 4}})
    report = wait_state(world, "retries", "completed", 90)["report"]
    assert report["outcomes"] == {"busy": 9, "human": 1}, report
    for number in busy:
        times = [row[0] for row in world.daemon.sql("SELECT intended_at FROM attempt WHERE number = ? ORDER BY id", number)]
        gaps = [b - a for a, b in zip(times, times[1:])]
        assert len(times) == 3 and all(4000 <= gap < 9000 for gap in gaps), gaps
        callers = {row[0] for row in world.daemon.sql("SELECT caller_id FROM attempt WHERE number = ?", number)}
        assert callers == {"+12025550199"}, "a contact keeps its caller ID"
    assert report["reasons"] == {"done/tries-spent": 3, "done/human": 1}, report


def test_an_opt_out_in_one_campaign_stops_the_queued_call_of_another(world: World) -> None:
    [person] = numbers(216, "30", 1)  # presses 9 after 1.5 s
    world.daemon.campaign("waiting", [person], start=False)
    world.daemon.campaign("asking", [person])
    wait_for(lambda: world.daemon.sql("SELECT 1 FROM suppression WHERE number = ?", person), 20, "9 is not in the ledger")
    pressed = time.monotonic()
    wait_for(lambda: state(world, "waiting")["report"]["states"] == {"skipped": 1}, 5, "it still waits")
    assert time.monotonic() - pressed < 1.0
    assert world.daemon.request("POST", "/v1/campaigns/waiting:start")[0] == 200
    report = wait_state(world, "waiting", "completed")["report"]
    assert report["skipped"] == {"suppressed-global": 1} and report["outcomes"] == {"skipped": 1}, report
    assert world.carrier.invites().count(person) == 1
    status, why = world.daemon.request("GET", f"/v1/numbers/{person}/why?campaign=waiting")
    assert status == 200
    verdicts = {gate["gate"]: gate["decision"] for gate in why["contacts"][0]["gates"]}
    assert verdicts["suppression"] == "skip" and verdicts["number"] == "pass", why


def test_after_the_answer_to_a_stop_no_call_begins(world: World) -> None:
    world.daemon.campaign("stopped", numbers(251, "40", 40), callsPerSecond=10)
    wait_for(lambda: state(world, "stopped")["live"] >= 5, 20, "it does not begin")
    began = time.monotonic()
    status, answer = world.daemon.request("POST", "/v1/campaigns/stopped:pause")
    seconds = time.monotonic() - began
    assert status == 200 and answer["state"] == "paused", answer
    assert sum(answer["underWay"].values()) >= 1, answer
    print(f"pause acknowledged in {seconds * 1000:.0f} ms")
    time.sleep(0.2)  # what Asterisk was ordered before is on the wire by then
    placed = len(world.carrier.invites())
    wait_for(lambda: state(world, "stopped")["live"] == 0, 30, "calls under way do not end")
    assert len(world.carrier.invites()) == placed, "a call began after the answer"
    assert world.daemon.request("POST", "/v1/campaigns/stopped:resume")[0] == 200
    wait_for(lambda: len(world.carrier.invites()) > placed, 10, "it does not go on")
    status, answer = world.daemon.request("POST", "/v1/campaigns/stopped:stop?mode=now")
    assert status == 200 and answer["state"] == "stopping", answer
    report = wait_state(world, "stopped", "canceled", 60)["report"]
    assert report["states"].get("in-call", 0) == 0, report
    assert world.daemon.request("POST", "/v1/campaigns/stopped:pause")[0] == 409


def test_what_the_policy_asks_is_asked(world: World) -> None:
    refused = {"id": "advert", "class": "advertisement", "policy": "us", "advertiser": "Example"}
    assert world.daemon.request("POST", "/v1/campaigns", refused)[0] == 201
    status, problem = world.daemon.request("POST", "/v1/campaigns/advert:start")
    assert status == 422 and "preamble" in problem["detail"], problem
    status, problem = world.daemon.request("POST", "/v1/campaigns", {"id": "odd", "class": "informational", "polcy": "us"})
    assert status == 422 and "polcy" in problem["detail"], problem


def test_the_command_line_from_create_to_report(world: World, folder: pathlib.Path) -> None:
    settings = folder / "spring.toml"
    settings.write_text('class = "informational"\ncalls_per_second = 10\n[retry]\nbusy = { tries = 2, wait_seconds = 2 }\n')
    contacts = folder / "list.csv"
    contacts.write_text("phone,name\n" + "\n".join(f"{n},Ann" for n in numbers(225, "50", 2) + numbers(212, "50", 2)) + "\nnonsense,Bob\n")
    daemon = world.daemon
    assert "spring is draft" in daemon.command("campaign", "create", str(settings)).stdout
    rejects = folder / "rejects.csv"
    added = json.loads(daemon.command("campaign", "import", "spring", str(contacts), "--rejects", str(rejects), "--json", "--quiet").stdout)
    assert added["added"] == 4 and added["rejected"] == 1 and "nonsense" in rejects.read_text(), added
    preview = json.loads(daemon.command("campaign", "preview", "spring", "--json").stdout)
    assert preview["contacts"] == 4, preview
    watched = daemon.command("campaign", "start", "spring", "--watch", "--quiet")
    assert "human" in watched.stdout and "tries-spent" in watched.stdout, watched.stdout
    report = json.loads(daemon.command("campaign", "report", "spring", "--format", "json").stdout)
    assert report["outcomes"] == {"busy": 4, "human": 2}, report
    assert "outcome,busy,4" in daemon.command("campaign", "report", "spring", "--format", "csv").stdout
    assert "spring" in daemon.command("campaign", "list").stdout
    why = daemon.command("campaign", "why", numbers(225, "50", 1)[0]).stdout
    assert "attempt-caps" in why and "busy" in why, why
    assert daemon.command("campaign", "status", "missing", check=False).returncode == 1
    assert daemon.command("campaign", "stop", check=False).returncode == 2
    assert "loopback" in daemon.command("trunks").stdout


def test_suppressions_by_the_operator(world: World) -> None:
    person, other = numbers(212, "60", 2)
    daemon = world.daemon
    assert "1 numbers suppressed" in daemon.command("suppress", "add", person, "--reason", "asked by letter").stdout
    assert daemon.request("POST", "/dial", {"phoneNumber": person})[0] == 409
    daemon.campaign("by-hand", [person, other])
    report = wait_state(world, "by-hand", "completed")["report"]
    assert report["outcomes"] == {"human": 1, "skipped": 1}, report
    assert "asked by letter" in daemon.command("suppress", "list", person).stdout
    daemon.command("suppress", "remove", person)
    assert daemon.wait_end(daemon.dial(person)["attemptId"])["outcome"] == "human"
