"""What is heard, measured at the far end: the right prompt, soon, without gaps; two people who are connected hear each other."""
from __future__ import annotations

import json
import math
import pathlib
import sys
import threading
import time
from collections.abc import Sequence

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab.carrier import Packet  # noqa: E402
from lab.daemon import wait_for  # noqa: E402
from lab.world import World  # noqa: E402

SOON_MS = 200
LONGEST_GAP_MS = 60
SAMPLES_PER_MS = 8
TEMPLATE = "say:Hello {name}. Your number is {code|digits}. This is a test of what is heard."


def linear(code: int) -> int:
    """A 16-bit sample of a mu-law code (ITU-T G.711)."""
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 132 << (code >> 4 & 7)) - 132
    return -magnitude if code & 0x80 else magnitude


LINEAR = [linear(code) for code in range(256)]


def recording(packets: Sequence[Packet]) -> tuple[list[int], float]:
    """Samples from the first packet on, silence where nothing came, and when the first one arrived."""
    first = packets[0]
    samples = [0] * (((packets[-1].timestamp - first.timestamp) & 0xFFFFFFFF) + 160)
    for packet in packets:
        at = (packet.timestamp - first.timestamp) & 0xFFFFFFFF
        samples[at:at + len(packet.audio)] = [LINEAR[code] for code in packet.audio]
    return samples, first.arrived_ms


def correlation(heard: Sequence[int], said: Sequence[int], lag: int, step: int = 1) -> float:
    """Normalised: 1 is the same, however loud."""
    ours = heard[lag:lag + len(said):step]
    theirs = said[:len(heard) - lag:step]
    dot = sum(a * b for a, b in zip(ours, theirs))
    size = math.sqrt(sum(a * a for a in ours) * sum(b * b for b in theirs))
    return dot / size if size else 0.0


def best_match(heard: Sequence[int], said: Sequence[int], longest_lag: int) -> tuple[float, int]:
    """The correlation with what was to be said, and how many samples later it begins. Looked for with half a second."""
    probe = said[:min(len(said), 4000)]
    start = next(n for n, sample in enumerate(probe) if abs(sample) > 500)  # leading silence fits anywhere
    part = probe[start:]
    lag = max(range(longest_lag + 1), key=lambda n: correlation(heard[n + start:n + start + len(part)], part, 0, 5))
    return correlation(heard, said, lag), lag


def packets_of(packets: Sequence[Packet], from_ms: float, length_ms: float) -> list[float]:
    return [packet.arrived_ms for packet in packets if from_ms - 1 <= packet.arrived_ms <= from_ms + length_ms]


class Metronome:
    """Notes when this machine stood still: something that sleeps 5 ms and wakes much later. A gap of that moment is not
    Asterisk's: others compile and test beside this."""

    LATE_MS = 15

    def __enter__(self) -> Metronome:
        self.stills: list[tuple[float, float]] = []
        self.is_running = True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_running = False
        self.thread.join()

    def run(self) -> None:
        before = time.time()
        while self.is_running:
            time.sleep(0.005)
            now = time.time()
            if (now - before) * 1000 > self.LATE_MS:
                self.stills.append((before * 1000, now * 1000))
            before = now

    def stood_still(self, from_ms: float, to_ms: float) -> bool:
        return any(begin < to_ms and end > from_ms for begin, end in self.stills)


def measure(folder: pathlib.Path, people: int) -> None:
    with Metronome() as metronome:
        measure_beside(metronome, folder, people)


def measure_beside(metronome: Metronome, folder: pathlib.Path, people: int) -> None:
    with World(folder, {"trunk.calls_per_second": 10, "trunk.start_calls_per_second": 10, "speech.contact_prompts_per_second": 100}, start_daemon=False) as world:
        world.carrier.stop()
        world.carrier.record = True
        world.carrier.start()
        world.daemon.start()
        numbers = [f"+1253555{n:04}" for n in range(100, 100 + people)]
        status, body = world.daemon.request("POST", "/v1/campaigns", {"id": "heard", "class": "informational", "retry": {}, "audio": TEMPLATE})
        assert status == 201, body
        lines = "\n".join(json.dumps({"phone": number, "name": f"Person {n}", "code": str(7919 * (n + 1))}) for n, number in enumerate(numbers)).encode()
        assert world.daemon.request("POST", "/v1/campaigns/heard/contacts?format=ndjson", lines)[0] == 200
        status, body = world.daemon.request("POST", "/v1/campaigns/heard:start")
        assert status == 200, body
        answered = "SELECT count(*) FROM attempt WHERE campaign_id = 'heard' AND outcome = 'human'"
        wait_for(lambda: world.daemon.sql(answered)[0][0] == people, 60 + people, "not everybody was called")

        audio_of = dict(world.daemon.sql("SELECT number, audio FROM attempt WHERE campaign_id = 'heard'"))
        assert len(set(audio_of.values())) == people, "each has a prompt of their own"
        answers = world.carrier.answers()
        heard = world.carrier.heard("listener")
        said = {audio: [LINEAR[code] for code in (world.daemon.folder / "store" / f"{audio}.ulaw").read_bytes()] for audio in audio_of.values()}
        table = []
        excused = 0
        for invite in world.carrier.invite_log():
            own = said[audio_of[invite.number]]
            packets = heard[invite.rtp_port]
            samples, first_ms = recording(packets)
            match, lag = best_match(samples, own, SOON_MS * SAMPLES_PER_MS)
            starts_ms = first_ms + lag / SAMPLES_PER_MS
            arrivals = packets_of(packets, starts_ms - lag / SAMPLES_PER_MS % 20, len(own) / SAMPLES_PER_MS)
            gaps = [(b - a, a, b) for a, b in zip(arrivals, arrivals[1:])]
            gap = max((length for length, a, b in gaps if not metronome.stood_still(a, b)), default=0.0)
            excused += sum(length > LONGEST_GAP_MS for length, a, b in gaps if metronome.stood_still(a, b))
            table.append((invite.number, match, starts_ms - answers[invite.call_id], gap))
            assert match > 0.95, f"{invite.number} did not hear their prompt: {match:.2f}"
            assert starts_ms - answers[invite.call_id] < SOON_MS, f"{invite.number} waited {starts_ms - answers[invite.call_id]:.0f} ms"
            assert gap <= LONGEST_GAP_MS, f"{invite.number} heard nothing for {gap:.0f} ms"
        assert len(table) == people
        # The measure tells people's prompts apart: the first one's recording against the others'.
        first = world.carrier.invite_log()[0]
        samples, _ = recording(heard[first.rtp_port])
        others = [audio for number, audio in audio_of.items() if number != first.number][:3]
        assert all(best_match(samples, said[audio], SOON_MS * SAMPLES_PER_MS)[0] < 0.8 for audio in others)
        print(f"{people} calls: least correlation {min(row[1] for row in table):.3f}, latest start {max(row[2] for row in table):.0f} ms, "
              f"longest gap {max(row[3] for row in table):.0f} ms; {excused} longer ones while the machine stood still")


def test_everybody_hears_their_own_prompt_soon_and_whole(folder: pathlib.Path) -> None:
    measure(folder, 10)


@pytest.mark.long
def test_a_hundred_people_hear_their_own_prompt_soon_and_whole(folder: pathlib.Path) -> None:
    measure(folder, 100)


def strength(samples: Sequence[int], hertz: int) -> float:
    """The part of the power that is at this frequency (Goertzel)."""
    coefficient = 2 * math.cos(2 * math.pi * hertz / 8000)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    power = before * before + last * last - coefficient * before * last
    total = sum(sample * sample for sample in samples)
    return 2 * power / (len(samples) * total) if total else 0.0


def test_whoever_asks_for_an_agent_and_the_agent_hear_each_other(folder: pathlib.Path) -> None:
    tones = {"asks-agent": 600, "agent": 900}
    with World(folder, start_daemon=False, echo=False) as world:
        world.carrier.stop()
        world.carrier.record, world.carrier.tones = True, tones
        world.carrier.start()
        world.daemon.start()
        call = world.daemon.dial("+12155550100")
        world.daemon.wait_end(call["attemptId"])
        [at_agent] = world.carrier.heard("agent").values()
        [at_person] = world.carrier.heard("asks-agent").values()
        begins, ends = at_agent[0].arrived_ms + 500, at_agent[-1].arrived_ms - 500
        assert ends - begins > 3000, "they were connected for some seconds"
        for packets, own, other in ((at_agent, "agent", "asks-agent"), (at_person, "asks-agent", "agent")):
            together = [packet for packet in packets if begins <= packet.arrived_ms <= ends]
            samples = [LINEAR[code] for packet in together for code in packet.audio]
            assert len(samples) > 0.9 * (ends - begins) * SAMPLES_PER_MS, f"{own} heard them all the time"
            assert strength(samples[:4000], tones[other]) > 0.8, f"{own} heard {other}"
            assert strength(samples[:4000], tones[own]) < 0.05, f"{own} did not hear themself"
