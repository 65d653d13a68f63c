"""`carillon run`: a file of numbers, called once each, whatever interrupts it."""
from __future__ import annotations

import json
import pathlib
import signal
import subprocess

from lab.daemon import CARILLON, PROMPTS, wait_for
from lab.world import World

CONTACTS = '''Phone,Name,ID
+12125550120,"Ann, the first",a1
+1 (225) 555-0121,"Bob ""quote""",b2
not a number,Cy,c3
+12135550122,"Dan
of two lines",d4
,Nobody,e5
+12125550120,Ann again,a1
'+12285550123,Eve,f6
'''


def start_run(world: World, contacts: pathlib.Path, *more: str) -> subprocess.Popen[str]:
    command = [CARILLON, "--config", world.daemon.config, "run", contacts, "--audio", PROMPTS / "please-try-again.ulaw", "--json",
               "--rejected", contacts.with_suffix(".rejected.csv"), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end_run(process: subprocess.Popen[str], code: int = 0, seconds: float = 90) -> dict:
    out, err = process.communicate(timeout=seconds)
    assert process.returncode == code, err
    return json.loads(out.splitlines()[-1])


def settings() -> dict[str, int]:
    return {"ivr.response_timeout_seconds": 2}


def test_a_file_with_good_and_bad_rows(folder: pathlib.Path) -> None:
    contacts = folder / "contacts.csv"
    contacts.write_text(CONTACTS)
    with World(folder / "w", settings(), start_daemon=False) as world:
        result = end_run(start_run(world, contacts))
        assert result["contacts"] == 4 and result["attempts"] == 4
        assert result["outcomes"] == {"human": 2, "busy": 1, "rejected": 1}
        assert result["keys"] == {"1": 1} and result["rejected"] == 2 and result["duplicates"] == 1
        rejected = contacts.with_suffix(".rejected.csv").read_text()
        assert "not a number" in rejected and "duplicate" in rejected and rejected.count("\n") == 4, rejected
        assert len(world.daemon.events()) == result["events"]
        names = {event["data"]["variables"]["Name"] for event in world.daemon.events()}
        assert names == {"Ann, the first", "Bob \"quote\"", "Dan\nof two lines", "Eve"}
        # Once more: everything is known, nobody is called.
        assert end_run(start_run(world, contacts))["attempts"] == 4
        assert len(world.carrier.invites()) == 4


def test_ctrl_c_and_kill_9_and_again(folder: pathlib.Path) -> None:
    numbers = [f"+1{code}555{i:04}" for i in range(12) for code in (212, 225, 216, 251, 253)]
    contacts = folder / "contacts.csv"
    contacts.write_text("phone\n" + "\n".join(numbers) + "\n")
    with World(folder / "w", settings(), start_daemon=False) as world:
        first = start_run(world, contacts, "--rate", "10")
        wait_for(lambda: len(world.carrier.invites()) >= 12, 20, "calls are not placed")
        first.send_signal(signal.SIGINT)
        stopped = end_run(first, code=3)
        placed = len(world.carrier.invites())
        assert placed < len(numbers) and stopped["outcomes"]

        second = start_run(world, contacts, "--rate", "10")
        wait_for(lambda: len(world.carrier.invites()) >= placed + 15, 30, "it does not go on")
        second.kill()
        second.communicate()

        result = end_run(start_run(world, contacts, "--rate", "20"))
        assert result["contacts"] == result["attempts"] == len(numbers)
        assert result["outcomes"] == {"human": 48, "busy": 12}
        assert result["opt_outs"] == 12 and result["keys"] == {"9": 12}
        assert sorted(world.carrier.invites()) == sorted(numbers), "nobody was called twice, and nobody was left out"
        events = world.daemon.events()
        assert len({event["id"] for event in events}) == len(events) == result["events"]


def test_a_running_daemon_is_used(folder: pathlib.Path) -> None:
    contacts = folder / "contacts.csv"
    contacts.write_text("+12255550130\n+12285550131\n")
    with World(folder / "w", settings()) as world:
        result = end_run(start_run(world, contacts))
        assert result["outcomes"] == {"busy": 1, "rejected": 1}
        done = world.daemon.command("dial", "+12315550132")
        assert done.stdout == "invalid-number\n" and "using the running daemon" in done.stderr


def test_mistakes_are_told_before_anybody_is_called(folder: pathlib.Path) -> None:
    with World(folder / "w", settings()) as world:
        good = folder / "good.csv"
        good.write_text("phone\n+12255550130\n")
        for arguments, word in [(["run", str(folder / "missing.csv")], "missing.csv"), (["run", str(good), "--audio", str(good)], "audio"),
                                (["run", str(good), "--campaign", "a/b"], "name"), (["dial", "12"], "phoneNumber")]:
            done = world.daemon.command(*arguments, check=False)
            assert done.returncode == 1 and word in done.stderr, done.stderr
        odd = folder / "odd.csv"
        odd.write_text("colour,shape\nred,round\n")
        done = world.daemon.command("run", str(odd), check=False)
        assert done.returncode == 1 and "phone" in done.stderr and "colour" in done.stderr, done.stderr
        assert world.carrier.invites() == []
