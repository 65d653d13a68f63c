#!/usr/bin/env python3
"""A far end that says a tone of its own and keeps what it hears: takes the place of far_end where content matters.

    ears.py --control PORT [--echo] --persona NAME:PORT[:KEY@MILLISECONDS,…] …

Takes the options of far_end, prints "ready", and understands its words reset and quit. Each call's audio, as µ-law, goes into
NAME-N.ulaw in the present folder while it comes (N counts the calls of a persona from 1); level() measures such a file. A
persona speaks its tone of TONES from the first packet that it hears until nothing has come for five seconds. For a few calls.
"""
from __future__ import annotations

import audioop
import math
import pathlib
import select
import socket
import struct
import sys
import time
from typing import BinaryIO

# Hertz. No two are near each other or a multiple of each other.
TONES = {"agent": 700, "operator": 1100, "operator-leaves": 1250}
PERSON = 450  # everybody else
AMPLITUDE = 6000
PACKET = 160  # samples, 20 ms
SILENCE = b"\xff" * PACKET


def tone(hertz: float, seconds: float, amplitude: int = AMPLITUDE) -> bytes:
    """16-bit samples at 8 kHz."""
    return b"".join(struct.pack("<h", round(amplitude * math.sin(2 * math.pi * hertz * i / 8000))) for i in range(round(8000 * seconds)))


def level(samples: bytes, hertz: float) -> float:
    """How strong a tone is in 16-bit samples at 8 kHz: its amplitude (Goertzel)."""
    count = len(samples) // 2
    if count == 0:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hertz / 8000)
    before = last = 0.0
    for (sample,) in struct.iter_unpack("<h", samples):
        before, last = last, sample + turn * last - before
    return 2 * math.sqrt(max(last * last + before * before - turn * last * before, 0)) / count


def heard(file: pathlib.Path, seconds: float = 1.0) -> bytes:
    """The last so many seconds that came, as 16-bit samples."""
    return audioop.ulaw2lin(file.read_bytes()[-round(8000 * seconds):], 2) if file.exists() else b""


class Call:
    """What comes from one source, and what is said to it."""

    def __init__(self, persona: Persona, source: tuple[str, int], number: int) -> None:
        self.persona, self.source = persona, source
        self.file: BinaryIO = open(f"{persona.name}-{number}.ulaw", "wb", buffering=0)
        self.began = self.last = self.due = self.written = time.monotonic()
        self.sequence, self.stamp, self.ssrc = 1000, 80_000, 0xEA000000 + number
        self.script = list(persona.script)
        self.key_packet = 0

    def hear(self, payload: bytes) -> None:
        self.last = self.written = time.monotonic()
        self.file.write(payload)

    def hear_silence(self, now: float) -> None:
        """What is not sent is not heard."""
        missing = int((now - self.written) / 0.02)
        if missing > 5 and now - self.last < 30:
            self.file.write(SILENCE * missing)
            self.written += 0.02 * missing

    def talk(self, now: float) -> None:
        while self.due <= now and now - self.last < 5:
            self.due += 0.02
            if self.script and now - self.began >= self.script[0][1]:
                self._send_key()
            else:
                self._send(0, self.persona.speech[self.stamp % 8000:][:PACKET], self.stamp)
            self.stamp += PACKET

    def _send_key(self) -> None:
        """RFC 4733: five reports and three ends, all with the time of the beginning."""
        if self.key_packet == 0:
            self.key_stamp = self.stamp
        is_end = self.key_packet >= 5
        event = bytes([self.script[0][0], (0x80 if is_end else 0) | 10]) + struct.pack(">H", PACKET * (min(self.key_packet, 5) + 1))
        self._send(101 | (0x80 if self.key_packet == 0 else 0), event, self.key_stamp)
        self.key_packet += 1
        if self.key_packet == 8:
            self.key_packet = 0
            del self.script[0]

    def _send(self, kind: int, payload: bytes, stamp: int) -> None:
        packet = struct.pack(">BBHII", 0x80, kind, self.sequence & 0xFFFF, stamp, self.ssrc) + payload
        self.sequence += 1
        self.persona.socket.sendto(packet, self.source)


class Persona:
    def __init__(self, text: str) -> None:
        self.name, port, *script = text.split(":", 2)
        self.script = [("0123456789*#".index(press[0]), int(press[2:]) / 1000) for press in (script[0].split(",") if script else [])]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", int(port)))
        self.socket.setblocking(False)
        # A whole number of periods in a second, and some of the next one: cut anywhere it goes on without a step.
        self.speech = audioop.lin2ulaw(tone(TONES.get(self.name, PERSON), 1.1), 2)
        self.calls: dict[tuple[str, int], Call] = {}
        self.count = 0

    def receive(self) -> None:
        while True:
            try:
                packet, source = self.socket.recvfrom(2048)
            except BlockingIOError:
                return
            if len(packet) < 12 or packet[1] & 0x7F != 0:
                continue
            # A bridge may change the source's SSRC: a call is known by where it comes from, until it has been quiet for long.
            call = self.calls.get(source)
            if call is None or time.monotonic() - call.last > 20:
                self.count += 1
                call = self.calls[source] = Call(self, source, self.count)
            call.hear(packet[12:])


def main() -> None:
    words = sys.argv[1:]
    personas: list[Persona] = []
    control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while words:
        word = words.pop(0)
        if word == "--control":
            control.bind(("127.0.0.1", int(words.pop(0))))
        elif word == "--persona":
            personas.append(Persona(words.pop(0)))
    print("ready", flush=True)
    sockets = {persona.socket: persona for persona in personas}
    while True:
        ready, _, _ = select.select([control, *sockets], [], [], 0.005)
        for one in ready:
            if one is control:
                word, asker = control.recvfrom(64)
                control.sendto(b"ok\n", asker)
                if word.strip() == b"quit":
                    return
            else:
                sockets[one].receive()
        now = time.monotonic()
        for persona in personas:
            for call in persona.calls.values():
                call.hear_silence(now)
                call.talk(now)


if __name__ == "__main__":
    main()
