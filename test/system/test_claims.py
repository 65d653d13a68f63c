"""What the design believes about Asterisk, tried on the real one: each claim of the journal and of quoting."""
from __future__ import annotations

import socket

from lab.daemon import wait_for
from lab.world import World


class Ami:
    """A few raw actions, beside the engine's own connections."""

    def __init__(self, world: World) -> None:
        self._socket = socket.create_connection(("127.0.0.1", world.asterisk.ami_port), 10)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()
        self.ask("Login", f"Username: carillon-journal\r\nSecret: {world.asterisk.secret}\r\nEvents: off")

    def ask(self, action: str, headers: str) -> dict[str, str]:
        self._socket.sendall(f"Action: {action}\r\nActionID: claim\r\n{headers}\r\n\r\n".encode())
        answer: dict[str, str] = {}
        while True:
            line = self._lines.readline().decode().rstrip("\r\n")
            if line:
                key, _, value = line.partition(": ")
                answer[key] = value
            elif answer.get("ActionID") == "claim":
                return answer
            else:
                answer = {}


def test_a_quoted_variable_arrives_as_it_is_and_expands_nothing(world: World) -> None:
    # As AmiAction::variable writes it: quotes and backslashes escaped, all in quotes.
    nasty = 'a,b;c "d" \\ ${SHELL(id)} $[1+1] =x'
    wire = "CARILLON_NASTY=\"" + nasty.replace("\\", "\\\\").replace('"', '\\"') + "\""
    ami = Ami(world)
    ami_user = ami.ask("Originate", "Channel: PJSIP/+12605550140@loopback\r\nChannelId: claim-nasty\r\nContext: outbound-campaign\r\n"
                       f"Exten: s\r\nPriority: 1\r\nAsync: true\r\nVariable: {wire}\r\nVariable: CARILLON_ID=claim-nasty")
    assert ami_user["Response"] == "Error", "the journal's user may not originate"
    cli = world.asterisk.cli
    writer = RawWriter(world)
    writer.ask("Originate", "Channel: PJSIP/+12605550140@loopback\r\nChannelId: claim-nasty\r\nContext: outbound-campaign\r\n"
               f"Exten: s\r\nPriority: 1\r\nAsync: true\r\nVariable: {wire}\r\nVariable: CARILLON_ID=claim-nasty")
    wait_for(lambda: "claim-nasty" in cli("core show channels concise"), 10, "the call is not up")
    value = writer.ask("Getvar", "Channel: claim-nasty\r\nVariable: CARILLON_NASTY")["Value"]
    writer.ask("Hangup", "Channel: claim-nasty")
    assert value == nasty


class RawWriter(Ami):
    """With the right to originate: a user of its own, so that the engine's login is not disturbed."""

    def __init__(self, world: World) -> None:
        conf = world.asterisk.conf / "manager.conf"
        if "[claims]" not in conf.read_text():
            conf.write_text(conf.read_text() + f"\n[claims]\nsecret = {world.asterisk.secret}\nread =\nwrite = originate,call\n")
            world.asterisk.cli("manager reload")
        self._socket = socket.create_connection(("127.0.0.1", world.asterisk.ami_port), 10)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()
        assert self.ask("Login", f"Username: claims\r\nSecret: {world.asterisk.secret}\r\nEvents: off")["Response"] == "Success"


def test_a_placed_attempt_leaves_an_end_record_without_any_connection_to_the_engine(world: World) -> None:
    writer = RawWriter(world)
    world.daemon.kill()
    try:
        for code, record in ((254, "call-failed:*:17:486:Down:0"), (231, "call-failed:*:1:404:Ringing:0"), (252, "call-ended:*:0:200:Up:*")):
            attempt = f"claim-{code}"
            writer.ask("Originate", f"Channel: PJSIP/+1{code}5550141@loopback\r\nChannelId: {attempt}\r\nContext: outbound-campaign\r\n"
                       "Exten: s\r\nPriority: 1\r\nAsync: true\r\n"
                       f"Variable: DB(carillon/{attempt}/0)=placed:1\r\nVariable: CARILLON_ID={attempt}\r\n"
                       "Variable: CHANNEL(hangup_handler_push)=\"hangup-handler,s,1\"")
            wait_for(lambda: any(value.split(":")[0] == record.split(":")[0] for key, value in world.asterisk.journal().items()
                                 if key.startswith(f"/carillon/{attempt}/")), 10, f"no end record of {attempt}")
            rows = [value for key, value in sorted(world.asterisk.journal().items()) if key.startswith(f"/carillon/{attempt}/")]
            assert rows[0] == "placed:1"
            wanted, got = record.split(":"), rows[-1].split(":")
            assert all(w in ("*", g) for w, g in zip(wanted, got, strict=True)), rows
    finally:
        world.daemon.start()
    # The engine finds them, counts them as calls of unknown origin, and clears the journal.
    # The call of the test above has no end record: only a second look, 11 s later, says that it is gone.
    try:
        wait_for(lambda: not world.asterisk.journal(), 60, "the journal is not cleared")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{world.asterisk.journal()}\n{world.daemon.log_tail()}") from None
