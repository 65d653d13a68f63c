"""Stand-ins for AWS that check: moto with signatures verified, an instance metadata service, a Polly, and a front that
throttles. Each on a free port of 127.0.0.1, ended by whoever started it."""
from __future__ import annotations

import http.server
import json
import math
import pathlib
import struct
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.session

from lab.asterisk import free_port
from lab.daemon import ROOT

MOTO = ROOT / "test/aws/moto"
REGION = "il-central-1"
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


class Server:
    """An HTTP server on a free port: `answer` gets the request's handler and body, gives status, headers and body."""

    def __init__(self, answer: Callable[[http.server.BaseHTTPRequestHandler, bytes], tuple[int, dict[str, str], bytes]]) -> None:
        self.requests: list[tuple[str, str]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append((self.command, self.path))
                status, headers, data = answer(self, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self) -> Server:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def metadata_service(keys: dict[str, Any]) -> Server:
    """EC2's, version 2: nothing without a session token, which only PUT gives."""
    role = "/latest/meta-data/iam/security-credentials/"

    def answer(request: http.server.BaseHTTPRequestHandler, _: bytes) -> tuple[int, dict[str, str], bytes]:
        if request.path == "/latest/api/token":
            good = request.command == "PUT" and request.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "").isdigit()
            return (200, {}, b"session-1") if good else (405, {}, b"")
        if request.command != "GET" or request.headers.get("X-aws-ec2-metadata-token") != "session-1":
            return 401, {}, b""
        if request.path == role:
            return 200, {}, b"carillon-role"
        if request.path == role + "carillon-role":
            expires = keys["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ")
            return 200, {}, json.dumps({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": keys["AccessKeyId"], "SecretAccessKey": keys["SecretAccessKey"],
                                        "Token": keys["SessionToken"], "Expiration": expires}).encode()
        if request.path == "/latest/meta-data/placement/region":
            return 200, {}, REGION.encode()
        return 404, {}, b""

    return Server(answer)


def signature_fits(request: http.server.BaseHTTPRequestHandler, body: bytes, key: dict[str, str], service: str) -> bool:
    """Computed once more by botocore, from what arrived."""
    given = request.headers.get("Authorization", "")
    signed = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    again = botocore.awsrequest.AWSRequest(method=request.command, url=f"http://{request.headers['Host']}{request.path}", data=body,
                                           headers={name: request.headers[name] for name in signed})
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(key["AccessKeyId"], key["SecretAccessKey"]), service, REGION)
    return given.endswith("Signature=" + signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again))


def polly(key: dict[str, str]) -> Server:
    """Speaks: a tone of 0.1 s for each letter. Refuses a wrong signature, an unknown voice and broken SSML, in Polly's words."""

    def refusal(code: str, message: str) -> tuple[int, dict[str, str], bytes]:
        return 400, {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/", "Content-Type": "application/json"}, json.dumps({"message": message}).encode()

    def answer(request: http.server.BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if not signature_fits(request, body, key, "polly"):
            return 403, {"x-amzn-ErrorType": "InvalidSignatureException"}, b'{"message":"The request signature does not match."}'
        asked = json.loads(body)
        if (request.command, request.path) != ("POST", "/v1/speech"):
            return 404, {}, b""
        if asked["VoiceId"] not in ("Joanna", "Matthew"):
            return refusal("ValidationException", "Voice is not known")
        if asked["TextType"] == "ssml" and not asked["Text"].startswith("<speak>"):
            return refusal("InvalidSsmlException", "Invalid SSML request")
        rate = int(asked["SampleRate"])
        samples = [int(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(len(asked["Text"]) * rate // 10)]
        return 200, {"Content-Type": "audio/pcm", "x-amzn-RequestCharacters": str(len(asked["Text"]))}, struct.pack(f"<{len(samples)}h", *samples)

    return Server(answer)


class Aws:
    """moto, filled, with its signature checks on."""

    def __init__(self, folder: pathlib.Path) -> None:
        subprocess.run([MOTO, "install"], check=True)
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(folder / "moto.log", "wb")
        self.process = subprocess.Popen([MOTO, "serve", str(self.port)], stdout=self.log, stderr=self.log)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def is_up(self) -> bool:
        assert self.process.poll() is None, (self.folder / "moto.log").read_text()[-2000:]
        try:
            urllib.request.urlopen(f"{self.url}/moto-api/", timeout=2).close()
            return True
        except OSError:
            return False

    def client(self, service: str) -> Any:
        session = botocore.session.Session()
        session.set_credentials("setup", "setup")
        config = botocore.config.Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
        return session.create_client(service, region_name=REGION, endpoint_url=self.url, config=config)

    def user(self, service: str, name: str = "carillon") -> Any:
        """A client with that user's keys, for when signatures are checked."""
        key = self.keys[name]
        session = botocore.session.Session()
        session.set_credentials(key["AccessKeyId"], key["SecretAccessKey"])
        return session.create_client(service, region_name=REGION, endpoint_url=self.url)

    def environment(self, name: str = "carillon") -> dict[str, str]:
        """What a process of that user has; all other places where keys may be are shut."""
        key = self.keys[name]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
                "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(self.folder)}

    def fill(self) -> None:
        iam, sns, sqs, s3 = (self.client(name) for name in ("iam", "sns", "sqs", "s3"))
        self.keys = {}
        for user, policy in (("carillon", EVERYTHING), ("nobody", None)):
            iam.create_user(UserName=user)
            self.keys[user] = iam.create_access_key(UserName=user)["AccessKey"]
            if policy:
                iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)
        role = iam.create_role(RoleName="carillon-role", AssumeRolePolicyDocument=EVERYTHING)["Role"]["Arn"]
        iam.put_role_policy(RoleName="carillon-role", PolicyName="p", PolicyDocument=EVERYTHING)
        self.role = role
        self.role_keys = self.client("sts").assume_role(RoleArn=role, RoleSessionName="instance")["Credentials"]

        fifo = {"FifoTopic": "true"}, {"FifoQueue": "true", "VisibilityTimeout": "0"}
        self.topic, self.queue = self.subscribe(sns, sqs, "calls", {}, {})
        self.fifo_topic, self.fifo_queue = self.subscribe(sns, sqs, "calls.fifo", *fifo)
        self.plain_queue = sqs.create_queue(QueueName="plain")["QueueUrl"]
        s3.create_bucket(Bucket="prompts", CreateBucketConfiguration={"LocationConstraint": REGION})
        for number in range(5):
            s3.put_object(Bucket="prompts", Key=f"he/prompt {number}.wav", Body=b"RIFF" + bytes(range(100)))
        s3.put_object(Bucket="prompts", Key="other.wav", Body=b"x")

    @staticmethod
    def subscribe(sns: Any, sqs: Any, name: str, topic_attributes: dict[str, str], queue_attributes: dict[str, str]) -> tuple[str, str]:
        topic = sns.create_topic(Name=name, Attributes=topic_attributes)["TopicArn"]
        queue = sqs.create_queue(QueueName=name, Attributes=queue_attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        return topic, queue

    def check_signatures(self) -> None:
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=5).close()


Answer = tuple[int, dict[str, str], bytes]


def gate(aws: Aws, judge: Callable[[http.server.BaseHTTPRequestHandler], Answer | None]) -> Server:
    """Before moto: what `judge` has an answer for goes no further."""
    def answer(request: http.server.BaseHTTPRequestHandler, body: bytes) -> Answer:
        if (own := judge(request)) is not None:
            return own
        onward = urllib.request.Request(aws.url + request.path, data=body, method=request.command, headers=dict(request.headers.items()))
        try:
            with urllib.request.urlopen(onward, timeout=20) as good:
                return good.status, {"Content-Type": good.headers["Content-Type"]}, good.read()
        except urllib.error.HTTPError as bad:
            return bad.code, {}, bad.read()

    return Server(answer)


def front(aws: Aws, refusals: list[Answer]) -> Server:
    """Before moto: the first requests get the refusals, the others go through as they are."""
    left = list(refusals)
    return gate(aws, lambda _: left.pop(0) if left else None)


def refusal(status: int, code: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return status, headers, f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()
