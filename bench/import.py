#!/usr/bin/python3
"""Import of contact lists, from bytes to judged contacts, without the ledger: rows per second of one core, and memory, for
lists of 100,000 and 1,000,000 rows side by side.

    bench/import.py [ROWS…]
"""
from __future__ import annotations

import json
import pathlib
import random
import subprocess
import sys
import tempfile

from bench_lists import LISTS, write

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOOL = ROOT / "build/release/bench/import_rate"


def main(sizes: list[int]) -> None:
    print("| list | " + " | ".join(f"{n:,} rows: CPU s | rows/s | peak MiB" for n in sizes) + " |")
    print("|" + "---|" * (1 + 3 * len(sizes)))
    with tempfile.TemporaryDirectory(prefix="carillon-import-") as folder:
        for what, lines, encoding, is_packed in LISTS:
            cells = []
            for rows in sizes:
                file = pathlib.Path(folder) / "list"
                write(file, lines(rows, random.Random(rows)), encoding, is_packed)
                run = json.loads(subprocess.run([TOOL, "IL", file], check=True, capture_output=True, text=True).stdout)
                assert run["contacts"] + run["rejected"] == rows, run
                cells.append(f"{run['cpu_seconds']:.2f} | {rows / run['cpu_seconds']:,.0f} | {run['peak_mib']:.0f}")
            print(f"| {what} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [100_000, 1_000_000])
