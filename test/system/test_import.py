"""Lists as they come out of spreadsheets and other people's software: what is good is taken, what is bad comes back."""
from __future__ import annotations

import contextlib
import csv
import json
import pathlib
from collections.abc import Iterator

import pytest
from lab.daemon import Daemon

# Each record with the reason for which it is refused, or None.
RECORDS: list[tuple[bytes, str | None]] = [
    ("202-555-0101;דנה כהן;180;;in UTF-8\r\n".encode(), None),
    ('(202) 555-0102;נועה לוי;90;America/Chicago;"two\r\nlines; and a ""quote"""\r\n'.encode(), None),
    (b"+1 202 555 0103;" + "יוסי".encode("cp1255") + b";10;;in Windows-1255\r\n", None),
    (b"202-555-0101;once more;1;;the same number\r\n", "duplicate"),
    (b'202-555-0104;"=HYPERLINK(""http://x"")";1;;a formula\r\n', None),
    (b"202-555-0105;a\0b;1;;a NUL byte\r\n", "nul-byte"),
    (b"202-555-0106;" + b"x" * 10_000_000 + b";1;;a line of 10 MB\r\n", "too-long"),
    (b"12;short;1;;\r\n", "number-invalid"),
    (b";nobody;1;;\r\n", "no-number"),
    (b"202-555-0107;far away;1;Mars/Olympus;\r\n", "time-zone-unknown"),
    (b"202-555-0108;only two fields\r\n", None),
    (b"2.02556E+09;rounded by a spreadsheet;1;;\r\n", "number-invalid"),
    (b"\r\n\r\n", None),
    (b"=202-555-0109;a formula as the number;1;;\r\n", None),
    (b'202-555-0110;"never closed;1;;\r\n202-555-0111;swallowed;1;;\r\n', "open-quote"),
]
GOOD = {f"+1202555010{i}" for i in (1, 2, 3, 4, 8, 9)}


def import_list(daemon: Daemon, campaign: str, file: pathlib.Path) -> tuple[dict, list[list[str]]]:
    rejects = file.with_suffix(".rejected.csv")
    sums = json.loads(daemon.command("campaign", "import", campaign, str(file), "--rejects", str(rejects), "--json", "--quiet").stdout)
    with rejects.open(encoding="utf-8-sig", newline="") as rows:
        return sums, list(csv.reader(rows))[1:]


@contextlib.contextmanager
def a_daemon(folder: pathlib.Path) -> Iterator[Daemon]:
    """Without a telephony server, with the campaign "spring"."""
    daemon = Daemon(folder, {"calls.default_region": "US"})
    daemon.start(wait=False)
    try:
        daemon.wait_for(lambda: daemon.health()[0] != 0, 20, "the daemon does not answer")
        assert daemon.request("POST", "/v1/campaigns", {"id": "spring", "class": "informational"})[0] == 201
        yield daemon
    finally:
        daemon.stop()


def test_of_a_nasty_list_the_good_rows_are_taken_and_the_bad_ones_come_back_with_reasons(folder: pathlib.Path) -> None:
    file = folder / "nasty.csv"
    file.write_bytes("\ufeffphone;שם;Amount;time zone;note\r\n".encode() + b"".join(record for record, _ in RECORDS))
    with a_daemon(folder) as daemon:
        sums, rejected = import_list(daemon, "spring", file)
        found = {number: json.loads(variables) for number, variables in daemon.sql("SELECT number, variables FROM contact")}
        assert set(found) == GOOD
        assert found["+12025550101"]["שם"] == "דנה כהן" and found["+12025550103"]["שם"] == "יוסי"
        assert found["+12025550102"]["note"] == 'two\r\nlines; and a "quote"'
        assert found["+12025550104"]["שם"] == '=HYPERLINK("http://x")', "text is kept as it is, and never carried out"
        assert sorted(row[1] for row in rejected) == sorted(reason for _, reason in RECORDS if reason)
        assert all(int(row[0]) > 1 and row[2] for row in rejected), "each with its line and a sentence"
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rejected for cell in row), "no formula goes back"
        assert sums["added"] == len(GOOD) and sums["rejected"] + sums["duplicates"] == len(rejected)

        again, rejected_again = import_list(daemon, "spring", file)
        assert again["added"] == 0 and len(rejected_again) == len(rejected) + len(GOOD)


@pytest.mark.parametrize(("name", "content", "sentence"), [
    ("people.xlsx", b"PK\x03\x04" + b"\0" * 100, "save the sheet as CSV UTF-8"),
    ("people.json", b'[{"number": "+12025550100"}]', "one object a line"),
    ("people.csv", b"name,amount\nAnn,5\n", "number"),
], ids=["spreadsheet", "array", "no-number-column"])
def test_what_is_no_list_is_refused_with_a_sentence(folder: pathlib.Path, name: str, content: bytes, sentence: str) -> None:
    file = folder / name
    file.write_bytes(content)
    with a_daemon(folder) as daemon:
        done = daemon.command("campaign", "import", "spring", str(file), check=False)
        assert done.returncode != 0 and sentence in done.stderr, done.stderr
