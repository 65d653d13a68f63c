"""What calls say comes from elsewhere or is spoken: https:, s3://, text, text for each contact. Real Asterisk, moto's S3, an
HTTPS server with a certificate of its own, espeak-ng."""
from __future__ import annotations

import json
import math
import pathlib
import ssl
import struct
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from aws.stand_ins import REGION, Aws, Server, polly  # noqa: E402
from lab.daemon import wait_for  # noqa: E402
from lab.world import World  # noqa: E402


def wav(hertz: float, seconds: float = 0.6) -> bytes:
    samples = [int(6000 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(int(seconds * 8000))]
    data = struct.pack(f"<{len(samples)}h", *samples)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" + struct.pack("<I", len(data)) + data


class Files:
    """An HTTPS server whose files and ETags the test sets."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.files: dict[str, bytes] = {}
        self.status = 0  # instead of an answer
        self.ca = folder / "ca.pem"
        key = folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", key, "-out", self.ca,
                        "-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        self.server = Server(self.answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.server.server.socket = context.wrap_socket(self.server.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server.server_address[1]}"

    def answer(self, request: Any, _: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.status:
            return self.status, {}, b""
        if request.path == "/away":
            return 302, {"Location": "http://localhost/"}, b""
        data = self.files.get(request.path)
        if data is None:
            return 404, {}, b""
        etag = f'"{hash(data)}"'
        if request.headers.get("If-None-Match") == etag:
            return 304, {"ETag": etag}, b""
        return 200, {"ETag": etag}, data


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    made = Files(tmp_path_factory.mktemp("files"))
    with made.server:
        yield made


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    made = Aws(tmp_path_factory.mktemp("aws"))
    try:
        wait_for(made.is_up, 60, "moto does not start")
        made.fill()
        made.check_signatures()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory, files: Files, aws: Aws) -> Iterator[World]:
    """A world that may fetch from this machine, with keys to moto."""
    settings = {"prompts.allow_private": True, "prompts.ca_file": str(files.ca), "aws.region": REGION, "aws.endpoint_url": aws.url, "prompts.bucket": "prompts"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", aws.keys["carillon"]["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", aws.keys["carillon"]["SecretAccessKey"])
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with World(tmp_path_factory.mktemp("speaking"), settings) as made:
            yield made


def dial(world: World, number: str, audio: str, **more: Any) -> tuple[int, Any]:
    return world.daemon.request("POST", "/dial", {"phoneNumber": number, "audioFileUrl": audio, **more})


def put(aws: Aws, key: str, data: bytes) -> None:
    # From outside of the signature checks that the engine's requests pass.
    import botocore.config
    import botocore.session
    session = botocore.session.Session()
    session.set_credentials(aws.keys["carillon"]["AccessKeyId"], aws.keys["carillon"]["SecretAccessKey"])
    config = botocore.config.Config(s3={"addressing_style": "path"})
    session.create_client("s3", region_name=REGION, endpoint_url=aws.url, config=config).put_object(Bucket="prompts", Key=key, Body=data)


def test_audio_from_elsewhere_is_played(speaking: World, files: Files, aws: Aws) -> None:
    files.files["/hello.wav"] = wav(500)
    put(aws, "he/hello.wav", wav(600))
    put(aws, "audio/bare.wav", wav(700))
    calls = []
    for number, audio in (("+12515550110", files.url + "/hello.wav"), ("+12515550111", "s3://prompts/he/hello.wav"),
                          ("+12515550112", "audio/bare.wav"), ("+12515550113", "say:Hello {name}, this is a test.")):
        status, call = dial(speaking, number, audio, variables={"name": "Ada"})
        assert status == 202, (audio, call)
        calls.append(call["attemptId"])
    for call in calls:
        assert speaking.daemon.wait_end(call)["outcome"] == "human"
    assert "s not exist" not in speaking.asterisk.log_tail(200), "Asterisk had every file"


def test_what_is_not_there_is_refused_in_the_words_of_its_source(speaking: World, files: Files) -> None:
    for audio, words in ((files.url + "/none.wav", "HTTP 404"), (files.url + "/away", "redirects to what may not be used"), ("s3://prompts/none.wav", "prompts/none.wav: S3 GetObject: NoSuchKey"),
                         ("s3://nowhere-at-all/none.wav", "NoSuchBucket"), ("http://localhost/a.wav", "use https:"),
                         ("say:Hello {name}", "no value for {name}"), ("say:", "nothing to be spoken")):
        status, problem = dial(speaking, "+12515550114", audio)
        assert status == 422 and words in problem["detail"], (audio, problem)


def campaign(world: World, name: str, numbers: list[tuple[str, dict[str, Any]]], **settings: Any) -> tuple[int, Any]:
    """Made and filled; the answer to its start."""
    status, body = world.daemon.request("POST", "/v1/campaigns", {"id": name, "class": "informational", "retry": {}, **settings})
    assert status == 201, body
    lines = "\n".join(json.dumps({"phone": number, **variables}) for number, variables in numbers).encode()
    status, body = world.daemon.request("POST", f"/v1/campaigns/{name}/contacts?format=ndjson", lines)
    assert status == 200, body
    return world.daemon.request("POST", f"/v1/campaigns/{name}:start")


def is_completed(world: World, name: str) -> bool:
    return bool(world.daemon.request("GET", f"/v1/campaigns/{name}")[1]["state"] == "completed")


def test_a_campaign_looks_at_its_source_again_when_it_starts(speaking: World, aws: Aws) -> None:
    put(aws, "changing.wav", wav(800))
    url = "s3://prompts/changing.wav"
    status, made = speaking.daemon.request("POST", "/v1/campaigns", {"id": "changing", "class": "informational", "audio": url})
    assert status == 201 and made["settings"]["audioSource"] == url, made
    put(aws, "changing.wav", wav(900))
    status, started = speaking.daemon.request("POST", "/v1/campaigns/changing:start")
    assert status == 200 and started["settings"]["audio"] != made["settings"]["audio"], started


def test_a_campaign_whose_source_is_gone_or_denied_does_not_start(speaking: World, aws: Aws) -> None:
    put(aws, "going.wav", wav(850))
    status, made = speaking.daemon.request("POST", "/v1/campaigns", {"id": "going", "class": "informational", "audio": "s3://prompts/going.wav"})
    assert status == 201, made
    import botocore.config
    import botocore.session
    session = botocore.session.Session()
    session.set_credentials(aws.keys["carillon"]["AccessKeyId"], aws.keys["carillon"]["SecretAccessKey"])
    session.create_client("s3", region_name=REGION, endpoint_url=aws.url, config=botocore.config.Config(s3={"addressing_style": "path"})).delete_object(Bucket="prompts", Key="going.wav")
    status, refused = speaking.daemon.request("POST", "/v1/campaigns/going:start")
    assert status == 422 and refused["detail"].startswith("audio: s3://prompts/going.wav: S3 GetObject: NoSuchKey: "), refused
    assert speaking.daemon.request("GET", "/v1/campaigns/going")[1]["state"] == "draft"


def test_a_copy_serves_while_its_source_is_away(speaking: World, files: Files) -> None:
    files.files["/copy.wav"] = wav(550)
    status, body = campaign(speaking, "copy-1", [("+12515550120", {})], audio=files.url + "/copy.wav")
    assert status == 200, body
    files.status = 503
    try:
        status, body = campaign(speaking, "copy-2", [("+12515550121", {})], audio=files.url + "/copy.wav")
    finally:
        files.status = 0
    assert status == 200 and "its source does not answer (localhost" in body["detail"], body
    speaking.daemon.wait_for(lambda: is_completed(speaking, "copy-1") and is_completed(speaking, "copy-2"), 60, "not completed")


def test_each_contact_hears_their_own_text(speaking: World) -> None:
    people = [(f"+125155501{n:02}", {"name": f"Person {n}", "amount": str(10 * n)}) for n in range(30, 42)]
    people[5] = (people[5][0], {"name": "", "amount": "1"})
    status, body = campaign(speaking, "own", people, audio="say:Hello {name}, you pledged {amount|money:ILS}.")
    assert status == 200 and body["settings"]["audioSource"].startswith("say:Hello"), body
    speaking.daemon.wait_for(lambda: is_completed(speaking, "own"), 60, "not completed")
    report = speaking.daemon.report("own")
    assert report["outcomes"] == {"human": 11, "skipped": 1} and report["skipped"] == {"prompt-impossible": 1}, report
    skipped = speaking.daemon.request("GET", "/v1/campaigns/own/contacts?state=skipped")[1]["contacts"]
    assert "no value for {name}" in skipped[0]["detail"], skipped
    audios = speaking.daemon.sql("SELECT audio FROM attempt WHERE campaign_id = 'own'")
    assert len({audio for audio, in audios if audio}) == 11
    assert "not exist" not in speaking.asterisk.log_tail(200)


def test_stored_prompts_are_listed_shown_served_and_deleted(speaking: World) -> None:
    daemon = speaking.daemon
    status, stored = daemon.request("POST", "/v1/prompts?name=tone.wav", wav(1234))
    assert status == 201, stored
    page = daemon.request("GET", "/v1/prompts?limit=1")[1]
    assert len(page["prompts"]) == 1 and page["next"], page
    import urllib.request
    for codec, bytes_per_second in (("ulaw", 8000), ("alaw", 8000), ("sln", 16000), ("gsm", 1650), ("g722", 8000)):
        with urllib.request.urlopen(f"http://127.0.0.1:{daemon.port}/v1/prompts/{stored['id']}.{codec}") as answer:
            assert abs(len(answer.read()) - 0.6 * bytes_per_second) < bytes_per_second / 20, codec
            assert answer.headers["Cache-Control"] == "max-age=31536000, immutable"
            etag = answer.headers["ETag"]
        assert daemon.request("GET", f"/v1/prompts/{stored['id']}.{codec}", headers={"If-None-Match": etag})[0] == 304
    assert stored["id"] in daemon.command("prompt", "list").stdout
    assert "tone.wav" in daemon.command("prompt", "show", stored["id"]).stdout
    daemon.request("POST", "/v1/campaigns", {"id": "user", "class": "informational", "audio": stored["id"]})
    status, refused = daemon.request("DELETE", f"/v1/prompts/{stored['id']}")
    assert status == 409 and "in use" in refused["detail"], refused
    other = daemon.request("POST", "/v1/prompts?name=other.wav", wav(1111))[1]
    assert "is deleted" in daemon.command("prompt", "delete", other["id"]).stdout
    assert daemon.request("GET", f"/v1/prompts/{other['id']}")[0] == 404
    assert daemon.request("GET", f"/v1/prompts/{other['id']}.ulaw")[0] == 404


def test_private_addresses_are_refused_unless_they_are_allowed(world: World, files: Files) -> None:
    for url in (files.url + "/hello.wav", "https://127.0.0.1/a.wav", "https://169.254.169.254/latest/meta-data", "https://[::1]/a.wav"):
        status, problem = dial(world, "+12515550150", url)
        assert status == 422, (url, problem)


def test_polly_speaks_and_says_that_it_has_no_hebrew_voice(folder: pathlib.Path, aws: Aws) -> None:
    key = aws.keys["carillon"]
    with polly(key) as stand_in, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        settings = {"speech.engine": "polly", "aws.region": REGION, "aws.endpoint_url": stand_in.url}
        with World(folder, settings) as world:
            status, call = dial(world, "+12515550160", "say:Hello there")
            assert status == 202, call
            assert world.daemon.wait_end(call["attemptId"])["outcome"] == "human"
            status, call = dial(world, "+12515550161", "say:<speak>Hello <break time=\"1s\"/> there</speak>")
            assert status == 202, call
            page = world.daemon.request("GET", "/v1/prompts")[1]
            assert page["billedCharacters"] >= len("Hello there")
            assert {(p["engine"], p["voice"], p["language"]) for p in page["prompts"]} == {("polly", "Joanna", "en")}
            status, problem = dial(world, "+12515550162", "say:שלום")
            assert status == 422 and "Polly has no Hebrew voice" in problem["detail"], problem
