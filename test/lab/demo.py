"""script/demo: a small campaign on a real Asterisk, with SIPp as the carrier and the people behind it."""
from __future__ import annotations

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab.carrier import FATES, PERSONAS, plan  # noqa: E402
from lab.daemon import CARILLON, PROMPTS, ROOT  # noqa: E402
from lab.world import World  # noqa: E402

# What the ledger must say of each thing that a callee does.
OUTCOMES = {"human": "human", "instant": "human", "slow-ring": "human", "early-media": "human", "leaves": "human",
            "leaves-early": "human", "talks": "human", "ring": "no-answer", "silence": "no-response", "busy": "busy",
            "busy-direct": "busy", "reject": "rejected", "unavailable": "unreachable", "not-found": "invalid-number",
            "overload": "congestion", "no-180-503": "congestion"}

SETTINGS = {"ivr.agent": "+12025550165", "ivr.response_timeout_seconds": 5, "log.level": "warn"}


def say(text: str = "") -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__)
    parser.add_argument("contacts", nargs="?", type=pathlib.Path, default=ROOT / "examples/contacts.csv")
    parser.add_argument("--rate", default="4", help="calls started per second (default 4)")
    parser.add_argument("--from", dest="here", type=pathlib.Path, default=pathlib.Path.cwd(), help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on stdout")
    arguments = parser.parse_args()

    contacts = (arguments.here / arguments.contacts).resolve()
    rejected = arguments.here / f"{contacts.name}.rejected.csv"
    with tempfile.TemporaryDirectory(prefix="carillon-demo-") as name:
        folder = pathlib.Path(name)
        with World(folder, SETTINGS, start_daemon=False) as world:
            say(f"==> Asterisk {version(world)} rings {contacts.name} over SIP; "
                f"SIPp is the carrier on 127.0.0.1:{world.carrier.sip_port}, and answers as people do")
            command = [CARILLON, "--config", world.daemon.config, "run", contacts, "--rejected", rejected, "--audio",
                       PROMPTS / "demo-congrats.ulaw", "--rate", arguments.rate, "--campaign", "demo", "--json"]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=folder)
            if done.returncode not in (0, 3):
                say(world.asterisk.log_tail())
                return done.returncode
            result = json.loads(done.stdout.splitlines()[-1])
            is_right = show_report(world)
            if arguments.json:
                print(json.dumps({key: result[key] for key in ("contacts", "attempts", "outcomes", "keys", "opt_outs", "events")}))
            return 0 if done.returncode == 3 or is_right else 1


def presses(persona: str) -> str:
    """", presses 0 and 1" for a persona that presses keys."""
    keys = [press.partition("@")[0] for press in PERSONAS.get(persona, "").split(",") if press]
    return f", presses {' and '.join(keys)}" if keys else ""


def version(world: World) -> str:
    return world.asterisk.cli("core show version").split(" ")[1].split("+")[0]


def show_report(world: World) -> bool:
    """What the carrier did against what the ledger says, and what was heard and told. True if the books are right."""
    ledger = dict(world.daemon.sql("SELECT number, outcome FROM attempt WHERE direction = 'outbound' ORDER BY number"))
    agent = SETTINGS["ivr.agent"]
    rung = collections.Counter(number for number in world.carrier.invites() if number != agent)
    say("\nWhat the carrier was told to do, against the ledger")
    fates: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for number in ledger:
        rule = plan(number)
        fates[rule.fate, rule.persona or ""].append(number)
    wrong = 0
    for (fate, persona), members in sorted(fates.items(), key=lambda item: -len(item[1])):
        outcomes = collections.Counter(ledger.get(number, "not called") for number in members)
        wrong += sum(count for outcome, count in outcomes.items() if outcome != OUTCOMES[fate])
        told = ", ".join(f"{outcome} {count}" for outcome, count in outcomes.items())
        pressed = presses(persona)
        say(f"  {len(members):>3}  {FATES[fate].shown + pressed:<44} {told}")
    twice = sum(count > 1 for count in rung.values())
    heard = world.carrier.stats()["total"]
    late = heard["gaps"]["le100"] + heard["gaps"]["gt100"]
    say(f"\n  outcomes that differ      {wrong}")
    say(f"  numbers called twice      {twice}")
    say(f"  RTP packets heard         {heard['packets']} ({heard['lost']} lost, {late} later than 60 ms)")
    say(f"  keys pressed              {heard['keys_sent']}")
    say("\nOf the events that were published (CloudEvents), one of each type")
    for event in {event["type"]: event for event in world.daemon.events()}.values():
        data = event["data"]
        what = " ".join(str(data[key]) for key in ("status", "outcome", "key", "action") if key in data)
        say(f"  {event['type']:<28} #{int(event['sequence'])} {data['phoneNumber'][:5]}***{data['phoneNumber'][-2:]}  {what}")
    return wrong == 0 and twice == 0


if __name__ == "__main__":
    sys.exit(main())
