#!/usr/bin/python3
"""The ledger's speed with full durability, for campaigns of 10,000 and of 10,000,000 contacts side by side: attempts per
second from intent to end, rows per second of imports, and what the questions of the dialer and of the API cost.

    bench/ledger.py [FOLDER [ATTEMPTS [CONTACTS…]]]

FOLDER must be on a real disk, with 4 GB free for ten million contacts; the default is build/bench.
"""
from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile

from common import row

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOOL = ROOT / "build/release/bench/ledger_rate"


def measure(folder: pathlib.Path, attempts: int, sizes: list[int]) -> list[dict]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ledger-", dir=folder) as inside:
        done = subprocess.run([TOOL, inside, str(attempts), *map(str, sizes)], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def table(results: list[dict]) -> str:
    first = results[0]
    lines = [row("contacts", "attempts/s (median; worst, best round)", "against the first", "CPU ms per attempt", "import rows/s",
                 "fetch 500 due, µs", "lanes, µs", "report, µs", "facts of a number, µs", "GB at the end"), row(*["---"] * 10)]
    for r in results:
        imported = r["imports"][-1]
        lines.append(row(f"{r['contacts']:,}", f"{r['attempts_per_second']:,} ({min(r['rounds']):,}, {max(r['rounds']):,})",
                         f"{r['attempts_per_second'] / first['attempts_per_second']:.2f}", f"{r['cpu_ms_per_attempt']:.3f}",
                         f"{imported['rows'] / imported['seconds']:,.0f}", r["fetch_due_500_us"], r["count_lanes_us"], r["report_us"],
                         r["facts_of_us"], f"{r['bytes'] / 1e9:.2f}"))
    return "\n".join(lines)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    place = pathlib.Path(arguments[0]) if arguments else ROOT / "build/bench"
    count = int(arguments[1]) if len(arguments) > 1 else 50_000
    print(table(measure(place, count, [int(text) for text in arguments[2:]] or [10_000, 10_000_000])))
