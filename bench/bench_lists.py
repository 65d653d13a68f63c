"""Contact lists for the benchmarks of import."""
from __future__ import annotations

import gzip
import json
import pathlib
import random

NAMES = ["דנה כהן", "נועה לוי", "יוסף מזרחי", "אבי פרץ", "מיכל ביטון", "Dana Cohen"]


def number(rng: random.Random) -> str:
    """Mobile numbers of one country, as most lists have them."""
    return f"05{rng.choice('02348')}-{rng.randrange(1000):03}-{rng.randrange(10000):04}"


def csv_lines(rows: int, rng: random.Random):
    yield "number,name,amount\n"
    for _ in range(rows):
        yield f"{number(rng)},{rng.choice(NAMES)},{rng.randrange(10, 500)}\n"


def json_lines(rows: int, rng: random.Random):
    for _ in range(rows):
        yield json.dumps({"number": number(rng), "name": rng.choice(NAMES), "amount": rng.randrange(10, 500)}, ensure_ascii=False) + "\n"


def world_lines(rows: int, rng: random.Random):
    """Every North American area code: many small ranges, the worst case for sharing answers about numbers."""
    yield "number,name,amount\n"
    for _ in range(rows):
        yield f"+1{rng.randrange(200, 1000)}{rng.randrange(10**7):07},{rng.choice(NAMES)},{rng.randrange(10, 500)}\n"


def write(file: pathlib.Path, lines, encoding: str, is_packed: bool) -> None:
    with gzip.open(file, "wb", 6) if is_packed else open(file, "wb") as out:
        for line in lines:
            out.write(line.encode(encoding))


LISTS = [("CSV, UTF-8, Israeli mobiles", csv_lines, "utf-8", False), ("the same, Windows-1255", csv_lines, "cp1255", False),
         ("the same, gzip", csv_lines, "utf-8", True), ("JSON lines", json_lines, "utf-8", False),
         ("CSV, all area codes of +1", world_lines, "utf-8", False)]
PLAIN = [(what, lines) for what, lines, encoding, is_packed in LISTS if encoding == "utf-8" and not is_packed and lines is not json_lines]
