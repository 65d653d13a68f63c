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

from lab.contract import EVENTS, complain, faults_of_event
from lab.daemon import CARILLON, ROOT, wait_for
from lab.world import World

OPENAPI = yaml.safe_load((ROOT / "api/openapi.yaml").read_text())
ASYNCAPI = yaml.safe_load((ROOT / "api/asyncapi.yaml").read_text())
CONFIG_CPP = (ROOT / "src/app/config.cpp").read_text()


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
    content = follow(responses[str(status)])["content"]
    kinds = [kind for kind in content if kind.endswith("json") == isinstance(answer, dict)]
    assert len(kinds) == 1, f"{method} {path} {status}: {kinds}"
    assert faults_of(content[kinds[0]]["schema"], answer) == [], answer
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


CAMPAIGN = "/v1/campaigns/{id}"
LIST = b"phone,id,name\n+12255550191,c-1,Ada\n+12255550191,c-2,Ben\nnobody,c-3,Chen\n+12165550190,c-4,Dina\n"


def campaign(world: World, method: str, name: str, end: str = "", body: Any = None, query: str = "") -> tuple[int, Any]:
    return ask(world, method, CAMPAIGN + end, f"/v1/campaigns/{name}{end}{query}", body)


def test_answers_about_campaigns_are_as_described(world: World, calls: dict[str, dict[str, Any]]) -> None:
    settings = {"class": "informational", "preamble": "welcome", "audio": "demo-congrats", "hours": {"mon": ["09:00-20:00"]},
                "startsAt": "2026-01-01T09:00:00+02:00", "keys": {"9": "opt-out", "5": "donation"}, "trunks": [{"trunk": "loopback"}],
                "budget": {"limit": 100, "pricePerMinute": 0.02}}
    made = ask(world, "POST", "/v1/campaigns", "/v1/campaigns", {"id": "made", **settings})
    assert made[0] == 201 and made[1]["state"] == "draft", made
    for body, status in [({"id": "made", **settings}, 409), ({"id": "a b", **settings}, 422), ({"id": "x"}, 422), (b"{", 400),
                         ({"id": "x", **settings, "audio": "nothing"}, 422), (b"x" * 100_000, 413)]:
        assert ask(world, "POST", "/v1/campaigns", "/v1/campaigns", body)[0] == status
    assert campaign(world, "PUT", "made", body=made[1]["settings"])[0] == 200, "what is answered may be sent"
    assert campaign(world, "PUT", "made", body={"class": "informational"})[0] == 200
    assert campaign(world, "PUT", "nobody", body=settings)[0] == 404
    sums = campaign(world, "POST", "made", "/contacts", LIST)[1]
    assert (sums["added"], sums["duplicates"], sums["rejectedRows"], len(sums["rejected"])) == (2, 1, 1, 2), sums
    assert campaign(world, "POST", "made", "/contacts", LIST, "?colour=red")[0] == 422
    assert campaign(world, "POST", "nobody", "/contacts", LIST)[0] == 404
    assert campaign(world, "POST", "made", ":preview")[1]["skipped"] == {"suppressed-global": 1}
    assert campaign(world, "POST", "made", ":pause")[0] == 409
    assert campaign(world, "POST", "made", ":stop", query="?mode=gently")[0] == 422
    assert campaign(world, "POST", "made", ":start")[1]["state"] == "running"
    assert campaign(world, "PUT", "made", body=made[1]["settings"])[0] == 409
    assert any(one["id"] == "made" for one in ask(world, "GET", "/v1/campaigns", "/v1/campaigns")[1]["campaigns"])
    world.daemon.wait_for(lambda: campaign(world, "GET", "made")[1]["report"]["outcomes"] == {"busy": 1, "skipped": 1}, 20, "it does not call")
    assert campaign(world, "POST", "made", ":pause")[1]["state"] == "paused"
    assert campaign(world, "POST", "made", ":resume")[1]["state"] == "running"
    assert campaign(world, "POST", "made", ":stop", query="?mode=now")[1]["state"] == "stopping"
    world.daemon.wait_for(lambda: campaign(world, "GET", "made")[1]["state"] == "canceled", 20, "it does not stop")
    report = campaign(world, "GET", "made", "/report")[1]
    assert report["reasons"] == {"ready/retry-busy": 1, "skipped/suppressed-global": 1}, report
    assert "outcome,busy,1" in campaign(world, "GET", "made", "/report", query="?format=csv")[1]
    assert campaign(world, "GET", "contract", "/report")[1]["keys"] == {"1": 1}
    assert campaign(world, "GET", "never-seen", "/report")[1]["attempts"] == 0
    assert campaign(world, "GET", "made", "/audit")[1]["entries"][-1]["what"] == "campaign.created"
    for page in ("/contacts", "/attempts"):
        first = campaign(world, "GET", "made", page, query="?limit=1")[1]
        assert campaign(world, "GET", "made", page, query=f"?limit=1&after={first['next']}")[0] == 200
        assert campaign(world, "GET", "made", page, query="?limit=0")[0] == 422
    assert len(campaign(world, "GET", "made", "/contacts", query="?state=skipped")[1]["contacts"]) == 1
    assert campaign(world, "GET", "made", "/contacts", query="?state=lost")[0] == 422
    for method, end in [("GET", ""), ("GET", "/audit"), ("GET", "/contacts"), ("POST", ":preview"), ("POST", ":start"), ("POST", ":resume"),
                        ("POST", ":pause"), ("POST", ":stop"), ("POST", "/imports")]:
        assert campaign(world, method, "nobody", end)[0] == 404


def test_answers_about_live_control_are_as_described(world: World, calls: dict[str, dict[str, Any]]) -> None:
    attempt = world.daemon.dial("+12125550192", audioFileUrl="demo-congrats")["attemptId"]
    world.daemon.wait_for(lambda: world.daemon.call(attempt)["status"] == "in-progress", 15, "the call is not up")
    lists = "/v1/calls"

    def do(verb: str, body: Any = None, call: str = attempt) -> tuple[int, Any]:
        return ask(world, "POST", "/v1/calls/{id}:" + verb, f"/v1/calls/{call}:{verb}", body)
    for verb, body in [("listen", {"to": "+12025550150"}), ("whisper", {"to": "+12025550150"}), ("record", None)]:
        assert do(verb, body)[0] == 403, "off by default"
    assert do("play", {"prompt": "please-try-again"})[1]["session"]["verb"] == "play"
    live = ask(world, "GET", lists, lists + "?live=true")[1]["calls"]
    assert [call["attemptId"] for call in live] == [attempt] and not live[0]["isHeld"]
    assert ask(world, "GET", lists, lists + "?live=perhaps")[0] == 422
    assert ask(world, "GET", lists, lists + "?campaign=nothing")[1]["count"] == 0
    for verb in ("release", "hold", "unhold", "mute", "unmute"):
        assert do(verb)[0] == 200, verb
    assert do("unhold")[0] == 409 and do("hold", b"{")[0] == 400 and do("hold", {"to": "x"})[0] == 422
    assert do("transfer", {"to": "+12125550193"})[0] == 200
    assert do("take-over", {"to": "+12125550194"})[0] == 200
    assert do("take-over", {"to": "desk"})[0] == 422 and do("hold", call="nobody")[0] == 404
    assert do("hangup")[0] == 200
    world.daemon.wait_end(attempt)
    done = ask(world, "GET", "/v1/audit", f"/v1/audit?call={attempt}&limit=3")[1]
    assert [entry["what"] for entry in done["entries"]] == ["call.hangup", "call.take-over", "call.transfer"]
    assert done["entries"][1]["detail"] == "to +1212***94 over loopback", done
    assert ask(world, "GET", "/v1/audit", f"/v1/audit?after={done['next']}")[0] == 200
    assert ask(world, "GET", "/v1/audit", "/v1/audit?limit=0")[0] == 422
    words = re.findall(r'case LiveVerb::k\w+: return "([a-z-]+)";', (ROOT / "src/core/call/live_rules.cpp").read_text())
    assert set(words) == set(OPENAPI["components"]["schemas"]["LiveVerb"]["enum"])


def test_answers_about_imports_numbers_and_prompts_are_as_described(world: World, calls: dict[str, dict[str, Any]], folder: pathlib.Path) -> None:
    assert ask(world, "POST", "/v1/campaigns", "/v1/campaigns", {"id": "parts", "class": "informational"})[0] == 201
    id = campaign(world, "POST", "parts", "/imports", query="?format=csv&map=name%3Dvariable%3Afirst")[1]["importId"]
    assert campaign(world, "POST", "parts", "/imports", query="?format=xls")[0] == 422

    def part(body: bytes, query: str = "", end: str = "", of: str = id) -> tuple[int, Any]:
        return ask(world, "POST", "/v1/imports/{id}" + end, f"/v1/imports/{of}{end}{query}", body)
    assert part(LIST[:30], "?offset=0")[0] == part(LIST[:30], "?offset=0")[0] == 200
    assert part(LIST[:30], "?offset=7")[0] == 409 and part(LIST, "?offset=x")[0] == 422 and part(LIST, of="nobody")[0] == 404
    assert part(LIST[30:], end=":finish")[1]["rows"] == 4
    assert part(b"", end=":finish")[0] == 200, "asked again by a sender that did not get the answer"

    def why(number: str, query: str = "") -> tuple[int, Any]:
        return ask(world, "GET", "/v1/numbers/{id}/why", f"/v1/numbers/{number}/why{query}")
    assert why("%2B12165550190", "?campaign=parts")[1]["contacts"][0]["decision"]["reason"] == "suppressed-global"
    assert why("%2B12255550190")[1]["attempts"][0]["outcome"] == "busy"
    assert len(why("%2B12025550177")[1]["contacts"]) == 1, "in no campaign"
    assert why("nobody")[0] == 422
    for body, status in [({"decision": "leave"}, 409), ({"decision": "perhaps"}, 422), (b"{", 400)]:
        assert ask(world, "POST", "/v1/attempts/{id}:resolve", f"/v1/attempts/{calls['busy']['attemptId']}:resolve", body)[0] == status
    assert ask(world, "POST", "/v1/attempts/{id}:resolve", "/v1/attempts/nobody:resolve", {"decision": "leave"})[0] == 404

    number = {"phoneNumber": "+12025550150"}
    for path, body in [("/v1/suppressions", {**number, "level": "advertiser", "scope": "Example", "expiresAt": "2030-01-01T00:00:00Z"}),
                       ("/v1/registry-checks", {**number, "registry": "us-dnc", "listed": False, "checkedAt": "2026-01-01T00:00:00Z"}),
                       ("/v1/consents", {**number, "advertiser": "Example", "basis": "written", "evidence": "form 7", "givenAt": "2026-01-01T00:00:00Z"})]:
        schema = OPENAPI["components"]["schemas"]["New" + {"/v1/suppressions": "Suppression", "/v1/registry-checks": "RegistryCheck"}.get(path, "Consent")]
        assert faults_of(schema, body) == []
        answer = ask(world, "POST", path, path, json.dumps(body).encode() + b'\n{"phoneNumber": "nobody"}\n')[1]
        assert answer["added"] == 1 and [one["line"] for one in answer["rejected"]] == [2], answer
    entries, entry = "/v1/suppressions", "/v1/suppressions?number=%2B12025550150"
    assert ask(world, "GET", entries, entry)[1]["suppressions"][0]["scope"] == "Example"
    assert "next" in ask(world, "GET", entries, entries + "?limit=1")[1]
    assert ask(world, "GET", entries, entries + "?number=nobody")[0] == 422
    assert [ask(world, "DELETE", entries, entry + "&level=advertiser&scope=Example")[0] for _ in range(2)] == [200, 404]
    assert ask(world, "DELETE", entries, entry + "&level=galaxy")[0] == 422
    assert ask(world, "GET", "/v1/trunks", "/v1/trunks")[1]["trunks"][0]["name"] == "loopback"

    tone = folder / "tone.wav"
    with wave.open(str(tone), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i * 0.5))) for i in range(8000)))
    assert ask(world, "POST", "/v1/prompts", "/v1/prompts?name=tone.wav", tone.read_bytes())[0] == 201
    assert ask(world, "POST", "/v1/prompts", "/v1/prompts?name=x.wav", b"no audio")[0] == 422


def test_the_example_and_the_defaults_of_a_campaign_are_as_described(world: World, folder: pathlib.Path) -> None:
    text = (ROOT / "examples/campaign.toml").read_text()
    (folder / "whole.toml").write_text(re.sub(r"^#(\[\[|[a-z_]+ = )", r"\1", text, flags=re.MULTILINE))
    for file, id in [(ROOT / "examples/campaign.toml", "example"), (folder / "whole.toml", "whole")]:
        assert world.daemon.command("campaign", "create", str(file), "--id", id).stdout == f"{id} is draft\n"
    whole = campaign(world, "GET", "whole")[1]["settings"]
    written_by_carillon = {"audioSource", "preambleSource"}  # of audio that is no file
    assert set(whole) | written_by_carillon == set(settings_members()["members"]), "every member stands in the example"
    bare = ask(world, "POST", "/v1/campaigns", "/v1/campaigns", {"id": "bare", "class": "informational"})[1]["settings"]
    page = (ROOT / "docs/reference/campaigns.md").read_text()
    units = {"minutes": 60, "hours": 3600}
    rules = {outcome: {"tries": int(tries), "waitSeconds": int(wait) * units[unit]}
             for outcome, tries, wait, unit in re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (\d+) (minutes|hours) \|$", page, flags=re.MULTILINE)}
    assert bare["retry"] == rules
    members = OPENAPI["components"]["schemas"]["CampaignMembers"]["properties"]
    for name, value in bare.items():
        if name in ("name", "class", "retry"):
            continue
        row = re.search(rf"^\|[^|]*\| `{name}` \|[^|]*\| ([^|]*) \|", page, flags=re.MULTILINE)
        if name == "policy":
            assert row and row[1] == "`campaigns.policy` of the configuration" and value == defaults_of_the_file()["campaigns.policy"]
        else:
            assert row and row[1] == f"{value:g}" and members[name]["default"] == value, name


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
    messages = ASYNCAPI["components"]["messages"].values()
    assert {message["name"] for message in messages} == set(event_types())
    for message in messages:
        assert (ROOT / "api" / message["payload"]["schema"]["$ref"]).exists()


def test_every_way_out_is_described_with_the_types_that_go_there() -> None:
    channels = ASYNCAPI["channels"]
    used = [operation["channel"]["$ref"].removeprefix("#/channels/") for operation in ASYNCAPI["operations"].values()]
    assert sorted(used) == sorted(channels), "each channel has its operation"
    sinks = {file.name.removesuffix("_sink.h") for file in (ROOT / "src/publish").glob("*_sink.h")} - {"counting"}
    assert {re.sub(r"[A-Z].*", "", name) for name in channels} == sinks
    code = (ROOT / "src/app/sinks.cpp").read_text()
    words = dict(zip(re.findall(r"case EventType::(k\w+):", (ROOT / "src/core/call/published_event.cpp").read_text()), event_types()))
    topics = {key: {words[kind] for kind in re.findall(r"EventType::(k\w+)", kinds)} for key, kinds in re.findall(r"add\(aws\.(\w+), \{([^}]*)\}", code)}
    assert len(topics) == 3, "the table of topics is no longer found"
    for name, channel in channels.items():
        references = [message["$ref"].removeprefix("#/components/messages/") for message in channel["messages"].values()]
        types = {ASYNCAPI["components"]["messages"][reference]["name"] for reference in references}
        key = re.search(r"`aws\.(sns_\w+)`", channel["description"])
        assert types == (topics[key[1]] if key else set(event_types())), name
        for key in re.findall(r"`([a-z]+\.[a-z_]+)`", channel["description"]):
            assert key in keys_of_the_code(), f"{name}: {key}"


def test_every_metric_is_on_the_page() -> None:
    written = set(re.findall(r'add\("(\w+)"', (ROOT / "src/app/cloudwatch_metrics.cpp").read_text()))
    page = (ROOT / "docs/reference/metrics.md").read_text()
    cells = re.findall(r"^\| (`[A-Z][^|]*) \|", page[:page.index("## What it costs")], flags=re.MULTILINE)
    assert len(written) > 10 and written == set(re.findall(r"`(\w+)`", " ".join(cells)))


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
    routes = {(method, path.replace("{any}", "{id}")): role.lower() for method, path, role in re.findall(r'\{"([A-Z]+)", "(/[^"]*)", Role::k(\w+),', code)}
    assert len(routes) > 25, "the table of routes is no longer found"
    plain = {("GET", "/health")} | {("GET", path) for path in re.findall(r'"(/(?:call|dtmf)-[a-z]+)"', code)}
    assert len(plain) == 6, "the callbacks are no longer found"
    described = {(method.upper(), path): operation for path, item in OPENAPI["paths"].items() for method, operation in item.items()
                 if method != "parameters"}
    assert set(described) == set(routes) | plain
    for route, role in routes.items():
        assert described[route]["x-role"] == role, f"{route} needs the role {role}"
    ids = [operation["operationId"] for operation in described.values() if "operationId" in operation]
    assert len(ids) == len(set(ids))
    for path, item in OPENAPI["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            named = {follow(one)["name"] for one in [*item.get("parameters", []), *operation.get("parameters", [])] if follow(one)["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path)), path
    # The table of the page: "GET /a/{id}" and, after it, others of the same method, whole or from their colon on.
    told = set()
    for cell in re.findall(r"^\| (`[A-Z]+ /[^|]*) \|", (ROOT / "docs/reference/http-api.md").read_text(), flags=re.MULTILINE):
        method, path = "", ""
        for name in re.findall(r"`([^`]+)`", cell):
            if " " in name:
                method, name = name.split(" ")
            path = path[:path.rindex(":")] + name if name.startswith(":") else re.sub(r"\{\w+\}", "{id}", name)
            told.add((method, path))
    assert told == set(described)


def test_words_of_campaigns_are_the_same_in_code_and_description() -> None:
    schemas = OPENAPI["components"]["schemas"]

    def words(file: str, type: str) -> set[str]:
        body = re.search(rf"to_string\({type} \w+\) \{{(.*?)\n\}}", (ROOT / "src/core/campaign" / file).read_text(), flags=re.DOTALL)
        assert body, f"the words of {type} are no longer found"
        return set(re.findall(r'return "([a-z-]+)";', body[1]))
    members = schemas["CampaignMembers"]["properties"]
    assert words("campaign.cpp", "CampaignState") == set(schemas["CampaignState"]["enum"])
    assert words("campaign.cpp", "CampaignClass") == set(members["class"]["enum"])
    assert words("retry.cpp", "ContactState") == set(schemas["ContactState"]["enum"])
    assert words("gate.cpp", "Decision") == set(schemas["Verdict"]["properties"]["decision"]["enum"])
    assert words("gate.cpp", "SuppressionLevel") == set(schemas["SuppressionLevel"]["enum"])
    stop = OPENAPI["paths"][CAMPAIGN + ":stop"]["post"]["parameters"][0]
    assert words("campaign.cpp", "StopMode") == set(stop["schema"]["enum"])
    page = (ROOT / "docs/reference/campaigns.md").read_text()
    for word in [*schemas["CampaignState"]["enum"], *schemas["ContactState"]["enum"]]:
        assert re.search(rf"^\| `{word}` \|", page, flags=re.MULTILINE), word
    gates = re.findall(r'CARILLON_GATE\("([a-z-]+)"', (ROOT / "src/core/campaign/gates/gates.def").read_text())
    assert gates and gates == re.findall(r"^\| `([a-z-]+)` \| [A-Z]", (ROOT / "docs/reference/gates.md").read_text(), flags=re.MULTILINE)


def settings_members() -> dict[str, set[str]]:
    """What campaign_json.cpp reads: names of the settings, and of the tables within them."""
    code = (ROOT / "src/core/campaign/campaign_json.cpp").read_text()
    found = {kind: set(re.findall(rf'\b{name}\.(?:text|whole|number|duration|time|object|array)\("(\w+)"', code))
             for kind, name in [("members", "members"), ("inner", "(?:given|share)")]}
    assert len(found["members"]) > 15 and len(found["inner"]) > 6, "the members are no longer found"
    return found


def test_every_member_of_a_campaigns_settings_is_described() -> None:
    found = settings_members()
    properties = OPENAPI["components"]["schemas"]["CampaignMembers"]["properties"]
    assert found["members"] == set(properties)
    inner = {*properties["trunks"]["items"]["properties"], *properties["retry"]["additionalProperties"]["properties"],
             *properties["budget"]["properties"]}
    assert found["inner"] == inner
    page = (ROOT / "docs/reference/campaigns.md").read_text()
    example = (ROOT / "examples/campaign.toml").read_text()
    for name in found["members"] | found["inner"]:
        snake = re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)
        assert f"| `{snake}` | `{name}` |" in page or f"`{snake}` (`{name}`)" in page, name
        assert re.search(rf"(^#?|[{{,] ){snake} = |^#?\[+{snake}\]+", example, flags=re.MULTILINE), snake
    retry = (ROOT / "src/core/campaign/retry.cpp").read_text()
    body = retry[retry.index("bool may_be_retried"):]
    kinds = re.findall(r"Outcome::k(\w+):", body[:body.index("return true")])
    words = {re.sub(r"(?<!^)([A-Z])", r"-\1", kind).lower() for kind in kinds}
    assert words == set(properties["retry"]["propertyNames"]["enum"])


# ---------------------------------------------------------------- the command line

def help_of(*command: str) -> tuple[set[str], set[str]]:
    """Subcommands and options."""
    text = subprocess.run([CARILLON, *command, "--help"], capture_output=True, text=True, check=True).stdout
    listed = re.search(r"\nSubcommands:\n((?:  .*\n)+)", text)
    commands = set(re.findall(r"^  ([a-z-]+)", listed[1], flags=re.MULTILINE)) if listed else set()
    return commands, set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", text, flags=re.MULTILINE)) - {"--help"}


def test_every_command_and_option_is_on_the_page() -> None:
    page = (ROOT / "docs/reference/cli.md").read_text()
    sections = {part.partition("\n")[0].split()[0]: part for part in page.split("\n## ")[1:]}
    commands, options = help_of()
    assert {"serve", "run", "campaign"} <= commands, "the help is no longer understood"
    assert all(f"`{option}" in page for option in options)
    for command in commands:
        assert command in sections, f"carillon {command} has no section"
        section = sections[command]
        within, options = help_of(command)
        assert all(option in section for option in options), f"{command}: {options}"
        for name in within:
            # A line of the table, or the section itself (prompt convert).
            lines = [line for line in section.splitlines() if re.search(rf"carillon {command} {name}\b", line)]
            assert lines, f"carillon {command} {name} is not on the page"
            for option in help_of(command, name)[1]:
                # What is told once for a command, with a table of its own, need not stand in its line.
                assert any(option in line for line in lines) or f"`{option}" in section, f"carillon {command} {name} {option}"


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
    short = dict(re.findall(r'\{"([A-Z_0-9]+)", "([a-z]+\.[a-z_]+)"\}', CONFIG_CPP))
    assert len(short) == 15, "the table of the specification's names is no longer found"
    for key, (environment, *_) in rows_of_the_page().items():
        names = set(re.findall(r"`([A-Z_0-9]+)`", environment))
        expected = {name for name, of in short.items() if of == key}
        assert names == expected | (set() if key == "server.keys" else {"CARILLON_" + key.replace(".", "_").upper()}), key
    example = re.findall(r"^#?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    assert {name for name in example if not name.startswith("CARILLON_")} == set(short)


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
# Pages that name tests and files of the code.
EVIDENCE = [ROOT / "docs/architecture.md", ROOT / "docs/explanation/complaints.md"]


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]*)?\)", document.read_text()):
            file = document.parent / target if target else document
            assert file.exists(), f"{document.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", file.read_text(), flags=re.MULTILINE)
                anchors = {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert anchor in anchors, f"{document.name}: {target}{anchor}"


def test_the_tests_and_files_that_pages_name_exist() -> None:
    files = itertools.chain((ROOT / "src").rglob("*_test.cpp"), (ROOT / "test/sim").glob("*_test.cpp"))
    there = {match for file in files for match in re.findall(r"\bTEST(?:_F)?\((\w+), (\w+)\)", file.read_text())}
    functions = {name for file in (ROOT / "test/system").glob("test_*.py") for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}
    headers = "\n".join(file.read_text() for file in (ROOT / "src").rglob("*.h"))
    for page in EVIDENCE:
        text = page.read_text()
        units = set(re.findall(r"`([A-Z]\w+)\.([A-Z]\w+)`", text))
        systems = set(re.findall(r"`(test_\w+)`", text))
        assert units and units <= there, units - there
        assert systems and systems <= functions, systems - functions
        paths = set(re.findall(r"`((?:src|test|config)/[\w./-]+)`", text))
        assert paths and all((ROOT / path).exists() for path in paths), [path for path in paths if not (ROOT / path).exists()]
        for owner, function in re.findall(r"`([A-Z]\w+)::(\w+)", text):
            assert re.search(rf"\b(class|struct) {owner}\b", headers) and re.search(rf"\b{function}\(", headers), f"{owner}::{function}"


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
    for document in [*DOCUMENTS, *ROOT.glob("examples/*"), ROOT / "api/openapi.yaml", ROOT / "config/carillon.toml", ROOT / ".env.example"]:
        for number in re.findall(r"\+[0-9]{8,15}", document.read_text()):
            assert re.fullmatch(r"\+120255501[0-9]{2}", number), f"{document.name}: {number}"
