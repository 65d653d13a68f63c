"""What the rest of the company hears through AWS: SNS topics with SQS queues behind them, and a queue of events, hold exactly what
the ledger's outbox holds, in order per call, whatever happens on the way. Dial requests from a queue are placed once each.
Real Asterisk, real SIPp; AWS is moto, with every signature checked."""
from __future__ import annotations

import collections
import contextlib
import http.server
import itertools
import json
import pathlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aws.stand_ins import REGION, Answer, Aws, gate, refusal
from lab.daemon import CARILLON, wait_for
from lab.world import Wire, World

COUNTS = [60, pytest.param(1000, marks=pytest.mark.long)]
CALL_TYPES = {"carillon.call.status", "carillon.call.key-pressed"}
# People who listen, donate, opt out, are busy, decline.
CODES = [212, 213, 216, 225, 228]


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


_numbers = itertools.count(1)


class Inbox:
    """Takes events out of a queue as they come, one batch after the other, as a consumer does."""

    def __init__(self, aws: Aws, queue: str) -> None:
        self.queue = queue
        self.events: list[dict[str, Any]] = []
        self.strange: list[dict[str, Any]] = []  # attributes that do not fit
        self._sqs = aws.user("sqs")
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """What is left in the queue is taken, too."""
        self._has_ended.set()
        self._thread.join()

    def _run(self) -> None:
        while self._take() or not self._has_ended.wait(0.2):
            pass
        while self._take():
            pass

    def _take(self) -> bool:
        messages = self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, AttributeNames=["All"],
                                             MessageAttributeNames=["All"]).get("Messages", [])
        for message in messages:
            event = json.loads(message["Body"])
            wanted = {"type": event["type"], **{name: event["data"].get(name) for name in ("campaignId", "status", "outcome")}}
            given = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
            if given != {name: value for name, value in wanted.items() if value}:
                self.strange.append(given)
            ids = {"MessageGroupId": event["subject"], "MessageDeduplicationId": event["id"]}
            if self.queue.endswith(".fifo") and {name: message["Attributes"].get(name) for name in ids} != ids:
                self.strange.append(message["Attributes"])
            self.events.append(event)
        if messages:
            gone = [{"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]} for i, message in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self.queue, Entries=gone)
        return bool(messages)


class Topics:
    """Topics of their own for one test, with a queue behind each: calls in order (FIFO), donations in order, opt-outs, and a queue
    that gets every event without a topic."""

    def __init__(self, aws: Aws) -> None:
        sqs, sns = aws.user("sqs"), aws.user("sns")
        mark = f"t{next(_numbers)}"
        fifo = {"FifoTopic": "true"}, {"FifoQueue": "true"}
        self.calls, call_queue = aws.subscribe(sns, sqs, f"{mark}-calls.fifo", *fifo)
        self.donations, donation_queue = aws.subscribe(sns, sqs, f"{mark}-donations.fifo", *fifo)
        self.optouts, optout_queue = aws.subscribe(sns, sqs, f"{mark}-optouts", {}, {})
        self.event_queue = sqs.create_queue(QueueName=f"{mark}-events")["QueueUrl"]
        self.call_inbox, self.donation_inbox, self.optout_inbox, self.event_inbox = self.inboxes = [
            Inbox(aws, queue) for queue in (call_queue, donation_queue, optout_queue, self.event_queue)]

    def __enter__(self) -> Topics:
        return self

    def __exit__(self, *_: object) -> None:
        for inbox in self.inboxes:
            inbox.close()

    def settings(self, url: str) -> dict[str, Any]:
        return {"aws.region": REGION, "aws.endpoint_url": url, "aws.sns_call_events_topic": self.calls,
                "aws.sns_donation_events_topic": self.donations, "aws.sns_optout_events_topic": self.optouts,
                "aws.sqs_events_queue_url": self.event_queue}


@contextlib.contextmanager
def a_world(folder: pathlib.Path, aws: Aws, settings: dict[str, Any]) -> Iterator[World]:
    world = World(folder, {"ivr.response_timeout_seconds": 2, "trunk.calls_per_second": 20, **settings}, start_daemon=False)
    world.daemon.environment = aws.environment()
    with world:
        world.daemon.start()
        yield world


def outbox(world: World) -> list[dict[str, Any]]:
    """The ledger's own list."""
    events, after = [], "0"
    while after:
        status, page = world.daemon.request("GET", f"/v1/events?limit=500&after={after}")
        assert status == 200, page
        events += page["events"]
        after = page.get("next")
    return events


def by_call(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    calls: dict[str, list[str]] = collections.defaultdict(list)
    for event in events:
        calls[event["subject"]].append(event["id"])
    return calls


def sinks(world: World) -> dict[str, Any]:
    return world.daemon.health()[1]["events"]["sinks"]


def troubles(world: World) -> list[str]:
    return [state["trouble"] for name, state in sinks(world).items() if name.startswith(("sns:", "sqs:")) and "trouble" in state]


def numbers_of(count: int) -> list[str]:
    return [f"+1{CODES[i % len(CODES)]}555{i // len(CODES):04}" for i in range(count)]


def wait_rung(world: World, count: int) -> None:
    world.daemon.wait_for(lambda: len(world.carrier.invites()) >= count, 60 + count, f"{count} calls")


def wait_completed(world: World, count: int) -> None:
    def state() -> str:
        status, body = world.daemon.request("GET", "/v1/campaigns/spring")
        return body["state"] if status == 200 else ""
    world.daemon.wait_for(lambda: state() == "completed", 120 + count, "the campaign does not come to its end")
    world.daemon.wait_for(lambda: world.daemon.health()[1]["events"]["lag"] == 0, 120 + count / 2, "events wait")


def check(world: World, topics: Topics, count: int) -> None:
    for inbox in topics.inboxes:
        inbox.close()
    told = outbox(world)
    assert len(by_call(told)) == count and {event["type"] for event in told} > CALL_TYPES, "the campaign had every kind of event"
    ledger = {event["id"]: event for event in told}
    places = [(topics.call_inbox, [event for event in told if event["type"] in CALL_TYPES]),
              (topics.donation_inbox, [event for event in told if event["type"] == "carillon.donation.requested"]),
              (topics.optout_inbox, [event for event in told if event["type"] == "carillon.opt-out.requested"]),
              (topics.event_inbox, told)]
    for inbox, wanted in places:
        arrived, name = inbox.events, inbox.queue.rsplit("/", 1)[1]
        repeated = len(arrived) - len({event["id"] for event in arrived})
        print(f"{name}: {len(wanted)} events, {repeated} repeated")
        assert not inbox.strange and all(event == ledger[event["id"]] for event in arrived), "what arrived is what was committed"
        assert {event["id"] for event in arrived} == {event["id"] for event in wanted}, f"{name}: missing or strange events"
        # What comes again is dropped: by a FIFO queue (by its deduplication id; moto forgets those of messages that were taken), by
        # the consumer of a standard one, who also sorts by sequence.
        first: dict[str, dict[str, Any]] = {}
        for event in arrived:
            first.setdefault(event["id"], event)
        arrived = list(first.values())
        if not name.endswith(".fifo"):
            arrived.sort(key=lambda event: event["sequence"])
        assert by_call(arrived) == by_call(wanted), f"{name}: the order within a call"
    assert not [name for name, state in sinks(world).items() if state["deadLetters"]]


# ---------------------------------------------------------------- events

@pytest.mark.parametrize("count", COUNTS)
def test_topics_and_queues_hold_what_the_ledger_holds(folder: pathlib.Path, aws: Aws, count: int) -> None:
    with Topics(aws) as topics, a_world(folder, aws, topics.settings(aws.url)) as world:
        world.daemon.campaign("spring", numbers_of(count))
        wait_completed(world, count)
        assert len([name for name in sinks(world) if name.startswith("sns:arn:aws:sns:")]) == 3 and not troubles(world)
        check(world, topics, count)


@pytest.mark.parametrize("count", COUNTS)
def test_nothing_is_lost_while_aws_is_away_and_calls_go_on(folder: pathlib.Path, aws: Aws, count: int) -> None:
    wire = Wire(aws.port)
    try:
        with Topics(aws) as topics, a_world(folder, aws, topics.settings(f"http://127.0.0.1:{wire.port}")) as world:
            world.daemon.campaign("spring", numbers_of(count))
            wait_rung(world, count // 4)
            wire.block()
            began = time.monotonic()
            world.daemon.wait_for(lambda: len(troubles(world)) >= 2, 30, "the trouble is not shown")
            wait_rung(world, count * 3 // 4)
            # A minute at full size; nothing is waited for but the time that the outage is to last.
            while count > 100 and time.monotonic() - began < 60:
                time.sleep(1)
            wire.unblock()
            wait_completed(world, count)
            assert not troubles(world)
            check(world, topics, count)
    finally:
        wire.close()


@pytest.mark.parametrize("count", COUNTS)
def test_throttling_loses_nothing_and_keeps_the_order(folder: pathlib.Path, aws: Aws, count: int) -> None:
    requests = itertools.count()
    refused = itertools.count()

    def judge(_: http.server.BaseHTTPRequestHandler) -> Answer | None:
        # Three in a row, so that the client's own second try does not hide it.
        if next(requests) % 9 < 6:
            return None
        next(refused)
        return refusal(400, "Throttling")

    with Topics(aws) as topics, gate(aws, judge) as server, a_world(folder, aws, topics.settings(server.url)) as world:
        world.daemon.campaign("spring", numbers_of(count))
        wait_completed(world, count)
        assert next(refused) > 10
        check(world, topics, count)


@pytest.mark.parametrize("count", COUNTS)
def test_kill_9_loses_no_event_and_keeps_the_order(folder: pathlib.Path, aws: Aws, count: int) -> None:
    with Topics(aws) as topics, a_world(folder, aws, topics.settings(aws.url)) as world:
        world.daemon.campaign("spring", numbers_of(count))
        for part in (1, 2, 3):
            wait_rung(world, count * part // 4)
            world.daemon.kill()
            world.daemon.start()
        wait_completed(world, count)
        check(world, topics, count)


def test_aws_says_what_is_wrong_and_calls_and_other_sinks_go_on(folder: pathlib.Path, aws: Aws) -> None:
    gone = f"arn:aws:sns:{REGION}:123456789012:gone.fifo"
    with Topics(aws) as topics, a_world(folder, aws, {**topics.settings(aws.url), "aws.sns_call_events_topic": gone}) as world:
        assert world.daemon.wait_end(world.daemon.dial("+12135550101")["attemptId"])["outcome"] == "human"
        world.daemon.wait_for(lambda: any("NotFound" in trouble for trouble in troubles(world)), 20, "AWS's words are not shown")
        world.daemon.wait_for(lambda: len(topics.donation_inbox.events) == 1, 20, "the other topic waits")
        assert sum(state["deadLetters"] for state in sinks(world).values()) == 0, "an operator can mend it: nothing is given up"
        world.daemon.stop()
        world.daemon.environment |= {"AWS_SECRET_ACCESS_KEY": "wrong"}
        world.daemon.start()
        world.daemon.wait_for(lambda: any("SignatureDoesNotMatch" in trouble for trouble in troubles(world)), 20, "the wrong key is not told")


def test_a_malformed_topic_ends_the_start_with_its_name_and_line(folder: pathlib.Path, aws: Aws) -> None:
    (folder / "carillon.toml").write_text(f'[ledger]\nfile = "{folder}/ledger.db"\n[aws]\nsns_call_events_topic = "calls"\n')
    done = subprocess.run([CARILLON, "--config", folder / "carillon.toml", "serve"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and ':4: aws.sns_call_events_topic: "calls" is not the ARN of an SNS topic' in done.stderr, done.stderr


# ---------------------------------------------------------------- dial requests

class DialQueues:
    def __init__(self, aws: Aws) -> None:
        self.sqs = aws.user("sqs")
        mark = f"d{next(_numbers)}"
        self.url = self.sqs.create_queue(QueueName=f"{mark}-dial")["QueueUrl"]
        self.dead = self.sqs.create_queue(QueueName=f"{mark}-dial-dead")["QueueUrl"]

    def settings(self, url: str) -> dict[str, Any]:
        return {"aws.region": REGION, "aws.endpoint_url": url, "aws.dial_queue_url": self.url,
                "aws.dial_dead_letter_queue_url": self.dead}

    def send(self, body: Any) -> str:
        text = body if isinstance(body, str) else json.dumps(body)
        return self.sqs.send_message(QueueUrl=self.url, MessageBody=text)["MessageId"]

    def left(self) -> int:
        """Waiting, and taken but not deleted."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sum(int(value) for value in self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"].values())

    def letters(self) -> list[dict[str, Any]]:
        return self.sqs.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10, VisibilityTimeout=0,
                                        MessageAttributeNames=["All"]).get("Messages", [])


def dial_queue(world: World) -> dict[str, Any]:
    return world.daemon.health()[1]["dialQueue"]


def test_messages_are_dialled_and_bad_ones_are_set_aside_with_the_reason(folder: pathlib.Path, aws: Aws) -> None:
    queues = DialQueues(aws)
    with a_world(folder, aws, queues.settings(aws.url)) as world:
        queues.send({"callId": "lambda-1", "phoneNumber": "+12125550101", "campaignId": "spring", "contactId": "c-1"})
        without_id = queues.send({"phoneNumber": "+12125550102"})
        bad = {"number-invalid": '{"phoneNumber": "12"}', "bad-request": "call me", "invalid": '{"phoneNumber": "+12125550103", "colour": 1}'}
        for body in bad.values():
            queues.send(body)
        world.daemon.wait_for(lambda: world.daemon.request("GET", "/v1/calls/lambda-1")[0] == 200, 30, "it is not dialled")
        call = world.daemon.wait_end("lambda-1")
        assert call["outcome"] == "human" and call["contactId"] == "c-1"
        assert world.daemon.wait_end(f"sqs-{without_id}")["phoneNumber"] == "+12125550102"
        world.daemon.wait_for(lambda: len(queues.letters()) == len(bad), 30, "bad messages are not set aside")
        letters = {message["MessageAttributes"]["code"]["StringValue"]: message for message in queues.letters()}
        assert {code: message["Body"] for code, message in letters.items()} == bad
        assert "unknown member colour" in letters["invalid"]["MessageAttributes"]["reason"]["StringValue"]
        world.daemon.wait_for(lambda: queues.left() == 0, 20, "settled messages are not deleted")
        sums = {"state": "up", "accepted": 2, "refused": 3, "inHand": 0}
        world.daemon.wait_for(lambda: dial_queue(world) == sums, 20, "/health does not say so")
        log = (world.daemon.folder / "carillon.log").read_text()
        assert "+12125550103" not in log and "colour" not in log


def test_while_asterisk_is_away_requests_wait_and_are_then_placed(folder: pathlib.Path, aws: Aws) -> None:
    queues = DialQueues(aws)
    with a_world(folder, aws, queues.settings(aws.url)) as world:
        world.asterisk.stop()
        world.daemon.wait_for(lambda: world.daemon.health()[0] == 503, 20, "the loss is not seen")
        for i in range(15):
            queues.send({"callId": f"wait-{i}", "phoneNumber": f"+12125550{i:03}"})
        world.daemon.wait_for(lambda: "not connected" in dial_queue(world).get("trouble", ""), 30, "the trouble is not shown")
        assert 1 <= dial_queue(world)["inHand"] <= 10 and queues.left() == 15, "no more than ten are taken, none is deleted"
        world.asterisk.start()
        world.daemon.wait_for(lambda: dial_queue(world)["accepted"] == 15, 60, "they are not taken")
        for i in range(15):
            assert world.daemon.wait_end(f"wait-{i}")["outcome"] == "human"
        assert queues.letters() == [] and sorted(world.carrier.invites()) == [f"+12125550{i:03}" for i in range(15)]


def test_kill_9_between_acceptance_and_deletion_dials_nobody_twice(folder: pathlib.Path, aws: Aws) -> None:
    queues = DialQueues(aws)
    must_keep = True

    def judge(request: http.server.BaseHTTPRequestHandler) -> Answer | None:
        is_delete = request.headers.get("X-Amz-Target") == "AmazonSQS.DeleteMessageBatch"
        return refusal(503, "ServiceUnavailable") if is_delete and must_keep else None

    with gate(aws, judge) as server, a_world(folder, aws, queues.settings(server.url)) as world:
        ids = [f"once-{i}" for i in range(30)]
        for i, id in enumerate(ids):
            queues.send({"callId": id, "phoneNumber": f"+12125550{i:03}"})
        world.daemon.wait_for(lambda: len(world.carrier.invites()) >= 8, 60, "nothing is dialled")
        assert queues.left() == 30, "accepted, and not deleted"
        world.daemon.kill()
        must_keep = False
        world.daemon.start()
        # What was in hand comes again when its visibility ends.
        world.daemon.wait_for(lambda: queues.left() == 0, 90, "messages are left")
        for id in ids:
            assert world.daemon.wait_end(id)["outcome"] == "human"
        assert sorted(world.carrier.invites()) == [f"+12125550{i:03}" for i in range(30)], "each was rung once"
        assert queues.letters() == []


# ---------------------------------------------------------------- metrics

def test_metrics_tell_what_happened(folder: pathlib.Path, aws: Aws) -> None:
    cloudwatch = aws.user("cloudwatch")
    began = time.time()

    def total(name: str, statistic: str = "Sum", **dimensions: str) -> float:
        found = cloudwatch.get_metric_statistics(
            Namespace="Carillon/Test", MetricName=name, Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            Period=3600, Statistics=[statistic], StartTime=began - 3600, EndTime=time.time() + 3600)["Datapoints"]
        return sum(point[statistic] for point in found) if statistic == "Sum" else max((point[statistic] for point in found), default=-1)

    settings = {"aws.region": REGION, "aws.endpoint_url": aws.url, "aws.metrics_namespace": "Carillon/Test", "aws.metrics_every_seconds": 1}
    with a_world(folder, aws, settings) as world:
        for number, outcome in [("+12135550101", "human"), ("+12165550101", "human"), ("+12255550101", "busy")]:
            assert world.daemon.wait_end(world.daemon.dial(number)["attemptId"])["outcome"] == outcome
        world.daemon.wait_for(lambda: total("CallsEnded", Outcome="busy") == 1, 30, "what happened is not told")
        sums = {name: total(name) for name in ("CallsStarted", "CallsAnswered", "CallsFailed", "Donations", "OptOuts")}
        assert sums == {"CallsStarted": 3, "CallsAnswered": 2, "CallsFailed": 1, "Donations": 1, "OptOuts": 1}
        assert total("CallsEnded", Outcome="human") == 2 and total("AmiUp", "Maximum") == 1
        assert total("TrunkUp", "Maximum", Trunk="loopback") == 1 and total("CallsActive", "Maximum") == 1
        assert total("OutboxLag", "Minimum") >= 0
