"""The HTTP API as another program sees it: the specification's names, clear refusals, nothing dialled twice."""
from __future__ import annotations

import pathlib
import socket

import pytest

from lab.daemon import Daemon, wait_for
from lab.world import World


def test_the_same_call_id_never_dials_twice(world: World) -> None:
    body = {"callId": "once", "phoneNumber": "+12255550110", "campaignId": "api", "contactId": "c1"}
    first = world.daemon.request("POST", "/dial", body)
    second = world.daemon.request("POST", "/dial", body)
    assert first[0] == second[0] == 202
    assert first[1]["attemptId"] == second[1]["attemptId"]
    world.daemon.wait_end(first[1]["attemptId"])
    third = world.daemon.request("POST", "/dial", body)
    assert third[0] == 202 and third[1]["outcome"] == "busy"
    assert world.carrier.invites().count("+12255550110") == 1
    status, problem = world.daemon.request("POST", "/dial", {**body, "phoneNumber": "+12255550111"})
    assert status == 409 and "once" in problem["detail"]


def test_calls_lists_what_is_under_way(world: World) -> None:
    attempt = world.daemon.dial("+12535550112", campaignId="listed")["attemptId"]
    other = world.daemon.dial("+12535550113")["attemptId"]
    status, body = world.daemon.request("GET", "/calls?campaign=listed")
    assert status == 200 and [call["attemptId"] for call in body["calls"]] == [attempt]
    wait_for(lambda: world.daemon.request("GET", "/calls?status=ringing")[1]["count"] == 2, 10, "both ring")
    assert world.daemon.request("GET", "/calls?status=shouting")[0] == 422
    for each in (attempt, other):
        world.daemon.wait_end(each)


def test_a_second_attempt_to_a_number_under_way_is_refused(world: World) -> None:
    attempt = world.daemon.dial("+12535550114")["attemptId"]
    status, problem = world.daemon.request("POST", "/dial", {"phoneNumber": "+12535550114"})
    assert status == 409 and problem["type"].endswith("number-busy")
    world.daemon.wait_end(attempt)


@pytest.mark.parametrize(("body", "status", "word"), [
    (b"", 400, "JSON"),
    (b"{", 400, "JSON"),
    (b"[]", 400, "object"),
    (b'{"phoneNumber":"+12025550101"} {}', 400, "JSON"),
    ({}, 422, "phoneNumber"),
    ({"phoneNumber": 5}, 422, "phoneNumber"),
    ({"phoneNumber": "call me"}, 422, "phoneNumber"),
    ({"phoneNumber": "0501234567"}, 422, "country code"),
    ({"phoneNumber": "+12025550101", "timeout": 3}, 422, "timeout"),
    ({"phoneNumber": "+12025550101", "timeout": "30"}, 422, "timeout"),
    ({"phoneNumber": "+12025550101", "callerId": "+12025550142"}, 422, "callerId"),
    ({"phoneNumber": "+12025550101", "audioFileUrl": "no-such-prompt"}, 422, "no-such-prompt"),
    ({"phoneNumber": "+12025550101", "audioFileUrl": "/etc/passwd"}, 422, "prompts.sources"),
    ({"phoneNumber": "+12025550101", "audioFileUrl": "../../../etc/passwd"}, 422, "prompts.sources"),
    ({"phoneNumber": "+12025550101", "audioFileUrl": "s3://bucket/key"}, 422, "s3"),
    ({"phoneNumber": "+12025550101", "timeZone": "Mars/Olympus"}, 422, "timeZone"),
    ({"phoneNumber": "+12025550101", "menu": "mine"}, 422, "menu"),
    ({"phoneNumber": "+12025550101", "variables": {"a": [1]}}, 422, "variable"),
    ({"phoneNumber": "+12025550101", "phonenumber": "x"}, 422, "unknown member"),
    ({"phoneNumber": "+12025550101", "callId": "x" * 200}, 422, "callId"),
    ({"phoneNumber": "+12025550101", "callId": "a\nb"}, 422, "callId"),
])
def test_a_bad_request_gets_a_clear_problem(world: World, body: object, status: int, word: str) -> None:
    answered, problem = world.daemon.request("POST", "/dial", body)
    assert answered == status, problem
    assert problem["status"] == status and word in problem["detail"], problem
    assert "+12025550101" not in world.carrier.invites()


def test_other_paths_methods_and_types_are_refused(world: World) -> None:
    assert world.daemon.request("GET", "/nowhere")[0] == 404
    assert world.daemon.request("GET", "/dial")[0] == 405
    assert world.daemon.request("POST", "/dial", b"phoneNumber=1", {"Content-Type": "text/plain"})[0] == 415
    assert world.daemon.request("POST", "/dial", {"phoneNumber": "+12025550101"}, {"Origin": "https://evil.example"})[0] == 403
    assert world.daemon.request("POST", "/dial", b"x" * 100_000)[0] == 413
    assert world.daemon.request("GET", "/call-started?attempt=x&seq=1&note=call-started:1")[0] == 403, "no token configured"


def test_what_callers_send_along_comes_back_in_events_and_never_reaches_asterisk(world: World) -> None:
    nasty = {"name": "Bobby\"; Action: Command\r\nCommand: core stop now", "note": "${SHELL(id)},;'\\ שלום", "n": 5, "ok": True}
    attempt = world.daemon.dial("+12255550115", callId="nasty,${X};\"quote\"", contactId="a,b;c\"d", variables=nasty)["attemptId"]
    call = world.daemon.wait_end(attempt)
    assert call["outcome"] == "busy" and call["contactId"] == "a,b;c\"d"
    wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 10, "events are not published")
    events = world.daemon.events_of(attempt)
    assert events and all(event["data"]["variables"] == nasty for event in events)
    assert all(event["specversion"] == "1.0" and event["data"]["callId"] == "nasty,${X};\"quote\"" for event in events)


def test_audio_by_path_and_by_upload(world: World, folder: pathlib.Path) -> None:
    import math
    import struct
    import wave
    file = world.daemon.folder / "tone.wav"
    with wave.open(str(file), "wb") as out:
        out.setparams((2, 2, 44100, 0, "NONE", ""))
        out.writeframes(b"".join(struct.pack("<hh", v := int(9000 * math.sin(i * 0.05)), v) for i in range(44100)))
    attempt = world.daemon.dial("+12555550116", audioFileUrl=str(file))["attemptId"]
    assert world.daemon.wait_end(attempt)["status"] == "failed"  # an area code that nobody has
    status, stored = world.daemon.request("POST", "/v1/prompts?name=tone.wav", file.read_bytes())
    assert status == 201 and stored["durationMs"] == 1000
    assert (world.daemon.folder / "store" / f"{stored['id']}.ulaw").stat().st_size == 8000
    status, problem = world.daemon.request("POST", "/v1/prompts?name=x.wav", b"this is no audio")
    assert status == 422 and problem["type"].endswith("audio-invalid"), problem


def test_keys_and_roles(folder: pathlib.Path) -> None:
    daemon = Daemon(folder / "keys")
    viewer = daemon.command("apikey", "--role", "viewer", "--name", "eve").stdout
    admin = daemon.command("apikey", "--role", "admin").stdout
    keys = "".join(line.strip() + "," for text in (viewer, admin) for line in text.splitlines() if "sha256" in line and "{" in line)
    refused = daemon.command("serve", check=False, env={"CARILLON_SERVER_LISTEN": "0.0.0.0", "PATH": "/usr/bin"})
    assert refused.returncode == 1 and "API keys" in refused.stderr
    daemon.config.write_text(daemon.config.read_text().replace("[server]\n", f"[server]\nkeys = [{keys}]\n"))
    daemon.start(wait=False)
    try:
        wait_for(lambda: daemon.health()[0] == 503, 10, "no Asterisk: unavailable")
        assert daemon.health()[1] == {"status": "unavailable"}, "details need a key"
        key = {role: text.split()[3] for role, text in (("viewer", viewer), ("admin", admin))}
        assert daemon.request("GET", "/calls")[0] == 401
        assert daemon.request("GET", "/calls", headers={"X-API-Key": "ck_wrong"})[0] == 401
        assert daemon.request("GET", "/calls", headers={"Authorization": f"Bearer {key['viewer']}"})[0] == 200
        assert daemon.request("POST", "/dial", {"phoneNumber": "+12025550101"}, {"X-API-Key": key["viewer"]})[0] == 403
        assert daemon.request("POST", "/dial", {"phoneNumber": "+12025550101"}, {"X-API-Key": key["admin"]})[0] == 503
    finally:
        daemon.stop()


def test_the_window_holds_calls_of_a_real_trunk(folder: pathlib.Path) -> None:
    # A minute of the day that is never long open.
    with World(folder / "w", {"trunk.name": "carrier", "window.from": "00:00", "window.to": "00:01"}) as world:
        status, problem = world.daemon.request("POST", "/dial", {"phoneNumber": "+972501234567"})
        assert status == 409 and "window" in problem["detail"] and "Asia/Jerusalem" in problem["detail"], problem
        assert world.carrier.invites() == []


def test_secrets_and_numbers_stay_out_of_the_log(world: World) -> None:
    log = world.daemon.log_tail(10_000)
    assert world.asterisk.secret not in log
    assert "+1225555" not in log and "5550110" not in log


def test_a_port_in_use_and_a_ledger_in_use_are_told(world: World, folder: pathlib.Path) -> None:
    taken = Daemon(folder / "taken", {"server.port": world.daemon.port})
    done = taken.command("serve", check=False)
    assert done.returncode == 1 and str(world.daemon.port) in done.stderr
    locked = Daemon(folder / "locked", {"ledger.file": str(world.daemon.ledger)})
    done = locked.command("serve", check=False)
    assert done.returncode == 1 and f"held by process {world.daemon.process.pid}" in done.stderr


def test_configuration_mistakes_name_file_line_and_key(folder: pathlib.Path) -> None:
    daemon = Daemon(folder / "config")
    for text, words in [("[ami]\nport = 70000\n", ["carillon.toml:2", "ami.port", "70000"]), ("[ami]\nprot = 1\n", ["ami.prot"]),
                        ("[ami\n", ["carillon.toml:1"]), ("[window]\nfrom = \"9 o'clock\"\n", ["window.from", "09:00"])]:
        daemon.config.write_text(text)
        done = daemon.command("dialplan", check=False)
        assert done.returncode == 1 and all(word in done.stderr for word in words), done.stderr


def test_the_specifications_environment_names_work(folder: pathlib.Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        daemon = Daemon(folder / "env")
        env = {"AMI_HOST": "127.0.0.1", "AMI_PORT": "not a port", "PATH": "/usr/bin"}
        done = daemon.command("dialplan", check=False, env=env)
        assert "environment AMI_PORT" in done.stderr
        env["AMI_PORT"] = str(port)
        assert daemon.command("dialplan", env=env).returncode == 0
