"""Events on their way out: a webhook whose signatures are checked, a receiver that fails, is too slow or leads elsewhere, and a
real NATS server. Calls go on whatever happens there."""
from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

from lab.asterisk import free_port
from lab.daemon import wait_for
from lab.world import World

SECRETS = [b"a secret of the new year, 32 bytes", b"a secret of the last year, 32 byte"]
NATS = pathlib.Path(os.environ.get("CARILLON_CACHE", pathlib.Path.home() / ".cache/carillon")) / "nats/usr/sbin/nats-server"


class Receiver:
    """Takes webhooks; `answer(number of the request)` gives status and headers."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        self.problems: list[str] = []
        self.asked = 0
        self.answer: Callable[[int], tuple[int, dict[str, str]]] = lambda number: (200, {})
        self.delay = 0.0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.asked += 1
                status, headers = receiver.answer(receiver.asked)
                time.sleep(receiver.delay)
                if status == 200:
                    receiver.check(self.headers, body)
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in {"Content-Length": "0", **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def check(self, headers: object, body: bytes) -> None:
        event = json.loads(body)
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = " ".join("v1," + base64.b64encode(hmac.new(s, signed, hashlib.sha256).digest()).decode() for s in SECRETS)
        if headers["webhook-signature"] != wanted or headers["webhook-id"] != event["id"]:
            self.problems.append(f"wrong signature of {event['id']}")
        if abs(time.time() - int(headers["webhook-timestamp"])) > 60:
            self.problems.append("the timestamp is not that of the sending")
        self.events.append(event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def config(self, private: bool = True) -> str:
        secrets = ", ".join(f'"whsec_{base64.b64encode(s).decode()}"' for s in SECRETS)
        url = self.url if private else self.url.replace("http:", "https:")
        return (f'[[events.webhooks]]\nname = "crm"\nurl = "{url}"\nsecrets = [{secrets}]\n'
                f"allow_private = {json.dumps(private)}\ntimeout_seconds = 2\n")

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def a_world(folder: pathlib.Path, receiver: Receiver | None = None, settings: dict | None = None, private: bool = True) -> Iterator[World]:
    world = World(folder, {"ivr.response_timeout_seconds": 2, **(settings or {})}, start_daemon=False)
    world.daemon.more_config = receiver.config(private) if receiver else ""
    with world:
        world.daemon.write_config()
        world.daemon.start()
        yield world
    if receiver:
        receiver.close()


def sink(world: World, kind: str) -> dict:
    sinks = world.daemon.request("GET", "/v1/events/sinks")[1]["sinks"]
    return next(one for one in sinks if one["name"].startswith(kind))


def call(world: World, number: str) -> None:
    assert world.daemon.wait_end(world.daemon.dial(number)["attemptId"])["outcome"] == "human"


def ids(events: list[dict]) -> list[str]:
    return [event["id"] for event in events]


def test_a_webhook_gets_every_event_signed_and_in_order(folder: pathlib.Path) -> None:
    receiver = Receiver()
    with a_world(folder, receiver) as world:
        for i in range(3):
            call(world, f"+1213555010{i}")
        wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 20, "events wait")
        assert ids(receiver.events) == ids(world.daemon.events()) and not receiver.problems, receiver.problems
        assert world.daemon.health()[1]["events"]["sinks"]["webhook:crm"]["state"] == "up"
        listed = [json.loads(line) for line in world.daemon.command("events", "list").stdout.splitlines()]
        assert ids(listed) == ids(receiver.events), "what is listed is what was sent"


def test_a_receiver_that_fails_gets_everything_when_it_is_well_again_and_calls_go_on(folder: pathlib.Path) -> None:
    receiver = Receiver()
    receiver.answer = lambda number: (500, {})
    with a_world(folder, receiver) as world:
        call(world, "+12135550101")
        wait_for(lambda: "HTTP 500" in sink(world, "webhook").get("trouble", ""), 20, "the trouble is not shown")
        assert "retrying" in world.daemon.command("events", "sinks").stdout
        wait_for(lambda: sink(world, "file")["lag"] == 0, 20, "the file waits for the webhook")
        world.daemon.kill()  # what the receiver does not have outlives the process
        receiver.answer = lambda number: (200, {})
        world.daemon.start()
        wait_for(lambda: ids(receiver.events) == ids(world.daemon.events()), 30, "events are lost")
        assert not receiver.problems, receiver.problems


def test_what_is_refused_is_a_dead_letter_that_can_be_sent_again_and_a_replay_sends_all(folder: pathlib.Path) -> None:
    receiver = Receiver()
    receiver.answer = lambda number: (422, {}) if number == 2 else (200, {})
    with a_world(folder, receiver) as world:
        call(world, "+12135550101")
        wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 20, "it does not go on behind the refused one")
        events = world.daemon.events()
        wait_for(lambda: "HTTP 422" in world.daemon.command("events", "dead", "webhook:crm").stdout, 20, "no dead letter")
        assert ids(receiver.events) == ids(events[:1] + events[2:])
        world.daemon.command("events", "retry", "webhook:crm")
        wait_for(lambda: len(receiver.events) == len(events), 20, "it is not sent again")
        assert receiver.events[-1]["id"] == events[1]["id"]
        wait_for(lambda: "no dead letters" in world.daemon.command("events", "dead", "webhook:crm").stdout, 20, "it stays dead")
        receiver.events.clear()
        world.daemon.command("events", "replay", "webhook:crm", "--from", "1")
        wait_for(lambda: ids(receiver.events) == ids(events), 20, "the replay is not all")
        assert world.daemon.command("events", "replay", "nobody", "--from", "1", check=False).returncode == 1


def test_a_slow_receiver_and_a_redirect_into_the_house_hold_up_no_call(folder: pathlib.Path) -> None:
    receiver = Receiver()
    receiver.delay = 5  # longer than timeout_seconds
    with a_world(folder, receiver) as world:
        call(world, "+12135550101")
        call(world, "+12135550102")
        wait_for(lambda: sink(world, "webhook").get("trouble"), 20, "the trouble is not shown")
        receiver.delay = 0
        elsewhere = Receiver()
        receiver.answer = lambda number: (307, {"Location": elsewhere.url})
        wait_for(lambda: "redirects are not followed" in sink(world, "webhook").get("trouble", ""), 30, "it is followed")
        call(world, "+12135550103")
        assert elsewhere.asked == 0
        elsewhere.close()


def test_an_address_of_the_house_is_refused_unless_it_is_allowed(folder: pathlib.Path) -> None:
    receiver = Receiver()
    with a_world(folder, receiver, private=False) as world:
        call(world, "+12135550101")
        wait_for(lambda: sink(world, "webhook").get("trouble"), 20, "it is not refused")
        assert receiver.asked == 0 and "allow_private" in sink(world, "webhook")["trouble"], sink(world, "webhook")


class Nats:
    def __init__(self, folder: pathlib.Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = open(self.folder / "nats.log", "ab")
        self.process = subprocess.Popen([NATS, "-a", "127.0.0.1", "-p", str(self.port), "--jetstream", "--store_dir",
                                         str(self.folder / "nats")], stdout=log, stderr=log)
        wait_for(self.is_up, 20, "the NATS server does not start")

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def is_up(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def ask(self, subject: str, payload: str = "") -> dict:
        with socket.create_connection(("127.0.0.1", self.port), 5) as wire:
            lines = wire.makefile("rb")
            lines.readline()
            wire.sendall(f'CONNECT {{"verbose":false}}\r\nSUB answer 1\r\nPUB {subject} answer {len(payload)}\r\n{payload}\r\n'.encode())
            head = lines.readline().split()
            return json.loads(lines.read(int(head[-1])))

    def events(self) -> list[dict]:
        count = self.ask("$JS.API.STREAM.INFO.carillon").get("state", {}).get("messages", 0)
        stored = [self.ask("$JS.API.STREAM.MSG.GET.carillon", json.dumps({"seq": i + 1})) for i in range(count)]
        return [json.loads(base64.b64decode(one["message"]["data"])) for one in stored]


def test_nats_holds_every_event_once_and_in_order_through_outages(folder: pathlib.Path) -> None:
    nats = Nats(folder)
    nats.start()
    try:
        with a_world(folder / "world", settings={"nats.host": "127.0.0.1", "nats.port": nats.port, "events.numbers": "masked"}) as world:
            call(world, "+12135550101")
            wait_for(lambda: sink(world, "nats")["lag"] == 0, 20, "events do not arrive")
            nats.stop()
            call(world, "+12135550102")
            wait_for(lambda: sink(world, "nats").get("trouble"), 20, "the trouble is not shown")
            world.daemon.kill()
            nats.start()
            world.daemon.start()
            wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 30, "events are lost")
            assert ids(nats.events()) == ids(world.daemon.events()), "each once, in order"
            assert all(event["data"]["phoneNumber"] == "+1213***" + event["data"]["phoneNumber"][-2:] for event in nats.events())
            world.daemon.command("events", "replay", sink(world, "nats")["name"], "--from", "1")
            wait_for(lambda: sink(world, "nats")["lag"] == 0, 20, "the replay does not end")
            assert len(nats.events()) == len(world.daemon.events()), "what comes again is known by its id"
    finally:
        nats.stop()
