"""Runs the AWS CLI in one pod before and after the kubelet has renewed its token. A line of JSON for each command."""

import json
import os
import subprocess
import sys
import time

program = sys.argv[1]


def token():
    with open(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"], encoding="utf-8") as file:
        return file.read()


def aws(*args):
    run = subprocess.run([program, *args, "--output=text"], capture_output=True, text=True)
    print(json.dumps({"code": run.returncode, "out": run.stdout.strip(), "err": run.stderr.strip()}), flush=True)


first = token()
aws("sts", "get-caller-identity", "--query=Arn")
path = ["--path=/demo", "--recursive", "--with-decryption"]
aws("ssm", "get-parameters-by-path", *path, "--query=Parameters[*].[Name,Value]")
aws("ssm", "put-parameter", "--name=/demo/greeting", "--value=bye", "--type=String", "--overwrite")
while token() == first:
    time.sleep(0.2)
aws("ssm", "get-parameter", "--name=/demo/greeting", "--query=Parameter.Value")
aws("sts", "get-caller-identity", "--query=Arn")
