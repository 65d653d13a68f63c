"""The engine under test: `carillon serve` in a folder of its own, with configuration, HTTP calls, kill -9 and restart."""
from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

from .asterisk import ROOT, Asterisk, free_port

CARILLON = ROOT / "build/release/carillon"
PROMPTS = ROOT / "build/prompts"

# SIP to Asterisk and back is quick here; real carriers need the default allowance.
FAST = {"calls.post_dial_delay_seconds": 3, "calls.ring_timeout_seconds": 15}


class Daemon:
    """`settings` are keys of carillon.toml ("trunk.calls_per_second": 50)."""

    def __init__(self, folder: pathlib.Path, settings: dict[str, Any] | None = None) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.ledger = self.folder / "ledger.db"
        self.events_file = self.folder / "events.jsonl"
        self.process: subprocess.Popen[bytes] | None = None
        self.more_config = ""  # TOML behind the settings
        self.environment: dict[str, str] = {}  # beside this process's own
        self.settings: dict[str, Any] = {
            "server.port": self.port,
            "trunk.calls_per_second": 50,
            "trunk.max_live_calls": 500,
            "trunk.start_calls_per_second": 50,
            "node.calls_per_second": 1000,
            "node.max_live_calls": 2000,
            "trunk.caller_ids": ["+12025550199"],
            "ivr.agent": "+13035550100",
            "prompts.folder": str(PROMPTS),
            "prompts.store": str(self.folder / "store"),
            "prompts.sources": [str(ROOT / "examples"), str(self.folder)],
            "ledger.file": str(self.ledger),
            "events.file": str(self.events_file),
            **FAST,
            **(settings or {}),
        }
        self.config = self.folder / "carillon.toml"
        self.write_config()

    def use(self, asterisk: Asterisk) -> None:
        """Points the configuration at this Asterisk."""
        self.settings.update({
            "ami.port": asterisk.ami_port, "ami.username": "carillon", "ami.password": asterisk.secret,
            "ami.events_username": "carillon-events", "ami.journal_username": "carillon-journal",
            "ari.port": asterisk.ari_port, "ari.username": "carillon", "ari.password": asterisk.secret,
        })
        self.write_config()

    def write_config(self) -> None:
        sections: dict[str, list[str]] = {}
        for key, value in self.settings.items():
            section, name = key.split(".", 1)
            sections.setdefault(section, []).append(f"{name} = {json.dumps(value)}")
        text = "".join(f"[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items())
        self.config.write_text(text + self.more_config)

    def dialplan(self) -> str:
        return self.command("dialplan").stdout

    def command(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs the CLI with this configuration."""
        done = subprocess.run([CARILLON, "--config", self.config, *arguments], capture_output=True, text=True, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"carillon {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def start(self, wait: bool = True) -> None:
        log = open(self.folder / "carillon.log", "ab")
        self.process = subprocess.Popen([CARILLON, "--config", self.config, "serve"], stdout=log, stderr=log,
                                        env={**os.environ, **self.environment})
        if wait:
            self.wait_for(lambda: self.health()[0] == 200, 20, "carillon serve is not healthy")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.process = None

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def cpu_seconds(self) -> float:
        assert self.process is not None
        return cpu_seconds(self.process.pid)

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method=method,
                                         headers={"Content-Type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, _decode(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _decode(error.read())

    def health(self) -> tuple[int, Any]:
        try:
            return self.request("GET", "/health")
        except OSError as error:
            return 0, str(error)

    def dial(self, number: str, **more: Any) -> dict[str, Any]:
        status, body = self.request("POST", "/dial", {"phoneNumber": number, **more})
        assert status == 202, f"POST /dial {number}: {status} {body}"
        return body

    def call(self, attempt_id: str) -> dict[str, Any]:
        status, body = self.request("GET", f"/v1/calls/{attempt_id}")
        assert status == 200, body
        return body

    def wait_end(self, attempt_id: str, seconds: float = 60) -> dict[str, Any]:
        """The call once it has ended."""
        self.wait_for(lambda: "outcome" in self.call(attempt_id), seconds, f"call {attempt_id} did not end")
        return self.call(attempt_id)

    def report(self, campaign: str) -> dict[str, Any]:
        status, body = self.request("GET", f"/v1/campaigns/{campaign}/report")
        assert status == 200, body
        return body

    def campaign(self, campaign: str, numbers: list[str], start: bool = True, **settings: Any) -> dict[str, Any]:
        """A campaign with these contacts, running. Without retry rules every contact is called once."""
        if self.request("GET", f"/v1/campaigns/{campaign}")[0] == 404:
            status, body = self.request("POST", "/v1/campaigns", {"id": campaign, "class": "informational", "retry": {}, **settings})
            assert status == 201, body
        lines = "\n".join(json.dumps({"phone": n}) for n in numbers).encode()
        status, added = self.request("POST", f"/v1/campaigns/{campaign}/contacts?format=ndjson", lines)
        assert status == 200, added
        if start:
            status, body = self.request("POST", f"/v1/campaigns/{campaign}:start")
            assert status == 200, body
        return added

    def active(self) -> list[dict[str, Any]]:
        return self.request("GET", "/calls")[1]["calls"]

    def events(self) -> list[dict[str, Any]]:
        if not self.events_file.exists():
            return []
        return [json.loads(line) for line in self.events_file.read_text().splitlines()]

    def events_of(self, attempt_id: str) -> list[dict[str, Any]]:
        return [event for event in self.events() if event["subject"] == attempt_id]

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Reads the ledger beside the running engine."""
        import sqlite3
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as db:
            return db.execute(query, values).fetchall()

    def log_tail(self, lines: int = 40) -> str:
        path = self.folder / "carillon.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def wait_for(self, condition: Any, seconds: float, what: str) -> None:
        try:
            wait_for(condition, seconds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log_tail()}") from None


def wait_for(condition: Any, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} (waited {seconds:.0f} s)")
        time.sleep(0.05)


def cpu_seconds(pid: int) -> float:
    """User and system time that the process has used, in seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _decode(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
