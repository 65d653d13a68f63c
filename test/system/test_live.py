"""Calls under control, as an operator does it from the command line: what each ear hears is measured by its tone. Losing ARI
disturbs no call."""
from __future__ import annotations

import audioop
import json
import pathlib
import socket
import wave
from collections.abc import Iterator
from typing import Any

import pytest

from lab.daemon import ROOT, Daemon, wait_for
from lab.ears import AMPLITUDE, PERSON, TONES, heard, level, tone
from lab.world import Wire, World

MESSAGE, PLAYED, NOTICE, HOLD = 1500, 2050, 2500, 3100  # Hz
LISTEN = {"live.listen": True, "live.whisper": True, "live.record": True, "live.record_keep_days": 30,
          "live.phones": ["desk=+13155550150", "mobile=+13185550150"],
          "ivr.agent": "+13165550150", "ivr.response_timeout_seconds": 30}
HEARS, SILENT = AMPLITUDE / 12, AMPLITUDE / 40


def make_tones(folder: pathlib.Path) -> dict[str, Any]:
    """Prompts that are tones, in the daemon's own folder; the settings that name two of them."""
    folder.mkdir(parents=True)
    for name, hertz, seconds in [("message", MESSAGE, 40), ("played", PLAYED, 3), ("notice", NOTICE, 2), ("hold", HOLD, 5)]:
        with wave.open(str(folder / f"{name}.wav"), "wb") as out:
            out.setparams((1, 2, 8000, 0, "NONE", ""))
            out.writeframes(tone(hertz, seconds))
    return {"live.record_notice": str(folder / "notice.wav"), "live.hold_prompt": str(folder / "hold.wav")}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("live")
    prompts = make_tones((folder / "carillon").resolve())
    with World(folder, {**LISTEN, **prompts}, ears=True, ari_wire=Wire) as world:
        yield world


class Ear:
    """The next call that a persona gets, and what is heard in it."""

    def __init__(self, world: World, persona: str) -> None:
        self._world, self._persona = world, persona
        self._before = set(world.carrier.folder.glob(f"{persona}-*.ulaw"))
        self._file: pathlib.Path | None = None

    @property
    def file(self) -> pathlib.Path:
        if self._file is None:
            wait_for(lambda: self._new(), 20, f"{self._persona} is not called")
            (self._file,) = self._new()
        return self._file

    def _new(self) -> set[pathlib.Path]:
        return set(self._world.carrier.folder.glob(f"{self._persona}-*.ulaw")) - self._before

    def level(self, hertz: float, seconds: float = 0.5) -> float:
        return level(heard(self.file, seconds), hertz)

    def wait(self, hears: list[float], not_hears: list[float]) -> None:
        """Until the last second had these tones throughout, and none of those. Half a second is looked at each time."""
        def is_so() -> bool:
            return all(self.level(hertz) > HEARS for hertz in hears) and all(self.level(hertz) < SILENT for hertz in not_hears)
        try:
            wait_for(is_so, 15, "")
        except AssertionError:
            levels = {hertz: round(self.level(hertz)) for hertz in (*TONES.values(), PERSON, MESSAGE, PLAYED, NOTICE, HOLD)}
            raise AssertionError(f"{self._persona} does not hear {hears}, or hears {not_hears}: {levels}") from None


def talk(world: World, number: str) -> str:
    """A call whose message has begun; its id."""
    attempt = world.daemon.dial(number, audioFileUrl=str(world.daemon.folder / "message.wav"))["attemptId"]
    wait_for(lambda: world.daemon.call(attempt)["status"] == "in-progress", 15, "the call is not answered")
    return attempt


def do(world: World, verb: str, attempt: str, *more: str) -> dict[str, Any]:
    return json.loads(world.daemon.command("call", verb, attempt, *more, "--json").stdout)


def listed(world: World, attempt: str) -> dict[str, Any]:
    calls = json.loads(world.daemon.command("call", "list", "--json").stdout)["calls"]
    return next((call for call in calls if call["attemptId"] == attempt), {})


def end(world: World, attempt: str) -> dict[str, Any]:
    if "outcome" not in world.daemon.call(attempt):
        do(world, "hangup", attempt)
    call = world.daemon.wait_end(attempt)
    wait_for(lambda: world.asterisk.channels() == 0, 10, f"channels are left: {world.asterisk.cli('core show channels concise')}")
    return call


def audit(world: World, attempt: str) -> list[str]:
    entries = json.loads(world.daemon.command("audit", "--call", attempt, "--json").stdout)["entries"]
    assert all(entry["attemptId"] == attempt and entry["who"] == "local" for entry in entries)
    return [entry["what"] for entry in reversed(entries)]


@pytest.fixture
def with_agent(live: World) -> Iterator[tuple[str, Ear, Ear]]:
    """A call in which an agent talks: its id, the person's ear, the agent's ear."""
    person, agent = Ear(live, "asks-agent"), Ear(live, "agent")
    attempt = talk(live, "+12155550120")
    agent.wait([PERSON], [])
    person.wait([TONES["agent"]], [MESSAGE])
    yield attempt, person, agent
    end(live, attempt)


def test_ari_is_up_over_its_websocket(live: World) -> None:
    assert live.daemon.health()[1]["ari"] == {"state": "up", "transport": "websocket"}


def test_a_listener_hears_both_sides_and_is_not_heard(live: World) -> None:
    person, operator = Ear(live, "listener"), Ear(live, "operator")
    attempt = talk(live, "+12125550120")
    assert do(live, "listen", attempt, "--to", "desk")["session"]["state"] == "ringing"
    operator.wait([PERSON, MESSAGE], [TONES["operator"]])
    person.wait([MESSAGE], [TONES["operator"]])
    assert [session["verb"] for session in listed(live, attempt)["sessions"]] == ["listen"]
    assert listed(live, attempt)["sessions"][0]["state"] == "active"
    do(live, "release", attempt)
    wait_for(lambda: live.asterisk.channels() == 1, 10, "the phone is not hung up")
    person.wait([MESSAGE], [])
    # The end of a call ends what hears it.
    do(live, "listen", attempt, "--to", "desk")
    wait_for(lambda: listed(live, attempt)["sessions"][0]["state"] == "active", 10, "it does not begin again")
    assert end(live, attempt)["outcome"] == "human"
    wait_for(lambda: audit(live, attempt)[-1] == "call.listen.ended", 5, "its end is not in the audit")
    assert audit(live, attempt) == ["call.listen", "call.release", "call.listen.ended", "call.listen", "call.hangup", "call.listen.ended"]


def test_a_whisper_is_heard_by_the_agent_alone(live: World, with_agent: tuple[str, Ear, Ear]) -> None:
    attempt, person, agent = with_agent
    operator = Ear(live, "operator")
    do(live, "whisper", attempt, "--to", "desk")
    agent.wait([PERSON, TONES["operator"]], [])
    person.wait([TONES["agent"]], [TONES["operator"]])
    operator.wait([PERSON, TONES["agent"]], [])


def test_a_whisper_needs_an_agent(live: World) -> None:
    attempt = talk(live, "+12125550121")
    status, problem = live.daemon.request("POST", f"/v1/calls/{attempt}:whisper", {"to": "desk"})
    assert status == 409 and "agent" in problem["detail"], problem
    assert audit(live, attempt) == ["call.whisper", "call.whisper.failed"]
    end(live, attempt)


def test_a_prompt_is_played_in_the_menu_which_then_goes_on(live: World) -> None:
    person = Ear(live, "listener")
    attempt = talk(live, "+12125550122")
    person.wait([MESSAGE], [])
    do(live, "play", attempt, str(live.daemon.folder / "played.wav"))
    person.wait([PLAYED], [MESSAGE])
    person.wait([MESSAGE], [PLAYED])
    wait_for(lambda: listed(live, attempt)["sessions"] == [], 5, "the end of the prompt is not seen")
    assert audit(live, attempt) == ["call.play", "call.play.ended"]
    end(live, attempt)


def test_a_prompt_is_played_to_both_while_an_agent_talks(live: World, with_agent: tuple[str, Ear, Ear]) -> None:
    attempt, person, agent = with_agent
    do(live, "play", attempt, str(live.daemon.folder / "played.wav"))
    person.wait([PLAYED, TONES["agent"]], [])
    agent.wait([PERSON], [PLAYED])
    assert level(audioop.ulaw2lin(agent.file.read_bytes(), 2), PLAYED) > 50, "the agent heard it too"
    person.wait([TONES["agent"]], [PLAYED])


def test_a_call_is_held_and_goes_on(live: World) -> None:
    person = Ear(live, "listener")
    attempt = talk(live, "+12125550123")
    person.wait([MESSAGE], [])
    do(live, "hold", attempt)
    person.wait([HOLD], [MESSAGE])
    assert listed(live, attempt)["isHeld"] is True
    assert live.daemon.request("POST", f"/v1/calls/{attempt}:hold")[0] == 409
    do(live, "unhold", attempt)
    person.wait([MESSAGE], [HOLD])
    assert live.daemon.request("POST", f"/v1/calls/{attempt}:unhold")[0] == 409
    assert listed(live, attempt)["isHeld"] is False
    end(live, attempt)


def test_a_talk_with_an_agent_is_held_and_goes_on(live: World, with_agent: tuple[str, Ear, Ear]) -> None:
    attempt, person, agent = with_agent
    do(live, "hold", attempt)
    person.wait([HOLD], [TONES["agent"]])
    agent.wait([], [PERSON, HOLD])
    assert live.daemon.request("POST", f"/v1/calls/{attempt}:play", {"prompt": "goodbye"})[0] == 409
    do(live, "unhold", attempt)
    person.wait([TONES["agent"]], [HOLD])
    agent.wait([PERSON], [])


def test_an_agent_whose_person_leaves_while_held_is_let_go(live: World, with_agent: tuple[str, Ear, Ear]) -> None:
    attempt, person, _ = with_agent
    do(live, "hold", attempt)
    person.wait([HOLD], [TONES["agent"]])
    end(live, attempt)


def test_nine_works_after_a_hold(live: World) -> None:
    person = Ear(live, "agent-then-late-optout")
    attempt = talk(live, "+13175550121")
    person.wait([TONES["agent"]], [MESSAGE])
    do(live, "hold", attempt)
    person.wait([HOLD], [TONES["agent"]])
    do(live, "unhold", attempt)
    person.wait([TONES["agent"]], [HOLD])
    assert live.daemon.wait_end(attempt, 30)["optOut"] is True
    assert ("+13175550121",) in live.daemon.sql("SELECT number FROM suppression")
    wait_for(lambda: live.asterisk.channels() == 0, 10, "channels are left")


def test_nine_works_while_held(live: World) -> None:
    attempt = talk(live, "+13145550120")
    do(live, "hold", attempt)
    assert live.daemon.wait_end(attempt, 30)["optOut"] is True
    assert ("+13145550120",) in live.daemon.sql("SELECT number FROM suppression")


def test_whoever_has_pressed_nine_hears_no_more_but_its_confirmation(live: World) -> None:
    person = Ear(live, "opts-out")
    attempt = talk(live, "+12165550120")
    wait_for(lambda: ("+12165550120",) in live.daemon.sql("SELECT number FROM suppression"), 15, "9 is not taken")
    status, answer = live.daemon.request("POST", f"/v1/calls/{attempt}:play", {"prompt": str(live.daemon.folder / "played.wav")})
    assert status in (202, 404), answer  # 404: the confirmation was over
    assert live.daemon.wait_end(attempt, 30)["optOut"] is True
    assert level(audioop.ulaw2lin(person.file.read_bytes(), 2), PLAYED) < 50
    wait_for(lambda: live.asterisk.channels() == 0, 10, "channels are left")


def test_a_muted_person_is_not_heard(live: World, with_agent: tuple[str, Ear, Ear]) -> None:
    attempt, person, agent = with_agent
    do(live, "mute", attempt)
    wait_for(lambda: agent.level(PERSON) < SILENT, 10, "the agent still hears the person")
    person.wait([TONES["agent"]], [])
    assert listed(live, attempt)["isMuted"] is True
    do(live, "unmute", attempt)
    agent.wait([PERSON], [])


def test_a_recording_begins_after_the_notice_and_holds_both_sides(live: World) -> None:
    person = Ear(live, "listener")
    attempt = talk(live, "+12125550124")
    name = do(live, "record", attempt)["session"]["recording"]
    person.wait([NOTICE], [MESSAGE])
    person.wait([MESSAGE], [NOTICE])
    wait_for(lambda: listed(live, attempt)["sessions"][0]["state"] == "active", 10, "the recording does not begin")
    file = live.asterisk.folder / "spool/recording" / f"{name}.wav"
    wait_for(lambda: file.exists() and file.stat().st_size > 8000 * 2 * 3, 20, "nothing is recorded")
    end(live, attempt)
    with wave.open(str(file)) as recording:
        assert recording.getframerate() == 8000
        samples = recording.readframes(recording.getnframes())
    for hertz in (PERSON, MESSAGE):
        assert level(samples[8000:], hertz) > HEARS, hertz
    assert level(samples, NOTICE) < SILENT, "it began after the notice"
    wait_for(lambda: audit(live, attempt)[-1] == "call.record.ended", 5, "its end is not in the audit")


@pytest.mark.parametrize("verb", ["transfer", "take-over"])
def test_a_call_goes_to_a_phone(live: World, verb: str) -> None:
    person, operator = Ear(live, "listener"), Ear(live, "operator")
    attempt = talk(live, "+12125550125" if verb == "transfer" else "+12125550126")
    do(live, verb, attempt, "--to", "desk")
    operator.wait([PERSON], [MESSAGE])
    person.wait([TONES["operator"]], [MESSAGE])
    end(live, attempt)


def test_whoever_listens_takes_over_with_the_same_phone(live: World, with_agent: tuple[str, Ear, Ear]) -> None:
    attempt, person, _ = with_agent
    do(live, "listen", attempt, "--to", "desk")
    wait_for(lambda: listed(live, attempt)["sessions"][0]["state"] == "active", 10, "it does not listen")
    do(live, "take-over", attempt, "--to", "desk")
    person.wait([TONES["operator"]], [TONES["agent"]])


def test_nine_works_with_an_operator(live: World) -> None:
    person = Ear(live, "agent-then-late-optout")
    attempt = talk(live, "+13175550120")
    person.wait([TONES["agent"]], [MESSAGE])
    do(live, "take-over", attempt, "--to", "desk")
    person.wait([TONES["operator"]], [TONES["agent"]])
    assert live.daemon.wait_end(attempt, 30)["optOut"] is True


def test_what_is_wrong_is_told(live: World) -> None:
    attempt = talk(live, "+12125550127")

    def ask(verb: str, body: Any = None, call: str = attempt) -> tuple[int, str]:
        status, answer = live.daemon.request("POST", f"/v1/calls/{call}:{verb}", body)
        return status, answer["detail"]
    assert ask("listen")[0] == 422
    for to in ("nobody", "PJSIP/loopback", "Local/s@ivr-main", "+13155550150@loopback", ""):
        assert ask("listen", {"to": to})[0] == 422, to
    assert ask("listen", {"to": "+13155550150", "trunk": "other"})[0] == 422
    assert ask("play")[0] == 422 and ask("play", {"prompt": "nothing-such"})[0] == 422
    assert ask("hold", {"to": "desk"})[0] == 422 and ask("hold", b"{")[0] == 400
    assert ask("hangup", call="nobody")[0] == 404
    assert live.daemon.request("POST", f"/v1/calls/{attempt}:explode")[0] in (404, 405)
    end(live, attempt)
    assert ask("hangup")[0] == 404, "it has ended"


def test_listening_is_off_by_default_and_for_admins_alone(folder: pathlib.Path) -> None:
    daemon = Daemon(folder / "keys")
    texts = {role: daemon.command("apikey", "--role", role).stdout for role in ("viewer", "operator", "admin")}
    keys = "".join(line.strip() + "," for text in texts.values() for line in text.splitlines() if "sha256" in line and "{" in line)
    headers = {role: {"X-API-Key": text.split()[3]} for role, text in texts.items()}

    def ask(role: str, verb: str) -> tuple[int, str]:
        status, answer = daemon.request("POST", f"/v1/calls/x:{verb}", {"to": "desk"} if verb == "listen" else None, headers[role])
        return status, answer["detail"]

    def start(more: str) -> None:
        daemon.write_config()
        daemon.config.write_text(daemon.config.read_text().replace("[server]\n", f"[server]\nkeys = [{keys}]\n") + more)
        daemon.start(wait=False)
        wait_for(lambda: daemon.health()[0] == 503, 10, "it does not listen")
    start("")
    try:
        assert daemon.health()[1] == {"status": "unavailable"}
        for verb in ("listen", "record"):
            status, detail = ask("admin", verb)
            assert status == 403 and f"live.{verb}" in detail, detail
        assert ask("viewer", "hangup")[0] == 403
        assert ask("operator", "hangup")[0] == 404
        daemon.stop()
        start("[live]\nlisten = true\nphones = [\"desk=desk-7\"]\n")
        assert ask("operator", "listen")[0] == 403 and ask("viewer", "listen")[0] == 403
        assert ask("admin", "listen")[0] == 404, "there is no such call"
    finally:
        daemon.stop()


def cut_ari(world: World) -> None:
    assert world.ari_wire is not None
    world.ari_wire.takes_new = False
    world.ari_wire.cut()
    wait_for(lambda: world.daemon.health()[1]["ari"]["state"] == "down", 10, "the cut is not seen")


def mend_ari(world: World) -> None:
    assert world.ari_wire is not None
    world.ari_wire.takes_new = True
    wait_for(lambda: world.daemon.health()[1]["ari"]["state"] == "up", 30, "ARI does not come back")


def test_a_listener_goes_on_hearing_while_ari_is_away(live: World) -> None:
    operator = Ear(live, "operator")
    attempt = talk(live, "+12125550130")
    do(live, "listen", attempt, "--to", "desk")
    operator.wait([PERSON, MESSAGE], [])
    cut_ari(live)
    operator.wait([PERSON, MESSAGE], [])
    mend_ari(live)
    assert [session["state"] for session in listed(live, attempt)["sessions"]] == ["active"]
    operator.wait([PERSON, MESSAGE], [])
    end(live, attempt)


def test_what_a_dead_engine_left_behind_is_ended_and_the_call_goes_on(live: World) -> None:
    person, operator = Ear(live, "listener"), Ear(live, "operator")
    attempt = talk(live, "+12125550131")
    do(live, "listen", attempt, "--to", "desk")
    operator.wait([PERSON, MESSAGE], [])
    live.daemon.kill()
    live.daemon.start()
    wait_for(lambda: live.asterisk.channels() == 1, 20, "the phone is left")
    person.wait([MESSAGE], [])
    end(live, attempt)


def test_a_listener_leaves_by_a_key(live: World) -> None:
    person, operator = Ear(live, "listener"), Ear(live, "operator-leaves")
    attempt = talk(live, "+12125550132")
    do(live, "listen", attempt, "--to", "mobile")
    operator.wait([PERSON, MESSAGE], [])
    wait_for(lambda: live.asterisk.channels() == 1, 10, "the phone is not hung up")
    person.wait([MESSAGE], [])
    entries = live.daemon.request("GET", f"/v1/audit?call={attempt}&limit=1")[1]
    assert entries["entries"][0]["detail"] == "left by key *" and "next" in entries
    end(live, attempt)


def test_old_recordings_are_forgotten_and_nothing_else(live: World) -> None:
    store = live.asterisk.folder / "spool/recording"
    old = store / "carillon-x-1600000000.wav"
    others = [store / f"{name}.wav" for name in ("carillon-x-9600000000", "voicemail-1600000000", "carillon-x")]
    for file in (old, *others):
        file.write_bytes(b"RIFF")
    cut_ari(live)
    mend_ari(live)
    wait_for(lambda: not old.exists(), 10, "an old recording is kept")
    assert all(file.exists() for file in others)


class OldNode(Wire):
    """As an Asterisk before 20.14 and 22.4: what is sent over the WebSocket is ignored."""

    def _pump_to_target(self, source: socket.socket, sink: socket.socket) -> None:
        head = b""
        try:
            while b"\r\n\r\n" not in head and (data := source.recv(65536)):
                head += data
            sink.sendall(head)
            while b"Upgrade: websocket" in head and source.recv(65536):
                pass
        except OSError:
            return
        self._pump(source, sink)


def test_an_older_node_is_asked_by_http(folder: pathlib.Path) -> None:
    prompts = make_tones((folder / "carillon").resolve())
    with World(folder, {**LISTEN, **prompts}, ears=True, ari_wire=OldNode) as world:
        wait_for(lambda: world.daemon.health()[1]["ari"] == {"state": "up", "transport": "http"}, 15, "ARI is not up")
        operator = Ear(world, "operator")
        attempt = talk(world, "+12125550133")
        do(world, "listen", attempt, "--to", "desk")
        operator.wait([PERSON, MESSAGE], [])
        end(world, attempt)


def cut_in_the_middle(folder: pathlib.Path, count: int) -> None:
    """ARI is cut while so many calls talk and one of them is listened to: all end as told, and ARI comes back."""
    settings = {**LISTEN, "ivr.response_timeout_seconds": 3, "live.record": False}
    with World(folder, settings, ari_wire=Wire) as world:
        world.daemon.campaign("cut", [f"+1{code}5550{i:03}" for i in range(count // 2) for code in (212, 313)])
        def talking() -> list[str]:
            return [call["attemptId"] for call in world.daemon.active() if call["status"] == "in-progress"]
        wait_for(lambda: len(talking()) >= count * 0.9, 30, "the calls are not up")
        do(world, "listen", talking()[-1], "--to", "desk")
        cut_ari(world)
        status, problem = world.daemon.request("POST", f"/v1/calls/{talking()[0]}:listen", {"to": "desk"})
        assert status == 503 and "ARI" in problem["detail"], problem
        # What goes by AMI works all the same.
        do(world, "play", talking()[0], "please-try-again")
        mend_ari(world)
        wait_for(lambda: sum(world.daemon.report("cut")["outcomes"].values()) == count, 120, "not all calls ended")
        report = world.daemon.report("cut")
        assert report["outcomes"] == {"human": count} and report["keys"] == {"1": count // 2}, report
        assert world.carrier.invites().count("+13155550150") == 1
        wait_for(lambda: world.asterisk.channels() == 0, 15, "channels are left")


def test_a_cut_of_ari_disturbs_no_call(folder: pathlib.Path) -> None:
    cut_in_the_middle(folder, 20)


@pytest.mark.long
def test_a_cut_of_ari_disturbs_none_of_a_hundred_calls(folder: pathlib.Path) -> None:
    cut_in_the_middle(folder, 100)
