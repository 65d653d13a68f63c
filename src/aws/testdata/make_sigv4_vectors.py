#!/usr/bin/python3
"""Writes sigv4_vectors.json: requests, and what botocore (Debian's python3-botocore) signs them with.

    /usr/bin/python3 src/aws/testdata/make_sigv4_vectors.py

The requests named "suite-…" are those of AWS's published signature test suite (its keys, time, region and service), as far
as they need no path normalized and none sent unescaped, which our clients never do; botocore's signatures for them were
compared with those that AWS publishes. The others are requests as our clients send them.
Paths and queries are written decoded; how they are escaped is what is tested.
"""
import datetime
import json
import pathlib
import unittest.mock
from urllib.parse import quote

import botocore
import botocore.auth
import botocore.awsrequest
import botocore.credentials

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SUITE_TIME, OUR_TIME = "2015-08-30T12:36:00Z", "2026-11-22T12:34:56Z"
SUITE_TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
STS_TOKEN = ("AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/"
             "qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xV"
             "qr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==")
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FORM = [["content-type", "application/x-www-form-urlencoded; charset=utf-8"]]
BODY = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"  # SHA-256 of Param1=value1


def case(name, method, path="/", query=(), headers=(), body="", token="", service="service", host="example.amazonaws.com",
         region="us-east-1", time=SUITE_TIME):
    return {"name": name, "method": method, "host": host, "path": path, "query": list(map(list, query)),
            "headers": list(map(list, headers)), "body": body, "token": token, "service": service, "region": region, "time": time}


def ours(name, method, path, service, **more):
    return case(name, method, path, service=service, host="h.example", region="il-central-1", time=OUR_TIME, **more)


CASES = [
    case("suite-get-header-key-duplicate", "GET", headers=[["my-header1", "value2"], ["my-header1", "value2"], ["my-header1", "value1"]]),
    case("suite-get-header-value-order", "GET", headers=[["my-header1", f"value{n}"] for n in (4, 1, 3, 2)]),
    case("suite-get-header-value-trim", "GET", headers=[["my-header1", " value1"], ["my-header2", ' "a   b   c"']]),
    case("suite-get-unreserved", "GET", "/" + UNRESERVED),
    case("suite-get-vanilla", "GET"),
    case("suite-get-vanilla-empty-query-key", "GET", query=[["Param1", "value1"]]),
    case("suite-get-vanilla-query-order-encoded", "GET", query=[["Param-3", "Value3"], ["Param", "Value2"], ["\u1234", "Value1"]]),
    case("suite-get-vanilla-query-order-key-case", "GET", query=[["Param2", "value2"], ["Param1", "value1"]]),
    case("suite-get-vanilla-query-unreserved", "GET", query=[[UNRESERVED, UNRESERVED]]),
    case("suite-get-vanilla-utf8-query", "GET", query=[["\u1234", "bar"]]),
    case("suite-get-vanilla-with-session-token", "GET", token=SUITE_TOKEN),
    case("suite-post-header-key-sort", "POST", headers=[["my-header1", "value1"]]),
    case("suite-post-header-value-case", "POST", headers=[["my-header1", "VALUE1"]]),
    case("suite-post-sts-header-before", "POST", token=STS_TOKEN),
    case("suite-post-vanilla", "POST"),
    case("suite-post-vanilla-query", "POST", query=[["Param1", "value1"]]),
    case("suite-post-x-www-form-urlencoded", "POST", body="Param1=value1", headers=[
        ["content-type", "application/x-www-form-urlencoded"], ["content-length", "13"], ["x-amz-content-sha256", BODY]]),
    case("suite-post-x-www-form-urlencoded-parameters", "POST", body="Param1=value1", headers=[
        ["content-type", "application/x-www-form-urlencoded; charset=utf-8"], ["content-length", "13"], ["x-amz-content-sha256", BODY]]),
    ours("sns publish", "POST", "/", "sns", headers=FORM, body="Action=Publish&Message=h%C3%A9&Subject=a+b"),
    ours("sns publish with a token", "POST", "/", "sns", headers=FORM, body="A=1", token="TOK/a+=="),
    ours("sqs", "POST", "/", "sqs", headers=[["content-type", "application/x-amz-json-1.0"], ["x-amz-target", "AmazonSQS.SendMessage"]], body="{}"),
    ours("polly", "POST", "/v1/speech", "polly", headers=[["content-type", "application/json"]], body='{"Text":"x"}'),
    ours("a path that is escaped twice", "GET", "/v1/lexicons/\u00e9 x", "polly"),
    ours("sts", "POST", "/", "sts", headers=FORM, body="Action=AssumeRole"),
    ours("s3 get", "GET", "/b/a.wav", "s3"),
    ours("s3 get a range", "GET", "/b/a.wav", "s3", headers=[["range", "bytes=0-9"], ["if-none-match", '"abc"']]),
    ours("s3 odd key", "GET", "/b/a b/\u00e9\u05d0+=~!'()*&%25?#.wav", "s3", token="T"),
    ours("s3 slashes and dots in a key", "GET", "/b//a/../c/./", "s3"),
    ours("s3 list out of order", "GET", "/b", "s3", query=[["prefix", "a/b c"], ["list-type", "2"], ["continuation-token", "1+/=="]]),
    ours("s3 empty value", "GET", "/b", "s3", query=[["uploads", ""]]),
    ours("s3 names of which one begins the other", "GET", "/b", "s3", query=[["id-type", "x"], ["id", "9"], ["id", "10"]]),
    ours("s3 put", "PUT", "/b/x", "s3", headers=[["content-type", "audio/wav"]], body="RIFF"),
]


def authorization(each):
    moment = datetime.datetime.strptime(each["time"], "%Y-%m-%dT%H:%M:%SZ")
    query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in each["query"])
    url = f"https://{each['host']}{quote(each['path'], safe='/~')}" + (f"?{query}" if query else "")
    request = botocore.awsrequest.AWSRequest(method=each["method"], url=url, data=each["body"].encode())
    for name, value in each["headers"]:
        request.headers[name] = value  # adds, if it is there already
    signer = botocore.auth.S3SigV4Auth if each["service"] == "s3" else botocore.auth.SigV4Auth
    keys = botocore.credentials.Credentials(KEY, SECRET, each["token"] or None)

    class Then(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return moment

    with unittest.mock.patch("botocore.auth.datetime.datetime", Then):
        signer(keys, each["service"], each["region"]).add_auth(request)
    return request.headers["Authorization"]


if __name__ == "__main__":
    vectors = [{**each, "authorization": authorization(each)} for each in CASES]
    file = pathlib.Path(__file__).with_name("sigv4_vectors.json")
    text = {"made_by": f"make_sigv4_vectors.py with botocore {botocore.__version__}", "access_key_id": KEY, "secret_access_key": SECRET, "vectors": vectors}
    file.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(vectors)} vectors in {file.name}")
