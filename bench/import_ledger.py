#!/usr/bin/python3
"""Import of contact lists as an operator does it: `carillon campaign import` into a daemon and its ledger. Seconds from the
command's begin to its end, CPU of daemon and command, and their peak memory, for lists of 100,000 and 1,000,000 rows side
by side; then the last list once more, which adds nothing.

    bench/import_ledger.py [ROWS…]
"""
from __future__ import annotations

import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import bench_lists

ROOT = pathlib.Path(__file__).resolve().parents[1]
CARILLON = ROOT / "build/release/carillon"
CAMPAIGN = 'class = "informational"\n'


class Daemon:
    def __init__(self, folder: pathlib.Path) -> None:
        self.environment = {**os.environ, "CARILLON_LEDGER_FILE": str(folder / "ledger.db"), "CARILLON_EVENTS_FILE": "",
                            "CARILLON_PROMPTS_STORE": str(folder / "prompts"), "CARILLON_CALLS_DEFAULT_REGION": "IL",
                            "CARILLON_SERVER_PORT": "0", "CARILLON_CONFIG": ""}
        self.log = folder / "log"
        self.process = subprocess.Popen([CARILLON, "serve"], env=self.environment, stderr=self.log.open("w"))
        for _ in range(100):
            if listens := re.search(r"listening .*?port=(\d+)", self.log.read_text()):
                self.environment["CARILLON_SERVER_PORT"] = listens[1]
                return
            time.sleep(0.1)
        raise SystemExit(f"the daemon does not listen:\n{self.log.read_text()}")

    def run(self, *arguments: object) -> tuple[dict, float]:
        """Its answer, and its peak memory in MiB."""
        command = subprocess.Popen([CARILLON, *map(str, arguments)], env=self.environment, stdout=subprocess.PIPE, text=True)
        answer = command.stdout.read()
        _, status, usage = os.wait4(command.pid, 0)
        if status != 0:
            raise SystemExit(f"carillon {arguments} failed: {answer}")
        return json.loads(answer), usage.ru_maxrss / 1024

    def cpu_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self) -> float:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def measure(daemon: Daemon, campaign: str, file: pathlib.Path, folder: pathlib.Path) -> tuple[dict, float, float, float]:
    before, began = daemon.cpu_seconds(), time.monotonic()
    sums, peak = daemon.run("campaign", "import", campaign, file, "--rejects", folder / "rejected.csv", "--json")
    return sums, time.monotonic() - began, daemon.cpu_seconds() - before, peak


def main(sizes: list[int]) -> None:
    print("| list | rows | seconds | rows/s | CPU s of the daemon | its peak MiB | peak MiB of the command |")
    print("|---|---|---|---|---|---|---|")
    for what, lines in bench_lists.PLAIN:
        for rows in sizes:
            with tempfile.TemporaryDirectory(prefix="carillon-import-") as name:
                folder = pathlib.Path(name)
                file = folder / "list.csv"
                bench_lists.write(file, lines(rows, random.Random(rows)), "utf-8", False)
                daemon = Daemon(folder)
                try:
                    (folder / "bench.toml").write_text(CAMPAIGN)
                    daemon.run("campaign", "create", folder / "bench.toml", "--json")
                    again = " again" if rows == sizes[-1] else ""
                    for suffix in ["", again] if again else [""]:
                        sums, seconds, cpu, peak = measure(daemon, "bench", file, folder)
                        assert sums["rows"] == rows and (not suffix or sums["added"] == 0), sums
                        print(f"| {what}{suffix} | {rows:,} | {seconds:.1f} | {rows / seconds:,.0f} | {cpu:.1f} | "
                              f"{daemon.peak_mib():.0f} | {peak:.0f} |", flush=True)
                finally:
                    daemon.stop()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [100_000, 1_000_000])
