"""Asks with one boto3 session before and after the kubelet has renewed the pod's token. A line of JSON each time."""

import json
import os
import sys
import time

import boto3
from botocore.exceptions import ClientError


def token():
    with open(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"], encoding="utf-8") as file:
        return file.read()


def say(**facts):
    print(json.dumps({"pid": os.getpid(), **facts}), flush=True)


session = boto3.Session()
# boto3 renews credentials in their last quarter of an hour: such as live no longer than that, before each call.
session.events.register(
    "before-parameter-build.sts.AssumeRoleWithWebIdentity",
    lambda params, **_: params.update(DurationSeconds=900),
)
sts = session.client("sts")
ssm = session.client("ssm")


def ask():
    arn = sts.get_caller_identity()["Arn"]
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/demo", Recursive=True, WithDecryption=True)
    read = {found["Name"]: found["Value"] for page in pages for found in page["Parameters"]}
    say(arn=arn, read=read)


def refused(call, **params):
    try:
        call(**params)
    except ClientError as error:
        say(refused=str(error))
    else:
        sys.exit("it was not refused")


if sys.argv[1:] == ["stranger"]:
    refused(sts.get_caller_identity)
    sys.exit()
first = token()
ask()
refused(ssm.put_parameter, Name="/demo/greeting", Value="bye", Type="String", Overwrite=True)
while token() == first:
    time.sleep(0.2)
ask()
