"""The menu: 9 works in every prompt, wrong keys have a limit, agents who do not answer, calls from outside."""
from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Iterator

import pytest

from lab.asterisk import free_port
from lab.carrier import SIPP
from lab.daemon import PROMPTS, wait_for
from lab.world import World

# A message of about a second and short waits, so that later prompts come soon.
QUICK = {"ivr.response_timeout_seconds": 3, "ivr.agent_ring_seconds": 5}
SHORT = "please-try-again"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("quick"), {**QUICK, "ivr.agent": "+13045550100"}) as made:  # this agent is busy
        yield made


def actions_of(world: World, attempt: str) -> list[str]:
    return [event["data"]["action"] for event in world.daemon.events_of(attempt) if event["type"] == "carillon.call.key-pressed"]


def end_of(world: World, number: str) -> tuple[dict, list[str], list[str]]:
    """The ended call, the actions of its keys, and its notes."""
    attempt = world.daemon.dial(number, audioFileUrl=SHORT)["attemptId"]
    call = world.daemon.wait_end(attempt, 60)
    wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 10, "events are not published")
    notes = [text for (text,) in world.daemon.sql("SELECT text FROM note WHERE attempt_id = ? AND seq > 0 ORDER BY seq", attempt)]
    return call, actions_of(world, attempt), notes


@pytest.mark.parametrize(("code", "where", "actions"), [
    (307, "the thanks after a donation", ["donation", "opt-out"]),
    (308, "the words after an invalid key", ["invalid", "opt-out"]),
    (309, "the goodbye after silence", ["opt-out"]),
    (312, "a sub-menu takes keys of its own", ["more-info", "donation"]),
])
def test_keys_work_in(quick: World, code: int, where: str, actions: list[str]) -> None:
    call, pressed, _ = end_of(quick, f"+1{code}5550102")
    assert call["outcome"] == "human"
    assert pressed == actions, where
    assert call["optOut"] == ("opt-out" in actions)


def test_wrong_keys_have_a_limit(quick: World) -> None:
    _, pressed, notes = end_of(quick, "+13105550102")
    assert pressed == ["invalid", "invalid", "invalid"]
    assert not any(note.startswith("call-timeout") for note in notes), "the call says goodbye by itself"


def test_silence_is_told_and_ends_the_call(quick: World) -> None:
    call, pressed, notes = end_of(quick, "+12125550102")
    assert pressed == []
    assert [note.split(":")[0] for note in notes] == ["call-started", "call-timeout", "call-ended"]
    assert call["talkMs"] < 15_000


def test_a_busy_agent_is_told_and_the_menu_returns(quick: World) -> None:
    _, pressed, notes = end_of(quick, "+12155550102")
    assert pressed == ["agent"]
    assert [note.split(":")[0] for note in notes] == ["call-started", "dtmf-action", "agent", "call-timeout", "call-ended"]
    assert notes[2].split(":")[2] == "BUSY"


def test_nine_works_while_a_silent_agent_rings_and_a_silent_agent_is_told(folder: pathlib.Path) -> None:
    with World(folder, {**QUICK, "ivr.agent": "+13055550100"}) as world:
        _, pressed, notes = end_of(world, "+13065550103")  # 9 comes while the agent's phone rings
        assert pressed == ["agent", "opt-out"], notes
        assert world.daemon.sql("SELECT number FROM suppression") == [("+13065550103",)]
        _, _, notes = end_of(world, "+12155550103")
        assert [note.split(":")[2] for note in notes if note.startswith("agent")] == ["NOANSWER"]


UAC = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="caller">
  <send retrans="500"><![CDATA[
INVITE sip:+12025550150@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "Caller ${EVIL},;\\"x" <sip:{FROM}@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:+12025550150@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {RTP} RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200" rrs="true"/>
  <send><![CDATA[
ACK sip:+12025550150@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "Caller" <sip:{FROM}@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:+12025550150@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv request="BYE" timeout="60000"/>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"""


def ring_from_outside(world: World, folder: pathlib.Path, caller: str, persona: str) -> None:
    folder.mkdir()
    text = UAC.replace("{FROM}", caller).replace("{RTP}", str(world.carrier.rtp_ports[persona]))
    (folder / "caller.xml").write_text(text)
    done = subprocess.run([*SIPP, f"127.0.0.1:{world.asterisk.sip_port}", "-sf", folder / "caller.xml", "-i", "127.0.0.1", "-p",
                           str(free_port()), "-m", "1", "-nostdin", "-skip_rlimit", "-timeout", "80"],
                          cwd=folder, capture_output=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_a_call_from_outside_is_told_like_others_and_its_opt_out_counts(quick: World, folder: pathlib.Path) -> None:
    ring_from_outside(quick, folder / "caller", "+12125550177", "opts-out")
    rows = "SELECT id, number, outcome FROM attempt WHERE direction = 'inbound'"
    quick.daemon.wait_for(lambda: [row[2] for row in quick.daemon.sql(rows)] == ["human"], 10, "the inbound call is not in the ledger")
    (attempt, number, _), = quick.daemon.sql(rows)
    assert number == "+12125550177"
    assert quick.daemon.sql("SELECT reason FROM suppression WHERE number = ?", number) == [("opt-out by key",)]
    wait_for(lambda: quick.daemon.health()[1]["events"]["lag"] == 0, 10, "events are not published")
    assert [event["type"] for event in quick.daemon.events_of(attempt)] == [
        "carillon.call.status", "carillon.call.key-pressed", "carillon.opt-out.requested", "carillon.call.status"]


def test_a_call_from_asterisks_own_prompt_is_told_too(quick: World) -> None:
    quick.asterisk.cli("channel originate PJSIP/+12125550178@loopback extension s@ivr-main")
    rows = "SELECT outcome, number FROM attempt WHERE id LIKE 'cli-%'"
    quick.daemon.wait_for(lambda: quick.daemon.sql(rows) == [("human", "+12125550178")], 60, "the call is not in the ledger")


def test_asterisk_finds_no_fault_with_the_dialplan(quick: World) -> None:
    for context in ("from-trunk", "ivr-main", "ivr-wait-input", "process-dtmf", "ivr-timeout", "outbound-campaign", "hangup-handler"):
        assert f"Context '{context}'" in quick.asterisk.cli(f"dialplan show {context}")
    log = (quick.asterisk.folder / "log/messages").read_text()
    faults = [line for line in log.splitlines() if "pbx_config" in line or "ast_yyerror" in line or "No application" in line]
    assert not faults


def test_notes_by_http_callback_count_once(folder: pathlib.Path) -> None:
    settings = {**QUICK, "ivr.callbacks": True, "server.callback_token": "lab-token"}
    with World(folder, settings) as world:
        _, pressed, notes = end_of(world, "+12135550104")
        assert pressed == ["donation"], notes
        assert "CURL(" in world.asterisk.cli("dialplan show carillon-note")
        attempt = world.daemon.sql("SELECT id FROM attempt")[0][0]
        note = f"/dtmf-action?attempt={attempt}&seq=2&note=dtmf-action:1700000000000:1:main:donation:"
        assert world.daemon.request("GET", note + "&token=wrong")[0] == 401
        assert world.daemon.request("GET", note)[0] == 401
        before = world.daemon.sql("SELECT count(*) FROM outbox")
        assert world.daemon.request("GET", note + "&token=lab-token")[0] == 200, "a repeated one is harmless"
        assert world.daemon.sql("SELECT count(*) FROM outbox") == before
        assert world.daemon.request("GET", note.replace("dtmf-action?", "call-ended?") + "&token=lab-token")[0] == 422


def test_a_note_that_comes_by_http_alone_counts(folder: pathlib.Path) -> None:
    settings = {**QUICK, "ivr.callbacks": True, "server.callback_token": "lab-token"}
    with World(folder, settings) as world:
        attempt = world.daemon.dial("+12125550105")["attemptId"]
        wait_for(lambda: world.daemon.call(attempt)["status"] == "in-progress", 15, "the call is not up")
        note = f"/dtmf-action?token=lab-token&attempt={attempt}&seq=40&note=dtmf-action:1700000000000:9:main:opt-out:"
        assert world.daemon.request("GET", note)[0] == 200
        # The answer comes after the commit.
        assert world.daemon.sql("SELECT number FROM suppression") == [("+12125550105",)]
        assert "opt-out" in [action for (action,) in world.daemon.sql("SELECT action FROM key_press WHERE attempt_id = ?", attempt)]


def silence_before_confirmation(notes: list[str]) -> float:
    """Seconds between the opt-out and its confirmation: what is left when the confirmation's own length is taken away."""
    at = {note.split(":")[0] if ":opt-out:" not in note else "opt-out": int(note.split(":")[1]) for note in notes}
    confirmation = (PROMPTS / "optout-confirmed.ulaw").stat().st_size / 8000
    return (at["call-ended"] - at["opt-out"]) / 1000 - confirmation


def test_the_confirmation_waits_for_the_engine_and_without_one_for_the_journal(folder: pathlib.Path) -> None:
    with World(folder, QUICK) as world:
        _, _, notes = end_of(world, "+12165550106")
        with_engine = silence_before_confirmation(notes)

        attempt = world.daemon.dial("+12165550107", audioFileUrl=SHORT)["attemptId"]
        wait_for(lambda: world.daemon.call(attempt)["status"] == "in-progress", 15, "the call is not up")
        world.daemon.kill()
        wait_for(lambda: any(value.startswith("call-ended") for value in world.asterisk.journal().values()), 30, "the call does not end")
        without = silence_before_confirmation(list(world.asterisk.journal().values()))
        world.daemon.start()
        world.daemon.wait_end(attempt)
        assert ("+12165550107",) in world.daemon.sql("SELECT number FROM suppression"), "the journal had it"
        assert without > 1.8, "without an engine the journal gets its two seconds"
        assert with_engine < without - 1, f"with an engine its acknowledgement ends the wait: {with_engine:.2f} s, without {without:.2f} s"
