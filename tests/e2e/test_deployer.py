"""The deployer's policy (`till export deployer-policy`): the commands it is for work with it, and need all of it."""
import contextlib
import fnmatch
import json
import re

from till_process import EXAMPLE, till

OK = 0  # src/cli/exit_code.h
# AWS asks for it where a function gets its role; the engine does not.
NOT_OF_THE_ENGINE = {"iam:PassRole"}
SECRET = {"SHOP_SECRET": "a secret"}
FIRST = """
[intake]
verify = "hmac"
header = "X-Signature"
secret_variable = "SHOP_SECRET"
[order]
id = "/transaction_id"
amount = "/amount"
item = "/item"
[[rules]]
name = "some"
filter = '{"amount": [{"numeric": [">", 100]}]}'
emails = ["me@example.com"]
"""
# Every kind of resource has something to be changed or to be removed.
SECOND = """
[stack]
tags = { team = "shop" }
batch_size = 5
log_retention_days = 7
[alarms]
duration_ms = 1500
[functions.process]
memory = 512
"""


class Deployer:
    """A role whose session runs `till`, with a policy that grows by what is denied."""

    def __init__(self, server, name):
        self.server, self.name, self.iam, self.needs = server, name, server.client("iam"), {}
        anyone = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(anyone))["Role"]["Arn"]
        keys = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        self.keys = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                     "AWS_SESSION_TOKEN": keys["SessionToken"]}

    def may(self, statements):
        self.iam.put_role_policy(RoleName=self.name, PolicyName="deployer", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": statements}))

    def run(self, *arguments):
        return till(*arguments, "--endpoint", self.server.endpoint, **self.keys, **SECRET)

    def needed(self, *arguments):
        """Runs a command until it is done, and each time gives it what it was denied."""
        for _ in range(60):
            done = self.run(*arguments)
            denied = self._denied(done)
            if not denied:
                return done
            assert any(resource not in self.needs.get(action, ()) for action, resource in denied), done
            for action, resource in denied:
                self.needs.setdefault(action, set()).add(resource)
            self.may([{"Effect": "Allow", "Action": action, "Resource": sorted(resources)}
                      for action, resources in sorted(self.needs.items())])
        raise AssertionError(f"{arguments} is denied ever more: {sorted(self.needs)}")

    @staticmethod
    def _denied(done):
        return set(re.findall(r"is not authorized to perform: (\w+:\w+)(?: on resource: \"?([^\s\"]+?)[\".]?(?:\s|$))?",
                              done.err + done.out))


def test_discover(serve, tmp_path, name):
    server = serve("--memory")
    deployer = Deployer(server, name)
    deployer.may([{"Effect": "Deny", "Action": "sqs:Never", "Resource": "*"}])
    (tmp_path / "first.toml").write_text(FIRST)
    (tmp_path / "second.toml").write_text(SECOND)
    for arguments in (["up", "--file", tmp_path / "first.toml"], ["run", "--file", tmp_path / "first.toml", EXAMPLE],
                      ["status"], ["up", "--file", tmp_path / "second.toml"], ["down", "--yes"]):
        done = deployer.needed(*arguments)
        print(arguments, done)
    print(json.dumps({a: sorted(r) for a, r in sorted(deployer.needs.items())}, indent=1))
    assert 0
