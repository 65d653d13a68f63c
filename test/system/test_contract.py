"""The contracts in api/, config/ and docs/ say what the program does: real answers and real events fit their schemas, and
routes, keys, words and examples are the same in the code and beside it."""
from __future__ import annotations

import copy
import itertools
import json
import math
import pathlib
import re
import struct
import subprocess
import tomllib
import wave
from typing import Any

import jsonschema
import pytest
import yaml

from lab.daemon import CARILLON, ROOT, wait_for
from lab.world import World

EVENTS = ROOT / "api/events"
OPENAPI = yaml.safe_load((ROOT / "api/openapi.yaml").read_text())
CONFIG_CPP = (ROOT / "src/app/config.cpp").read_text()


def complain(errors: Any) -> list[str]:
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def faults_of_event(event: dict[str, Any]) -> list[str]:
    file = EVENTS / f"{event['type']}.schema.json"
    schema = json.loads(file.read_text())
    resolver = jsonschema.RefResolver(file.as_uri(), schema)
    return complain(jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(event))


def faults_of(schema: dict[str, Any], value: Any) -> list[str]:
    """By a schema of openapi.yaml."""
    resolver = jsonschema.RefResolver("", OPENAPI)
    return complain(jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(value))


def follow(node: dict[str, Any]) -> dict[str, Any]:
    """What a $ref of openapi.yaml stands for."""
    if "$ref" not in node:
        return node
    found: Any = OPENAPI
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def ask(world: World, method: str, template: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Sends a request; the answer's status and body must be among those that openapi.yaml has for `template`."""
    status, answer = world.daemon.request(method, path, body, headers)
    responses = OPENAPI["paths"][template][method.lower()]["responses"]
    assert str(status) in responses, f"{method} {path} answered {status}, which is not described: {answer}"
    (content,) = follow(responses[str(status)])["content"].values()
    assert faults_of(content["schema"], answer) == [], answer
    return status, answer


# ---------------------------------------------------------------- the running program

@pytest.fixture(scope="module")
def calls(world: World) -> dict[str, dict[str, Any]]:
    """Three ended calls: a donation, an opt-out, a busy line."""
    more = {"callId": "contract-1", "campaignId": "contract", "contactId": "c-1", "variables": {"name": "Ada", "amount": 18, "vip": True, "note": None}}
    placed = {"donation": ask(world, "POST", "/dial", "/dial", {"phoneNumber": "+12135550190", **more}),
              "opt-out": ask(world, "POST", "/dial", "/dial", {"phoneNumber": "+12165550190"}),
              "busy": ask(world, "POST", "/dial", "/dial", {"phoneNumber": "+12255550190"})}
    assert {status for status, _ in placed.values()} == {202}
    assert ask(world, "GET", "/calls", "/calls")[1]["count"] >= 2
    for _, call in placed.values():
        world.daemon.wait_end(call["attemptId"])
    wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 10, "events are not published")
    return {name: world.daemon.call(call["attemptId"]) for name, (_, call) in placed.items()}


def test_every_event_fits_its_schema(world: World, calls: dict[str, dict[str, Any]]) -> None:
    events = world.daemon.events()
    assert {event["type"] for event in events} == set(event_types()), "each type was published"
    for event in events:
        assert faults_of_event(event) == [], event


def test_the_schemas_refuse_what_is_wrong(world: World, calls: dict[str, dict[str, Any]]) -> None:
    donation = next(event for event in world.daemon.events() if event["type"] == "carillon.donation.requested")
    wrong: list[dict[str, Any]] = []
    for path, value in [(("sequence",), "1"), (("data", "status"), "shouting"), (("data", "action"), "opt-out"), (("data", "key"), "11"),
                        (("data", "surprise"), 1), (("surprise",), 1), (("data", "phoneNumber"), "call me"), (("position",), 0)]:
        event = copy.deepcopy(donation)
        target = event
        for name in path[:-1]:
            target = target[name]
        target[path[-1]] = value
        wrong.append(event)
    for name in ("key", "attemptId"):
        event = copy.deepcopy(donation)
        del event["data"][name]
        wrong.append(event)
    for event in wrong:
        assert faults_of_event(event) != [], event


def test_answers_about_calls_are_as_described(world: World, calls: dict[str, dict[str, Any]]) -> None:
    assert calls["donation"]["outcome"] == "human" and calls["busy"]["outcome"] == "busy"
    for call in calls.values():
        assert ask(world, "GET", "/v1/calls/{id}", f"/v1/calls/{call['attemptId']}")[0] == 200
    assert ask(world, "GET", "/v1/calls/{id}", "/v1/calls/contract-1")[1]["attemptId"] == calls["donation"]["attemptId"]
    assert ask(world, "GET", "/v1/calls/{id}", "/v1/calls/nobody")[0] == 404
    assert ask(world, "GET", "/health", "/health")[0] == 200
    assert ask(world, "GET", "/calls", "/calls?status=shouting")[0] == 422
    for body, status in [({"phoneNumber": "+12165550190"}, 409), ({"phoneNumber": "+12135550191", "callId": "contract-1"}, 409),
                         ({}, 422), (b"{", 400), (b"x" * 100_000, 413)]:
        assert ask(world, "POST", "/dial", "/dial", body)[0] == status
    assert ask(world, "POST", "/dial", "/dial", b"x", {"Content-Type": "text/plain"})[0] == 415
    assert ask(world, "POST", "/dial", "/dial", {"phoneNumber": "+12025550101"}, {"Origin": "https://evil.example"})[0] == 403
    assert ask(world, "GET", "/call-started", "/call-started?attempt=x&seq=1&note=call-started:1")[0] == 403


def test_answers_about_campaigns_and_prompts_are_as_described(world: World, calls: dict[str, dict[str, Any]], folder: pathlib.Path) -> None:
    contacts, report = "/v1/campaigns/{campaignId}/contacts", "/v1/campaigns/{campaignId}/report"
    lines = b'{"phoneNumber":"+12255550191"}\n{"phoneNumber":"+12255550191"}\n{"phoneNumber":"nobody"}\n{"phoneNumber":"+12165550190"}\n'
    status, answer = ask(world, "POST", contacts, "/v1/campaigns/contract-2/contacts", lines)
    assert status == 200 and [result.get("error", result.get("status")) for result in answer["results"]] == [
        "queued", "queued", "number-invalid", "skipped"]
    assert ask(world, "POST", contacts, "/v1/campaigns/contract-2/contacts", b"\n")[0] == 422
    assert ask(world, "POST", contacts, "/v1/campaigns/a%20b/contacts", lines)[0] == 404
    world.daemon.wait_end(answer["results"][0]["attemptId"])
    assert ask(world, "GET", report, "/v1/campaigns/contract-2/report")[1]["outcomes"] == {"busy": 1, "skipped": 1}
    assert ask(world, "GET", report, "/v1/campaigns/contract/report")[1]["keys"] == {"1": 1}
    assert ask(world, "GET", report, "/v1/campaigns/never-seen/report")[1]["attempts"] == 0
    tone = folder / "tone.wav"
    with wave.open(str(tone), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i * 0.5))) for i in range(8000)))
    assert ask(world, "POST", "/v1/prompts", "/v1/prompts?name=tone.wav", tone.read_bytes())[0] == 201
    assert ask(world, "POST", "/v1/prompts", "/v1/prompts?name=x.wav", b"no audio")[0] == 422


# ---------------------------------------------------------------- the API's description

def event_types() -> list[str]:
    text = (ROOT / "src/core/call/published_event.cpp").read_text()
    return re.findall(r'return "(carillon\.[a-z.-]+)";', text)


def words_of(table: str) -> set[str]:
    """The words of one table of words.cpp."""
    text = (ROOT / "src/core/call/words.cpp").read_text()
    body = text[text.index(f" {table}{{"):]
    return set(re.findall(r'"([a-z-]+)"', body[:body.index("}};")]))


def test_the_schemas_are_schemas_and_there_is_one_for_each_type_of_event() -> None:
    for file in EVENTS.glob("*.schema.json"):
        jsonschema.Draft202012Validator.check_schema(json.loads(file.read_text()))
    for schema in OPENAPI["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert len(event_types()) == 4
    assert {file.name.removesuffix(".schema.json") for file in EVENTS.glob("carillon.*")} == set(event_types())
    messages = yaml.safe_load((ROOT / "api/asyncapi.yaml").read_text())["components"]["messages"].values()
    assert {message["name"] for message in messages} == set(event_types())
    for message in messages:
        assert (ROOT / "api" / message["payload"]["schema"]["$ref"]).exists()


def test_words_are_the_same_in_code_and_schemas() -> None:
    schemas = OPENAPI["components"]["schemas"]
    common = json.loads((EVENTS / "common.schema.json").read_text())["$defs"]
    assert words_of("kStatuses") == set(schemas["CallStatus"]["enum"]) == set(common["status"]["enum"])
    assert words_of("kOutcomes") == set(schemas["Outcome"]["enum"]) == set(common["call"]["properties"]["outcome"]["enum"])
    assert words_of("kActions") == set(common["key"]["properties"]["action"]["enum"])
    slugs = re.findall(r'CARILLON_ERROR\(\w+, "([a-z-]+)"', (ROOT / "src/base/errors.def").read_text())
    assert set(slugs) == set(schemas["ProblemCode"]["enum"])
    dial = (ROOT / "src/api/dial_request.cpp").read_text()
    members = re.findall(r'"(\w+)"', dial[dial.index("kMembers{"):dial.index("};", dial.index("kMembers{"))])
    assert {*members, "timeZone"} == set(schemas["DialRequest"]["properties"])


def test_every_route_is_described_and_every_described_path_is_a_route() -> None:
    code = (ROOT / "src/api/api.cpp").read_text()
    routes = re.findall(r'\{"([A-Z]+)", "(/[^"]*)", Role::k(\w+),', code)
    assert len(routes) >= 6, "the table of routes is no longer found"
    plain = [("GET", "/health")] + [("GET", path) for path in re.findall(r'"(/(?:call|dtmf)-[a-z]+)"', code)]
    described = {(method.upper(), path): operation for path, item in OPENAPI["paths"].items() for method, operation in item.items()}

    def serves(route: str, path: str) -> bool:
        return path.startswith(route[:-1]) if route.endswith("*") else path == route

    for method, route, role in routes:
        operations = [operation for (m, path), operation in described.items() if m == method and serves(route, path)]
        assert operations, f"{method} {route} is not in openapi.yaml"
        assert all(operation["x-role"] == role.lower() for operation in operations), f"{method} {route} needs the role {role}"
    for method, path in plain:
        assert (method, path) in described, f"{method} {path} is not in openapi.yaml"
    for method, path in described:
        is_route = (method, path) in plain or any(method == m and serves(route, path) for m, route, _ in routes)
        assert is_route, f"{method} {path} of openapi.yaml is no route"
    # What stands behind the prefix of a campaign is decided in campaigns.cpp.
    ends = set(re.findall(r'campaign_of\(request\.path, "(/\w+)"\)', (ROOT / "src/api/campaigns.cpp").read_text()))
    assert ends == {path.removeprefix("/v1/campaigns/{campaignId}") for _, path in described if path.startswith("/v1/campaigns/")}


# ---------------------------------------------------------------- configuration

def keys_of_the_code() -> set[str]:
    keys = set(re.findall(r'\{"([a-z]+\.[a-z_]+)", \w+_key\(', CONFIG_CPP))
    assert len(keys) > 30, "the table of keys is no longer found"
    return keys | {"server.keys"}


def commented_toml() -> str:
    """config/carillon.toml with its defaults switched on."""
    return re.sub(r"^#([a-z_]+ = )", r"\1", (ROOT / "config/carillon.toml").read_text(), flags=re.MULTILINE)


def defaults_of_the_file() -> dict[str, Any]:
    sections = tomllib.loads(commented_toml())
    return {f"{section}.{name}": value for section, names in sections.items() for name, value in names.items()}


def rows_of_the_page() -> dict[str, list[str]]:
    """key: environment, default, values."""
    text = (ROOT / "docs/reference/configuration.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if re.match(r"\| `[a-z]+\.", line)]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_keys_and_defaults_are_the_same_in_code_file_and_page() -> None:
    assert keys_of_the_code() == set(defaults_of_the_file())
    assert keys_of_the_code() == set(rows_of_the_page())
    for key, value in defaults_of_the_file().items():
        default = rows_of_the_page()[key][1]
        if key == "server.keys" or value in ("", []):
            assert default.startswith(("empty", "none")), key
        else:
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            assert default == f"`{shown}`", key


def test_the_page_names_the_environment() -> None:
    short = dict(re.findall(r'\{"([A-Z_]+)", "([a-z]+\.[a-z_]+)"\}', CONFIG_CPP))
    assert len(short) == 9, "the table of the specification's names is no longer found"
    for key, (environment, *_) in rows_of_the_page().items():
        names = set(re.findall(r"`([A-Z_]+)`", environment))
        expected = {name for name, of in short.items() if of == key}
        assert names == expected | (set() if key == "server.keys" else {"CARILLON_" + key.replace(".", "_").upper()}), key
    example = re.findall(r"^#?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    unused = {"AWS_REGION", "S3_AUDIO_BUCKET", "SNS_CALL_EVENTS_TOPIC", "SNS_DONATION_EVENTS_TOPIC", "SNS_OPTOUT_EVENTS_TOPIC"}
    assert {name for name in example if not name.startswith("CARILLON_")} == set(short) | unused


def test_the_defaults_of_the_file_are_the_programs(folder: pathlib.Path) -> None:
    header = (ROOT / "src/app/config.h").read_text()
    compared = 0
    for key, value in defaults_of_the_file().items():
        section, name = key.split(".")
        body = re.search(rf"struct {section.capitalize()} \{{(.*?)\n  \}} {section};", header, flags=re.DOTALL)
        initial = body and re.search(rf"\b{name} = ([^;]+);", body[1])
        if initial:
            assert initial[1].replace("'", "").strip('"') == (str(value).lower() if isinstance(value, bool) else str(value)), key
            compared += 1
    assert compared > 20, "the defaults of config.h are no longer found"
    # The program takes the file, as it is and with every line switched on, and renders the same dialplan as without.
    plans = set()
    for text in ("", (ROOT / "config/carillon.toml").read_text(), commented_toml()):
        (folder / "carillon.toml").write_text(text)
        done = subprocess.run([CARILLON, "--config", folder / "carillon.toml", "dialplan"], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin"}, check=False)
        assert done.returncode == 0, done.stderr
        plans.add(done.stdout)
    assert len(plans) == 1


# ---------------------------------------------------------------- documentation

DOCUMENTS = sorted(itertools.chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md")))


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]*)?\)", document.read_text()):
            file = document.parent / target if target else document
            assert file.exists(), f"{document.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", file.read_text(), flags=re.MULTILINE)
                anchors = {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert anchor in anchors, f"{document.name}: {target}{anchor}"


def test_the_tests_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    units = set(re.findall(r"`([A-Z]\w+)\.([A-Z]\w+)`", text))
    systems = set(re.findall(r"`(test_\w+)`", text))
    there = {match for file in (ROOT / "src").rglob("*_test.cpp") for match in re.findall(r"\bTEST\((\w+), (\w+)\)", file.read_text())}
    functions = {name for file in (ROOT / "test/system").glob("test_*.py") for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}
    assert units and units <= there, units - there
    assert systems and systems <= functions, systems - functions


def test_the_rooms_on_the_page_are_the_rooms() -> None:
    rooms = {}
    for line in (ROOT / "script/rooms.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            room, _, allowed = line.partition(":")
            rooms[room] = set(allowed.split())
    text = (ROOT / "docs/architecture.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", text, flags=re.MULTILINE))
    shown = {room: set() if cell == "–" else set(rooms) - {room} if cell == "all of them" else set(cell.split()) for room, cell in rows.items()}
    assert shown == rooms


def test_example_numbers_are_fictitious() -> None:
    for document in [*DOCUMENTS, ROOT / "api/openapi.yaml", ROOT / "config/carillon.toml", ROOT / ".env.example"]:
        for number in re.findall(r"\+[0-9]{8,15}", document.read_text()):
            assert re.fullmatch(r"\+120255501[0-9]{2}", number), f"{document.name}: {number}"
