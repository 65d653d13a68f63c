"""The Lambda function of deploy/lambda/dial, run as Lambda runs it: against a local server, and against a queue that fails."""
from __future__ import annotations

import http.server
import importlib.util
import json
import sys
from typing import Any

import pytest

from aws.stand_ins import Server
from lab.daemon import ROOT

spec = importlib.util.spec_from_file_location("dial_lambda", ROOT / "deploy/lambda/dial/handler.py")
assert spec and spec.loader
function = importlib.util.module_from_spec(spec)
sys.modules["dial_lambda"] = function
spec.loader.exec_module(function)

REQUEST = {"callId": "receipt-1017", "phoneNumber": "+12025550120"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DIAL_QUEUE_URL", "CARILLON_URL", "CARILLON_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def carillon(status: int, body: dict[str, Any], seen: list[Any]) -> Server:
    def answer(request: http.server.BaseHTTPRequestHandler, data: bytes) -> tuple[int, dict[str, str], bytes]:
        seen.append((request.path, request.headers["Authorization"], request.headers["Content-Type"], json.loads(data)))
        return status, {"Content-Type": "application/json"}, json.dumps(body).encode()
    return Server(answer)


def run(monkeypatch: pytest.MonkeyPatch, url: str, event: dict[str, Any]) -> Any:
    monkeypatch.setenv("CARILLON_URL", url)
    monkeypatch.setenv("CARILLON_API_KEY", "ck_test")
    return function.handler(event, None)


def test_it_posts_each_request_to_dial_with_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    with carillon(202, {"attemptId": "01CALL"}, seen) as server:
        done = run(monkeypatch, server.url, {"requests": [REQUEST, {**REQUEST, "callId": "receipt-1018"}]})
    assert done == [{"callId": id, "state": "accepted", "detail": "01CALL"} for id in ("receipt-1017", "receipt-1018")]
    assert seen[0] == ("/dial", "Bearer ck_test", "application/json", REQUEST)


def test_what_is_refused_comes_back_with_carillons_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with carillon(422, {"detail": "phoneNumber: too short"}, []) as server:
        assert run(monkeypatch, server.url, REQUEST) == [{"callId": "receipt-1017", "state": "refused", "detail": "phoneNumber: too short"}]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_when_carillon_takes_none_now_lambda_shall_try_again(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with carillon(status, {"detail": "later"}, []) as server, pytest.raises(function.TryAgain, match="later"):
        run(monkeypatch, server.url, REQUEST)
    with pytest.raises(function.TryAgain, match="no answer"):
        run(monkeypatch, "http://127.0.0.1:9", REQUEST)


def test_a_wrong_key_is_a_mistake_of_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    with carillon(401, {"detail": "the API key is not known"}, []) as server, pytest.raises(PermissionError, match="not known"):
        run(monkeypatch, server.url, REQUEST)


def test_a_request_without_call_id_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    with carillon(202, {"attemptId": "x"}, seen) as server, pytest.raises(ValueError, match="callId"):
        run(monkeypatch, server.url, {"phoneNumber": "+12025550120"})
    assert seen == []


class Queue:
    def __init__(self, failed: list[dict[str, str]]) -> None:
        self.failed = failed
        self.batches: list[list[Any]] = []

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        assert QueueUrl == "https://queue/dial" and len({entry["Id"] for entry in Entries}) == len(Entries) <= 10
        self.batches.append([json.loads(entry["MessageBody"]) for entry in Entries])
        return {"Failed": self.failed} if self.failed else {"Successful": []}


def test_into_the_queue_ten_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue([])
    monkeypatch.setenv("DIAL_QUEUE_URL", "https://queue/dial")
    monkeypatch.setattr(function, "queue_client", lambda: queue)
    requests = [{**REQUEST, "callId": f"r-{i}"} for i in range(25)]
    assert {one["state"] for one in function.handler({"requests": requests})} == {"queued"}
    assert [len(batch) for batch in queue.batches] == [10, 10, 5] and sum(queue.batches, []) == requests
    queue.failed = [{"Id": "0", "Code": "InternalError"}]
    with pytest.raises(function.TryAgain, match="InternalError"):
        function.handler(REQUEST)
