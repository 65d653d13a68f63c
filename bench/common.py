"""What the benchmarks share: a long message, CPU of both processes over a window, a table."""
from __future__ import annotations

import math
import pathlib
import struct
import sys
import time
import wave
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "test"))

from lab.daemon import cpu_seconds  # noqa: E402
from lab.world import World  # noqa: E402


def write_message(file: pathlib.Path, seconds: int) -> None:
    """A tone that comes and goes, as speech does."""
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        samples = (int(9000 * math.sin(i * 0.35) * (0.6 + 0.4 * math.sin(i / 1600))) for i in range(8000 * seconds))
        out.writeframes(b"".join(struct.pack("<h", s) for s in samples))


@dataclass
class Window:
    """CPU used between two moments, in percent of one core."""

    seconds: float
    asterisk: float
    engine: float


class Meter:
    def __init__(self, world: World) -> None:
        self._world = world
        self._at = time.monotonic()
        self._asterisk = cpu_seconds(world.asterisk.pid)
        self._engine = world.daemon.cpu_seconds()

    def stop(self) -> Window:
        seconds = time.monotonic() - self._at
        return Window(seconds, 100 * (cpu_seconds(self._world.asterisk.pid) - self._asterisk) / seconds,
                      100 * (self._world.daemon.cpu_seconds() - self._engine) / seconds)


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
