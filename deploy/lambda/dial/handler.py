"""An AWS Lambda function that has Carillon call people: the "dialer worker" of a campaign system.

The event is one dial request, or {"requests": [...]}; a request is the body of POST /dial (docs/reference/http-api.md) and must
have a callId, so that a Lambda that is run again calls nobody twice. Two ways, by the environment:

  DIAL_QUEUE_URL               the requests go into the queue that Carillon reads (aws.dial_queue_url): nothing is lost while
                               Carillon is away. The better way.
  CARILLON_URL, CARILLON_API_KEY
                               POST /dial itself, inside the VPC. An answer of 429 or 503, or none, raises, so that Lambda (or the
                               queue before it) tries again later.

It returns what became of each request, in their order: {"callId", "state": "queued" | "accepted" | "refused", "detail"}.
Needs nothing but Python 3.11 and the boto3 of the Lambda runtime.
"""
from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

TIMEOUT_SECONDS = 10
BATCH = 10  # SQS takes no more at once


class TryAgain(Exception):
    """Carillon takes no calls now."""


def handler(event: dict[str, Any], context: Any = None) -> list[dict[str, Any]]:
    requests = event["requests"] if "requests" in event else [event]
    for request in requests:
        if not request.get("callId"):
            raise ValueError("a dial request needs a callId: it keeps a repeated request from calling twice")
    if queue_url := os.environ.get("DIAL_QUEUE_URL"):
        return enqueue(requests, queue_url, queue_client())
    return [dial(request, os.environ["CARILLON_URL"], os.environ["CARILLON_API_KEY"]) for request in requests]


def queue_client() -> Any:
    import boto3  # only where it is needed: the other way works without

    return boto3.client("sqs")


def enqueue(requests: list[dict[str, Any]], queue_url: str, sqs: Any) -> list[dict[str, Any]]:
    """What SQS does not take raises; whoever runs it again sends all of them again, which harms nothing."""
    for first in range(0, len(requests), BATCH):
        batch = requests[first:first + BATCH]
        entries = [{"Id": str(i), "MessageBody": json.dumps(request)} for i, request in enumerate(batch)]
        failed = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries).get("Failed")
        if failed:
            raise TryAgain(f"{len(failed)} requests were not queued: {failed[0].get('Code')}")
    return [{"callId": request["callId"], "state": "queued", "detail": ""} for request in requests]


def dial(request: dict[str, Any], base_url: str, api_key: str) -> dict[str, Any]:
    asked = urllib.request.Request(base_url.rstrip("/") + "/dial", data=json.dumps(request).encode(), method="POST",
                                   headers={"Content-Type": "application/json", "Authorization": f"Bearer {api_key}"})
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT_SECONDS) as answer:
            return {"callId": request["callId"], "state": "accepted", "detail": json.load(answer)["attemptId"]}
    except urllib.error.HTTPError as error:
        detail = problem_of(error)
        if error.code == 429 or error.code >= 500:
            raise TryAgain(detail) from error
        if error.code in (401, 403):
            raise PermissionError(detail) from error
        return {"callId": request["callId"], "state": "refused", "detail": detail}
    except OSError as error:
        raise TryAgain(f"no answer from Carillon: {error}") from error


def problem_of(error: urllib.error.HTTPError) -> str:
    """Carillon's own words, from its problem+json."""
    try:
        return json.load(error)["detail"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {error.code}"
