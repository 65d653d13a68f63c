"""The AWS clients against stand-ins that check (test/aws/stand_ins.py): SNS, SQS, S3, STS, CloudWatch, Polly, the instance's
role, retries. Driven by test/aws/aws_tool.cpp, which knows AWS's environment variables and nothing else."""
from __future__ import annotations

import email.utils
import http.server
import json
import pathlib
import struct
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from aws.stand_ins import REGION, Aws, Server, front, metadata_service, polly, refusal
from lab.daemon import ROOT, wait_for

AWS_TOOL = ROOT / "build/release/test/aws/aws_tool"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    made = Aws(tmp_path_factory.mktemp("aws"))
    try:
        wait_for(made.is_up, 60, "moto does not answer")
        made.fill()
        made.check_signatures()
        yield made
    finally:
        made.stop()


def tool(aws: Aws, *words: str, fails: bool = False, **variables: str | None) -> dict[str, Any]:
    """Runs a verb as the user carillon; variables replace what the environment says, None removes it."""
    key = aws.keys["carillon"]
    environment: dict[str, str | None] = {
        "HOME": str(aws.folder), "AWS_REGION": REGION, "AWS_ENDPOINT_URL": aws.url, "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"], **variables}
    done = subprocess.run([AWS_TOOL, *words], capture_output=True, text=True, timeout=60,
                          env={name: value for name, value in environment.items() if value is not None})
    assert done.returncode == (1 if fails else 0), f"{words}: {done.stdout}{done.stderr}"
    for secret in (aws.keys["carillon"]["SecretAccessKey"], aws.role_keys["SecretAccessKey"], aws.role_keys["SessionToken"]):
        assert secret not in done.stdout + done.stderr, "a secret was printed"
    return json.loads(done.stderr if fails else done.stdout)


def everything_in(aws: Aws, queue: str, count: int) -> list[dict[str, Any]]:
    """Takes that many messages out of the queue, in the order in which they come."""
    found: list[dict[str, Any]] = []

    def enough() -> bool:
        found.extend(tool(aws, "receive", queue)["messages"])
        return len(found) >= count

    wait_for(enough, 30, f"{count} messages in {queue}")
    return found


# ---------------------------------------------------------------- SNS and SQS

def test_what_is_published_arrives_in_the_queue(aws: Aws) -> None:
    text = '{"type":"call.ended","name":"\u05d0\u05d1\u05d2 & \u00e9 + 100%"}'
    assert tool(aws, "publish", aws.topic, text, "--type", "call.ended")["message_id"]
    [message] = everything_in(aws, aws.queue, 1)
    assert message["body"] == text
    assert message["attributes"]["type"] == "call.ended"


def test_a_batch_arrives_whole_and_each_entry_has_its_id(aws: Aws) -> None:
    texts = [f"event {number}" for number in range(10)]
    entries = tool(aws, "publish-batch", aws.topic, *texts)["entries"]
    assert len({entry["message_id"] for entry in entries}) == 10
    assert sorted(message["body"] for message in everything_in(aws, aws.queue, 10)) == texts


def test_too_much_is_refused_before_it_is_sent(aws: Aws) -> None:
    assert tool(aws, "publish", aws.topic, "@262145", fails=True)["code"] == "too-large"
    assert tool(aws, "publish-batch", aws.topic, *["x"] * 11, fails=True)["code"] == "invalid"
    assert tool(aws, "publish", aws.topic, "@262144")["message_id"], "the limit itself is allowed"
    assert len(everything_in(aws, aws.queue, 1)[0]["body"]) == 262144


def test_fifo_keeps_the_order_and_drops_repetitions(aws: Aws) -> None:
    for number in range(5):
        sent = tool(aws, "publish", aws.fifo_topic, f"event {number}", "--group", "call-1", "--dedup", f"id-{number}")
        assert sent["message_id"]
    tool(aws, "publish", aws.fifo_topic, "event 2", "--group", "call-1", "--dedup", "id-2")
    bodies = [message["body"] for message in everything_in(aws, aws.fifo_queue, 5)]
    assert bodies == [f"event {number}" for number in range(5)]
    assert tool(aws, "receive", aws.fifo_queue)["messages"] == [], "the repetition was dropped"


def test_a_fifo_topic_without_a_group_says_what_is_missing(aws: Aws) -> None:
    refused = tool(aws, "publish", aws.fifo_topic, "x", fails=True)
    assert refused["code"] == "invalid" and "MessageGroupId" in refused["detail"]


def test_a_missing_topic_and_a_missing_queue_are_named_as_such(aws: Aws) -> None:
    refused = tool(aws, "publish", aws.topic + "-none", "x", fails=True)
    assert refused["code"] == "not-found" and "NotFound" in refused["detail"]
    assert tool(aws, "send", aws.plain_queue + "-none", "x", fails=True)["code"] == "not-found"


def test_queues_take_single_messages_and_batches(aws: Aws) -> None:
    assert tool(aws, "send", aws.plain_queue, "one \u05d0", "--type", "t")["message_id"]
    assert len(tool(aws, "send-batch", aws.plain_queue, "two", "three")["entries"]) == 2
    messages = everything_in(aws, aws.plain_queue, 3)
    assert sorted(message["body"] for message in messages) == ["one \u05d0", "three", "two"]
    assert {message["attributes"].get("type") for message in messages} == {"t", None}


# ---------------------------------------------------------------- S3

def test_an_object_is_fetched_once_and_then_only_if_it_changed(aws: Aws, folder: pathlib.Path) -> None:
    file = folder / "prompt.wav"
    first = tool(aws, "get", "prompts", "he/prompt 1.wav", str(file))
    assert file.read_bytes() == b"RIFF" + bytes(range(100)) and not first["unchanged"]
    file.write_bytes(b"ours")
    again = tool(aws, "get", "prompts", "he/prompt 1.wav", str(file), "--if-none-match", first["etag"])
    assert again["unchanged"] and file.read_bytes() == b"ours"
    other = tool(aws, "get", "prompts", "he/prompt 1.wav", str(file), "--if-none-match", '"another"')
    assert not other["unchanged"] and file.stat().st_size == 104
    assert list(folder.iterdir()) == [file]


def test_a_range_of_an_object(aws: Aws, folder: pathlib.Path) -> None:
    tool(aws, "get", "prompts", "he/prompt 1.wav", str(folder / "part"), "--range", "2-5")
    assert (folder / "part").read_bytes() == b"FF\x00\x01"


def test_what_cannot_be_fetched_says_why_and_leaves_no_file(aws: Aws, folder: pathlib.Path) -> None:
    file = folder / "prompt.wav"
    missing = tool(aws, "get", "prompts", "none.wav", str(file), fails=True)
    assert missing["code"] == "not-found" and "NoSuchKey" in missing["detail"]
    no_bucket = tool(aws, "get", "no-such-bucket", "a", str(file), fails=True)
    assert no_bucket["code"] == "not-found" and "NoSuchBucket" in no_bucket["detail"]
    key = aws.keys["nobody"]
    denied = tool(aws, "get", "prompts", "other.wav", str(file), fails=True, AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"])
    assert denied["code"] == "forbidden" and "AccessDenied" in denied["detail"]
    large = tool(aws, "get", "prompts", "he/prompt 1.wav", str(file), "--max-bytes", "103", fails=True)
    assert large["code"] == "too-large"
    assert list(folder.iterdir()) == []


def test_a_folder_is_listed_over_several_pages(aws: Aws) -> None:
    # moto takes no slash in a signed query, not from botocore either; sigv4_vectors.json has one.
    assert tool(aws, "list", "prompts", "he")["keys"] == [f"he/prompt {number}.wav" for number in range(5)]
    head = tool(aws, "head", "prompts", "he/prompt 0.wav")
    assert head["bytes"] == 104 and head["etag"]
    assert tool(aws, "head", "prompts", "none", fails=True)["code"] == "not-found"


# ---------------------------------------------------------------- keys

def test_a_wrong_secret_and_an_unknown_key_are_refused(aws: Aws, folder: pathlib.Path) -> None:
    for words in (("publish", aws.topic, "x"), ("send", aws.plain_queue, "x"), ("get", "prompts", "other.wav", str(folder / "x"))):
        wrong = tool(aws, *words, fails=True, AWS_SECRET_ACCESS_KEY="wrong")
        assert wrong["code"] == "forbidden" and "SignatureDoesNotMatch" in wrong["detail"]
    assert tool(aws, "publish", aws.topic, "x", fails=True, AWS_ACCESS_KEY_ID="AKIAUNKNOWN")["code"] == "forbidden"


def test_the_instances_role_is_used(aws: Aws) -> None:
    """Region and keys from the metadata service, with its session token; the signature with the keys' token is verified."""
    with metadata_service(aws.role_keys) as service:
        by_role = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_REGION": None, "AWS_EC2_METADATA_DISABLED": None,
                   "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url}
        who = tool(aws, "who", **by_role)
        assert who["arn"].endswith("assumed-role/carillon-role/instance") and who["region"] == REGION
        assert tool(aws, "publish", aws.topic, "from an instance", **by_role)["message_id"]
        assert [message["body"] for message in everything_in(aws, aws.queue, 1)] == ["from an instance"]
        assert service.requests[0] == ("PUT", "/latest/api/token")


def test_a_profile_takes_a_role(aws: Aws, folder: pathlib.Path) -> None:
    key = aws.keys["carillon"]
    (folder / "config").write_text(f"[profile base]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n"
                                   f"[profile ops]\nrole_arn = {aws.role}\nsource_profile = base\nrole_session_name = dialer\n")
    who = tool(aws, "who", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, AWS_PROFILE="ops", AWS_CONFIG_FILE=str(folder / "config"))
    assert who["arn"].endswith("assumed-role/carillon-role/dialer")


def test_without_keys_every_place_that_was_tried_is_named(aws: Aws) -> None:
    none = tool(aws, "who", fails=True, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert none["code"] == "config"
    for place in ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "profile", "container", "AWS_EC2_METADATA_DISABLED"):
        assert place in none["detail"]


# ---------------------------------------------------------------- when AWS is slow, busy or of another time

def test_throttling_and_failures_are_tried_again(aws: Aws) -> None:
    with front(aws, [refusal(400, "Throttling"), refusal(503, "ServiceUnavailable")]) as server:
        assert tool(aws, "publish", aws.topic, "patient", AWS_ENDPOINT_URL_SNS=server.url)["message_id"]
        assert len(server.requests) == 3
    assert [message["body"] for message in everything_in(aws, aws.queue, 1)] == ["patient"]


def test_throttling_without_end_is_given_up_in_awss_words(aws: Aws) -> None:
    with front(aws, [refusal(400, "Throttling")] * 10) as server:
        refused = tool(aws, "publish", aws.topic, "x", fails=True, AWS_ENDPOINT_URL_SNS=server.url)
        assert refused["code"] == "io" and "Throttling" in refused["detail"] and len(server.requests) == 4


def test_retry_after_is_kept(aws: Aws) -> None:
    with front(aws, [refusal(503, "SlowDown", **{"Retry-After": "1"})]) as server:
        began = time.monotonic()
        tool(aws, "send", aws.plain_queue, "later", AWS_ENDPOINT_URL_SQS=server.url)
        assert time.monotonic() - began >= 1
    everything_in(aws, aws.plain_queue, 1)


def test_a_clock_that_is_wrong_is_corrected(aws: Aws) -> None:
    """The front says that it is an hour later. The second try is signed with that hour."""
    stamps: list[str] = []

    def answer(request: http.server.BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        stamps.append(request.headers["X-Amz-Date"])
        if len(stamps) == 1:
            return 403, {}, b"<ErrorResponse><Error><Code>RequestTimeTooSkewed</Code></Error></ErrorResponse>"
        return 200, {}, b"<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"

    server = Server(answer)
    server.server.RequestHandlerClass.date_time_string = lambda *_: email.utils.formatdate(time.time() + 3600, usegmt=True)  # type: ignore[attr-defined]
    with server:
        tool(aws, "publish", aws.topic, "x", AWS_ENDPOINT_URL_SNS=server.url)
    first, second = (time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) for stamp in stamps)
    assert 3590 <= second - first <= 3660


# ---------------------------------------------------------------- Polly and CloudWatch

def test_polly_speaks_pcm_and_its_refusals_keep_their_words(aws: Aws, folder: pathlib.Path) -> None:
    file = folder / "hello.pcm"
    with polly(aws.keys["carillon"]) as server:
        spoken = tool(aws, "speak", "Joanna", "Hello", str(file), AWS_ENDPOINT_URL_POLLY=server.url)
        assert spoken == {"content_type": "audio/pcm", "billed_characters": 5}
        samples = struct.unpack(f"<{file.stat().st_size // 2}h", file.read_bytes())
        assert len(samples) == 5 * 800 and max(samples) > 7000
        wrong = tool(aws, "speak", "Joanna", "Hello", str(file), fails=True, AWS_ENDPOINT_URL_POLLY=server.url, AWS_SECRET_ACCESS_KEY="wrong")
        assert wrong["code"] == "forbidden"
        broken = tool(aws, "speak", "Joanna", "no markup", str(file), "--ssml", "yes", fails=True, AWS_ENDPOINT_URL_POLLY=server.url)
        assert "InvalidSsmlException: Invalid SSML request" in broken["detail"]
        before = len(server.requests)
        hebrew = tool(aws, "speak", "Joanna", "\u05e9\u05dc\u05d5\u05dd", str(file), fails=True, AWS_ENDPOINT_URL_POLLY=server.url)
        assert "no Hebrew voice" in hebrew["detail"] and len(server.requests) == before


def test_metrics_arrive(aws: Aws) -> None:
    tool(aws, "metric", "Carillon", "LiveCalls", "42.5")
    tool(aws, "metric", "Carillon", "LiveCalls", "1", fails=True, AWS_SECRET_ACCESS_KEY="wrong")
    key = aws.keys["carillon"]
    session = botocore.session.Session()
    session.set_credentials(key["AccessKeyId"], key["SecretAccessKey"])
    found = session.create_client("cloudwatch", region_name=REGION, endpoint_url=aws.url).get_metric_statistics(
        Namespace="Carillon", MetricName="LiveCalls", Dimensions=[{"Name": "Trunk", "Value": "main trunk"}], Period=3600, Statistics=["Sum"],
        StartTime=time.time() - 7200, EndTime=time.time() + 60)
    assert [point["Sum"] for point in found["Datapoints"]] == [42.5]
