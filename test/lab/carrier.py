"""The carrier of the lab and the people whom it reaches: SIPp answers the INVITEs, far_end is the people's audio.

What happens to a call depends on the called number alone: a list of rules maps numbers to a fate (what the callee
does) and to a persona (what an answering person presses). The SIPp scenario is generated from that list.

    with Carrier(folder) as carrier:      # carrier.sip_port is where INVITEs go
        ...
        assert carrier.invites() == ["+12135550100"]
        assert carrier.stats()["personas"]["donor"]["keys_sent"] == 1

By hand: python3 test/lab/carrier.py --sip-port 5070 --dir FOLDER, and --table for the numbers.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAR_END = ROOT / "build/release/test/tools/far_end"
SIPP: tuple[str, ...] = (str(ROOT / "script/asterisk"), "exec", "sipp")


@dataclass(frozen=True)
class Fate:
    """What the callee does; the fields are in the order of events."""

    shown: str
    provisional: int | None = 180  # 183 carries SDP: early media
    ring_ms: int | None = 0        # then comes the final response; None: never, the caller must CANCEL
    final: int = 200
    leaves_ms: int | None = None   # the callee hangs up that long after the ACK; None: stays until the caller's BYE


FATES: dict[str, Fate] = {
    "human": Fate("rings, answers, stays"),
    "instant": Fate("answers without ringing, stays", provisional=None),
    "slow-ring": Fate("rings 3 s, answers, stays", ring_ms=3000),
    "early-media": Fate("183 with audio for 1 s, answers, stays", provisional=183, ring_ms=1000),
    "leaves": Fate("rings, answers, hangs up after 2.5 s", leaves_ms=2500),
    "leaves-early": Fate("rings, answers, hangs up at once", leaves_ms=0),
    "talks": Fate("rings, answers, hangs up after 6 s", leaves_ms=6000),
    "ring": Fate("rings until the caller gives up", ring_ms=None),
    "silence": Fate("100 and nothing more", provisional=None, ring_ms=None),
    "busy": Fate("rings 0.3 s, 486", ring_ms=300, final=486),
    "busy-direct": Fate("486 at once", provisional=None, final=486),
    "reject": Fate("rings 0.3 s, 603", ring_ms=300, final=603),
    "unavailable": Fate("rings 0.3 s, 480", ring_ms=300, final=480),
    "not-found": Fate("rings 0.3 s, 404", ring_ms=300, final=404),
    "overload": Fate("rings 0.3 s, 503", ring_ms=300, final=503),
    "no-180-503": Fate("503 at once", provisional=None, final=503),
}

# What each persona presses, as far_end understands it: KEY@MILLISECONDS from the first packet that it hears.
PERSONAS: dict[str, str] = {
    "listener": "",
    "donor": "1@1500",
    "curious": "2@1500",
    "asks-agent": "3@1500",
    "opts-out": "9@1500",
    "repeats": "0@1500,1@6000",
    "invalid": "5@1500",
    "early-key": "1@0",
    "early-optout": "9@0",
    "agent-then-optout": "3@1500,9@5000",
    "agent": "",
    "thanks-then-optout": "1@500,9@2500",
    "invalid-then-optout": "5@500,9@1500",
    "optout-in-goodbye": "9@5500",
    "invalid-three-times": "5@500,6@3500,7@6500",
    "sub-menu": "2@500,1@3000",
    "donor-later": "1@4000",
    "opts-out-later": "9@4000",
    "operator": "",
    "operator-leaves": "*@3000",
    "agent-then-late-optout": "3@1500,9@12000",
}


@dataclass(frozen=True)
class Rule:
    """The first rule whose pattern matches the whole called number decides.

    The pattern is read by Python and by SIPp (POSIX extended): no \\d, no (?:…).
    """

    pattern: str
    fate: str
    persona: str | None = None  # None: a listener, where the fate answers at all
    shown: str = ""             # the pattern for people

    @property
    def voice(self) -> str | None:
        """The persona whose audio an answered call gets."""
        fate = FATES[self.fate]
        answers = fate.ring_ms is not None and fate.final == 200
        return (self.persona or "listener") if answers or fate.provisional == 183 else None


def _area(code: int, fate: str, persona: str | None = None) -> Rule:
    return Rule(f"[+]?1{code}[0-9]{{7}}", fate, persona, f"+1{code}.......")


def _demo(first: int, last: int, fate: str, persona: str | None = None) -> Rule:
    endings = "|".join(f"{n:02}" for n in range(first, last + 1))
    return Rule(f"[+]?1202[0-9]{{5}}({endings})", fate, persona, f"+1202.....{first:02} … {last:02}")


# The demo's numbers, by their last two digits, and the tests', by area code.
DEMO_RULES: list[Rule] = [
    _demo(0, 19, "human"), _demo(20, 27, "human", "donor"), _demo(28, 30, "human", "curious"),
    _demo(31, 33, "human", "asks-agent"), _demo(34, 36, "human", "opts-out"), _demo(37, 38, "human", "invalid"),
    _demo(39, 40, "human", "repeats"), _demo(41, 45, "busy"), _demo(46, 48, "reject"), _demo(49, 51, "not-found"),
    _demo(52, 53, "unavailable"), _demo(54, 56, "ring"), _demo(57, 57, "silence"), _demo(58, 59, "early-media"),
    _demo(60, 62, "leaves"), _demo(63, 63, "leaves-early"), _demo(64, 64, "overload"),
    _demo(65, 65, "talks", "agent"), _demo(66, 99, "human"),
]
TEST_RULES: list[Rule] = [
    _area(212, "human"), _area(213, "human", "donor"), _area(214, "human", "curious"),
    _area(215, "human", "asks-agent"), _area(216, "human", "opts-out"), _area(217, "human", "repeats"),
    _area(218, "human", "invalid"), _area(219, "human", "early-key"), _area(224, "human", "early-optout"),
    _area(225, "busy"), _area(228, "reject"), _area(229, "unavailable"), _area(231, "not-found"),
    _area(234, "overload"), _area(239, "early-media"), _area(240, "ring"), _area(248, "silence"),
    _area(251, "leaves"), _area(252, "leaves-early"), _area(253, "slow-ring"), _area(254, "busy-direct"),
    _area(256, "no-180-503"), _area(260, "instant"), _area(303, "talks", "agent"), _area(304, "busy"),
    _area(305, "ring"), _area(306, "human", "agent-then-optout"),
    _area(307, "human", "thanks-then-optout"), _area(308, "human", "invalid-then-optout"),
    _area(309, "human", "optout-in-goodbye"), _area(310, "human", "invalid-three-times"), _area(312, "human", "sub-menu"),
    _area(313, "human", "donor-later"), _area(314, "human", "opts-out-later"),
    _area(315, "human", "operator"), _area(316, "human", "agent"), _area(317, "human", "agent-then-late-optout"),
    _area(318, "human", "operator-leaves"),
]
# A number that no rule knows is answered as a carrier does.
RULES: list[Rule] = [*DEMO_RULES, *TEST_RULES, Rule(".*", "not-found", shown="any other")]


def plan(number: str, rules: Iterable[Rule] = RULES) -> Rule:
    """The rule that decides what becomes of a call to this number."""
    for rule in rules:
        if re.fullmatch(rule.pattern, number):
            return rule
    raise LookupError(f"no rule for {number}")


# ---------------------------------------------------------------- the scenario

_REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 404: "Not Found",
            480: "Temporarily Unavailable", 486: "Busy Here", 487: "Request Terminated", 503: "Service Unavailable",
            603: "Decline"}
_TAG = ";tag=[pid]c[call_number]"
_SDP = """v=0
o=carrier 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {port} RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv
"""


def _send(message: str, repeats: bool = False) -> str:
    return ('<send retrans="500">' if repeats else "<send>") + f"<![CDATA[\n{message}\n]]></send>"


def _respond(code: int, *, tag: str = _TAG, cseq: str = "[last_CSeq:]", port: int | None = None) -> str:
    """A response to the last request, with SDP where there is a port. What an ACK must follow is repeated until then."""
    lines = [f"SIP/2.0 {code} {_REASONS[code]}", "[last_Via:]", "[last_From:]", f"[last_To:]{tag}", "[last_Call-ID:]", cseq]
    if code > 100:
        lines.append("Contact: <sip:[local_ip]:[local_port];transport=[transport]>")
    if port:
        lines.append("Content-Type: application/sdp")
    lines += ["Content-Length: [len]", "", _SDP.format(port=port) if port else ""]
    return _send("\n".join(lines), repeats=code > 200 or bool(port and code == 200))


def _receive(what: str, then: str, **attributes: str | int) -> str:
    """Waits for a request or a response; `timeout` is in ms and goes with `ontimeout`."""
    words = {"response" if what.isdigit() else "request": what, "next": then, **attributes}
    return "<recv " + " ".join(f'{name}="{value}"' for name, value in words.items()) + "/>"


def _go(label: str, test: str = "") -> str:
    return f'<nop next="{label}"' + (f' test="{test}"/>' if test else "/>")


def _label(name: str) -> str:
    return f'<label id="{name}"/>'


def _branch(name: str, fate: Fate, port: int | None) -> list[str]:
    """One fate, from the 100 to the final response."""
    steps = [_label(name)]
    if fate.provisional:
        steps.append(_respond(fate.provisional, port=port if fate.provisional == 183 else None))
    if fate.ring_ms is None:
        return [*steps, _receive("CANCEL", "cancelled")]
    if fate.ring_ms:
        final = f"{name}-final"
        steps += [_receive("CANCEL", "cancelled", timeout=fate.ring_ms, ontimeout=final), _label(final)]
    if fate.final != 200:
        return [*steps, _respond(fate.final), _go("refused")]
    return [*steps, _respond(200, port=port), _go("answered" if fate.leaves_ms is None else f"answered-{fate.leaves_ms}")]


def _await_ack(label: str, then: str) -> list[str]:
    """The ACK of a final response; a CANCEL that crossed that response is answered, and changes nothing."""
    return [_go(label), _label(f"late-{label}"), _respond(200), _label(label),
            _receive("CANCEL", f"late-{label}", optional="true"),
            f'<recv request="ACK" next="{then}" timeout="32000" ontimeout="end"><action>'
            '<gettimeofday assign_to="ms,us"/><multiply assign_to="ms" value="1000"/>'
            '<divide assign_to="us" value="1000"/><add assign_to="ms" variable="us"/>'
            '<log message="ACK [call_id] [$ms]"/></action></recv>']


# RFC 3261 12.1.1: the callee's BYE goes to the Contact of the INVITE, with From and To exchanged.
_BYE = f"""BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: [$to]{_TAG}
To: [$from]
[last_Call-ID:]
CSeq: 1 BYE
Max-Forwards: 70
Content-Length: 0
"""


def scenario(rules: Sequence[Rule], ports: Mapping[str, int]) -> str:
    """The SIPp scenario of these rules; `ports` are the RTP ports of their personas.

    SIPp stops repeating a response only at a message that stands below it: so the branches' common ends come last.
    """
    branches = {(rule.fate, rule.voice): f"b{i}" for i, rule in reversed(list(enumerate(rules)))}
    leaves = sorted({f.leaves_ms for f in (FATES[rule.fate] for rule in rules) if f.leaves_ms is not None})
    steps = ['<recv request="INVITE" rrs="true"><action>',
             '<ereg regexp="^INVITE sips?:([^@;&gt; ]*)" search_in="msg" check_it="false" assign_to="line,called"/>',
             '<ereg regexp="[^ ].*" search_in="hdr" header="From:" check_it="false" assign_to="from"/>',
             '<ereg regexp="[^ ].*" search_in="hdr" header="To:" check_it="false" assign_to="to"/>',
             '<gettimeofday assign_to="ms,us"/><multiply assign_to="ms" value="1000"/>',
             '<divide assign_to="us" value="1000"/><add assign_to="ms" variable="us"/>',
             # Where the caller wants its audio: the port from which its own comes.
             '<ereg regexp="m=audio ([0-9]+)" search_in="body" check_it="false" assign_to="media,rtp"/>',
             '<log message="INVITE [$called] [call_id] [$ms] [$rtp]"/>']
    steps += [f'<ereg regexp={quoteattr(f"^({rule.pattern})$")} search_in="var" variable="called" check_it="false" '
              f'assign_to="r{i}"/>' for i, rule in enumerate(rules)]
    steps += ["</action></recv>", _respond(100, tag="")]
    steps += [_go(branches[rule.fate, rule.voice], f"r{i}") for i, rule in enumerate(rules)]
    steps.append(_go("end"))
    for (fate, voice), name in branches.items():
        steps += _branch(name, FATES[fate], ports[voice] if voice else None)
    steps += [_label("cancelled"), _respond(200), _respond(487, cseq="CSeq: [last_cseq_number] INVITE")]
    steps += _await_ack("refused", "end") + _await_ack("answered", "talk")
    for ms in leaves:
        steps += [*_await_ack(f"answered-{ms}", f"stay-{ms}"), _label(f"stay-{ms}")]
        steps.append(_receive("BYE", "parted", timeout=ms, ontimeout="leave") if ms else _go("leave"))
    steps += [_label("talk"), _receive("BYE", "parted"),
              _label("leave"), _send(_BYE, repeats=True), _receive("BYE", "parted", optional="true"),
              _receive("481", "end", optional="true"), _receive("200", "end"),
              _label("parted"), _respond(200, tag=""), _label("end"), "<nop/>",
              '<Reference variables="line,media"/>']
    return '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="carrier">\n' + "\n".join(steps) + "\n</scenario>\n"


# ---------------------------------------------------------------- the processes

class CarrierError(RuntimeError):
    """The carrier did not start, or is not there; says why."""


class Invite(NamedTuple):
    number: str
    call_id: str
    at_ms: int  # since the epoch
    rtp_port: int  # of the caller


class Packet(NamedTuple):
    arrived_ms: float  # since the epoch, as the kernel stamped it
    timestamp: int     # of RTP
    audio: bytes       # mu-law


_RECORD = struct.Struct("<qIIHHHB")  # Record of test/tools/far_end.cpp


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    """A port of 127.0.0.1 that nobody has."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _free_rtp_ports(count: int) -> list[int]:
    """Even ports whose odd neighbours, where RTCP goes, are free too."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            port = free_port() & ~1
            with contextlib.suppress(OSError):
                for p in (port, port + 1):
                    held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", p))
                found.append(port)
    return found


class Carrier:
    """SIPp and far_end, with their files in one folder. Ports are chosen once: it can be stopped and started again."""

    def __init__(self, folder: pathlib.Path, *, sip_port: int | None = None, rules: Sequence[Rule] = RULES,
                 echo: bool = True, far_end: pathlib.Path = FAR_END) -> None:
        # Before start(): personas that say a tone of so many hertz, and whether what people hear is kept.
        self.tones: dict[str, int] = {}
        self.record = False
        self.folder = folder.resolve()
        self.rules = list(rules)
        self.echo = echo
        self.far_end = far_end
        self.sip_port = sip_port or free_port()
        self.control_port, self._sipp_control_port = free_port(), free_port()
        names = sorted({rule.voice for rule in self.rules if rule.voice})
        self.rtp_ports: dict[str, int] = dict(zip(names, _free_rtp_ports(len(names))))
        self._sipp: subprocess.Popen[bytes] | None = None
        self._far_end: subprocess.Popen[bytes] | None = None
        self._log = self.folder / "invites.log"
        self._log_start = self._log_size()

    def __enter__(self) -> Carrier:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts what does not run, and waits until both take packets."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            if not _is_alive(self._far_end):
                self._start_far_end()
            if not _is_alive(self._sipp):
                self._start_sipp()
        except BaseException:
            self.stop()
            raise

    def is_running(self) -> bool:
        return _is_alive(self._sipp) and _is_alive(self._far_end)

    def stop(self) -> None:
        """Ends both; calls under way are not said goodbye to."""
        for process in (self._sipp, self._far_end):
            if process is not None:
                _end(process)
        self._sipp = self._far_end = None

    def kill(self) -> None:
        """The carrier is gone from one moment to the next: nothing answers on its port. start() brings it back."""
        if self._sipp is not None:
            self._sipp.kill()
            self._sipp.wait()
            self._sipp = None

    def invite_log(self) -> list[Invite]:
        """The INVITEs since this object was made or since reset(), in order; one that was repeated counts once."""
        found: dict[str, Invite] = {}
        for number, call_id, at, rtp in self._logged("INVITE"):
            found.setdefault(call_id, Invite(number, call_id, int(float(at)), int(rtp)))
        return list(found.values())

    def answers(self) -> dict[str, float]:
        """When the caller acknowledged the answer (or the refusal), in ms since the epoch, by call_id of the INVITE."""
        found: dict[str, float] = {}
        for call_id, at in self._logged("ACK"):
            found.setdefault(call_id, float(at))
        return found

    def _logged(self, word: str) -> list[list[str]]:
        if not self._log.exists():
            return []
        with self._log.open("rb") as file:
            file.seek(self._log_start)
            lines = [line.split() for line in file.read().decode().split("\n")[:-1]]
        return [line[1:] for line in lines if line and line[0] == word]

    def heard(self, persona: str) -> dict[int, list[Packet]]:
        """What this persona heard since the start, by the caller's RTP port; only with `record`."""
        self._ask("stats")  # which writes down what is still in memory
        index = list(self.rtp_ports).index(persona)
        data = (self.folder / "heard.bin").read_bytes()
        found: dict[int, list[Packet]] = {}
        at = 0
        while at + _RECORD.size <= len(data):
            arrival, _, timestamp, port, _, length, whose = _RECORD.unpack_from(data, at)
            at += _RECORD.size + length
            if whose == index:
                found.setdefault(port, []).append(Packet(arrival / 1e6, timestamp, data[at - length:at]))
        return found

    def invites(self) -> list[str]:
        """The numbers that were called, as invite_log() has them."""
        return [invite.number for invite in self.invite_log()]

    def stats(self) -> dict[str, Any]:
        """What the people heard and pressed: {"personas": {name: {…}}, "total": {…}}."""
        answer: dict[str, Any] = json.loads(self._ask("stats"))
        return answer

    def reset(self) -> None:
        """Forgets the statistics and the INVITEs so far. Calls under way count as new ones from their next packet."""
        self._ask("reset")
        self._log_start = self._log_size()

    def _log_size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    def _ask(self, command: str) -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            s.connect(("127.0.0.1", self.control_port))
            try:
                s.send(command.encode())
                return s.recv(65536).decode()
            except OSError as problem:
                raise CarrierError(f"far_end does not answer: {problem}\n{self._tail('far_end.log')}") from problem

    def _spawn(self, command: Sequence[str | pathlib.Path], log: str, stdout: int) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as errors:
            return subprocess.Popen([str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                                    stdout=stdout, stderr=errors, start_new_session=True)

    def _start_far_end(self) -> None:
        if not self.far_end.exists():
            raise CarrierError(f"{self.far_end} is not there: build the target far_end")
        words = [f"{name}:{port}:{PERSONAS.get(name, '')}".rstrip(":") for name, port in self.rtp_ports.items()]
        more = ["--record", self.folder / "heard.bin"] if self.record else []
        for name, hertz in self.tones.items():
            more += ["--tone", f"{name}:{hertz}"]
        command = [self.far_end, "--control", str(self.control_port), *(["--echo"] if self.echo else []), *more,
                   *(word for name in words for word in ("--persona", name))]
        self._far_end = self._spawn(command, "far_end.log", subprocess.PIPE)
        assert self._far_end.stdout is not None
        if self._far_end.stdout.readline() != b"ready\n":
            raise CarrierError(f"far_end did not start:\n{self._tail('far_end.log')}")

    def _start_sipp(self) -> None:
        file = self.folder / "carrier.xml"
        file.write_text(scenario(self.rules, self.rtp_ports), encoding="utf-8")
        command = [*SIPP, "-sf", file, "-i", "127.0.0.1", "-bind_local", "-p", str(self.sip_port),
                   "-ci", "127.0.0.1", "-cp", str(self._sipp_control_port), "-nostdin", "-skip_rlimit",
                   "-buff_size", "33554432", "-max_recv_loops", "5000",
                   # A busy machine is no reason for a carrier to end.
                   "-watchdog_minor_maxtriggers", "-1", "-watchdog_major_maxtriggers", "-1",
                   "-trace_err", "-error_file", self.folder / "sipp-errors.log",
                   "-trace_logs", "-log_file", self._log, "-log_overwrite", "false"]
        self._sipp = self._spawn(command, "sipp.log", subprocess.DEVNULL)
        deadline = time.monotonic() + 15
        while not _holds_udp_port(self._sipp.pid, self.sip_port):
            code = self._sipp.poll()
            if code is not None or time.monotonic() > deadline:
                what = "did not open its port within 15 s" if code is None else f"ended with code {code}"
                raise CarrierError(f"SIPp on port {self.sip_port} {what}:\n{self._tail('sipp.log', 'sipp-errors.log')}")
            time.sleep(0.02)

    def _tail(self, *names: str) -> str:
        files = [self.folder / name for name in names]
        return "\n".join("\n".join(f.read_text(errors="replace").splitlines()[-20:]) for f in files if f.exists())


def _is_alive(process: subprocess.Popen[bytes] | None) -> bool:
    return process is not None and process.poll() is None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _holds_udp_port(pid: int, port: int) -> bool:
    """Whether one of this process's sockets is bound to that port."""
    with open("/proc/net/udp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    inodes = {row[9] for row in rows if row[1].endswith(f":{port:04X}")}
    try:
        links = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")]
    except OSError:
        return False
    return any(link == f"socket:[{inode}]" for link in links for inode in inodes)


def table(rules: Iterable[Rule] = RULES) -> str:
    """The numbers, for people."""
    rows = [("called number", "fate", "the callee", "persona", "presses")]
    for rule in rules:
        keys = ", ".join(f"{key} at {float(ms) / 1000:g} s" for key, _, ms in (
            press.partition("@") for press in PERSONAS.get(rule.voice or "", "").split(",") if press))
        rows.append((rule.shown or rule.pattern, rule.fate, FATES[rule.fate].shown, rule.voice or "", keys))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip() for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description="A SIP carrier with people behind it, until SIGINT or SIGTERM.")
    parser.add_argument("--sip-port", type=int, default=5070)
    parser.add_argument("--dir", type=pathlib.Path, help="a folder for its files")
    parser.add_argument("--far-end", type=pathlib.Path, default=FAR_END, help="the program far_end")
    parser.add_argument("--no-echo", action="store_true", help="the people say nothing")
    parser.add_argument("--table", action="store_true", help="print which number does what, and end")
    options = parser.parse_args()
    if options.table:
        print(table())
        return 0
    if options.dir is None:
        parser.error("--dir is needed")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        with Carrier(options.dir, sip_port=options.sip_port, echo=not options.no_echo, far_end=options.far_end) as carrier:
            ports = {"sip": carrier.sip_port, "control": carrier.control_port, "rtp": carrier.rtp_ports}
            print(json.dumps(ports), flush=True)
            while carrier.is_running():
                time.sleep(0.5)
            raise CarrierError("SIPp or far_end ended by itself; see the files in " + str(options.dir))
    except CarrierError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
