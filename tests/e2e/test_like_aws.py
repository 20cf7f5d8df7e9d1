"""`till serve --like-aws`: faults that AWS may have, the same for the same seed; and what AWS never does is never done."""
import collections
import datetime
import email.utils
import json
import re
import types
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.endpoint
import botocore.httpsession
import pytest
from botocore.exceptions import ClientError
from lambda_functions import package
from till_process import REGION, ROOT, VirtualTill, eventually, till

LINE = re.compile(r"till: like-aws: (\S+) (\w+) (\w+) (\w+): (.*) \((?:call (\d+)|a call) of (.*)\)$", re.MULTILINE)
ANYBODY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
MAY_RECEIVE = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
    "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]}]})


class LikeAws(VirtualTill):
    def __init__(self, data, seed, *arguments):
        super().__init__(data, f"--like-aws={seed}", *arguments)
        self._stock = {}

    def stock(self, service):
        """boto3 as people use it who have chosen the SDKs' standard retries."""
        if service not in self._stock:
            self._stock[service] = boto3.client(
                service, endpoint_url=self.endpoint, aws_access_key_id="test", aws_secret_access_key="test",
                region_name=REGION, config=botocore.config.Config(retries={"mode": "standard"}))
        return self._stock[service]

    def faults(self):
        """Of each fault what the seed decides: (service, operation, kind, call, caller)."""
        return [(found[2], found[3], found[4], found[6], found[7]) for found in LINE.finditer(self.stderr_text())]

    def kinds(self):
        return {fault[2] for fault in self.faults()}

    def patiently(self, call, codes, seconds=30, **arguments):
        """Calls until there is an answer other than one of these errors; the clock moves on meanwhile. The answer and
        the errors that came before it."""
        seen = []
        for _ in range(seconds * 4):
            try:
                return call(**arguments), seen
            except ClientError as error:
                seen.append(error.response["Error"])
                if seen[-1]["Code"] not in codes:
                    raise
            self.advance(0.25)
        raise AssertionError(f"{call}: not in {seconds} s: {seen[-1]}")


@pytest.fixture
def like_aws(tmp_path, monkeypatch):
    """Starts engines; botocore sends again at once meanwhile, because their clock stands still anyway."""
    monkeypatch.setattr(botocore.endpoint, "time", types.SimpleNamespace(sleep=lambda seconds: None))
    started = []

    def start(seed, *arguments):
        started.append(LikeAws(tmp_path / f"engine{len(started)}", seed, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def make_table(engine, name):
    dynamodb = engine.stock("dynamodb")
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                          KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
    engine.advance(10)
    return dynamodb


def queue_traffic(engine, fifo=False, messages=120):
    """What was acknowledged, and what came, in order."""
    sqs = engine.stock("sqs")
    name = "orders.fifo" if fifo else "orders"
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    engine.advance(2)
    acknowledged, came = [], []
    for first in range(0, messages, 10):
        entries = [{"Id": str(i), "MessageBody": f"{i % 3} {i}", **({"MessageGroupId": str(i % 3)} if fifo else {})}
                   for i in range(first, first + 10)]
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
        acknowledged += [int(each["Id"]) for each in answer.get("Successful", [])]
        for failed in answer.get("Failed", []):
            assert failed["SenderFault"] is False
    dry = 0
    while dry < 12:
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        dry = 0 if received else dry + 1
        came += [int(message["Body"].split()[1]) for message in received]
        for message in received:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        engine.advance(0.5)
    return acknowledged, came


def test_a_standard_queue_loses_nothing_but_repeats_and_reorders(like_aws):
    engine = like_aws(8)
    acknowledged, came = queue_traffic(engine, messages=300)
    assert set(came) >= set(acknowledged), "an acknowledged message was lost"
    assert len(came) > len(set(came)), "some come twice"
    assert len(acknowledged) < 300, "some entries of batches fail"
    assert came != sorted(came)
    assert {"DuplicateDelivery", "Reordering", "ShortReceive", "EmptyReceive", "PartialBatch", "Throttle"} <= engine.kinds()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fifo_queue_keeps_order_and_repeats_nothing(like_aws, seed):
    engine = like_aws(seed)
    acknowledged, came = queue_traffic(engine, fifo=True)
    assert sorted(came) == acknowledged == list(range(120))
    for group in range(3):
        mine = [i for i in came if i % 3 == group]
        assert mine == sorted(mine)
    assert not engine.kinds() & {"DuplicateDelivery", "Reordering", "PartialBatch", "LateMessage"}
    assert "ShortReceive" in engine.kinds()


def traffic(engine):
    sqs = engine.stock("sqs")
    queue_traffic(engine, messages=60)
    dynamodb = make_table(engine, "items")
    for i in range(60):
        dynamodb.put_item(TableName="items", Item={"k": {"S": str(i % 7)}, "v": {"N": str(i)}})
        dynamodb.get_item(TableName="items", Key={"k": {"S": str(i % 7)}})
    sqs.list_queues()


def test_the_same_seed_gives_the_same_faults(like_aws):
    engines = [like_aws(seed) for seed in (11, 11, 12)]
    for engine in engines:
        traffic(engine)
    first, again, other = (engine.faults() for engine in engines)
    assert len(first) > 20
    assert again == first
    assert other != first


def test_each_fault_is_a_metric_and_a_line(like_aws):
    engine = like_aws(3)
    traffic(engine)
    told = collections.Counter(fault[:3] for fault in engine.faults())
    # The engine's own client: CloudWatch's answers are spoilt, too, and that is a fault more.
    cloudwatch = engine.stock("cloudwatch")
    now = datetime.datetime.fromisoformat(json.load(urllib.request.urlopen(engine.endpoint + "/_till/clock"))["now"])
    metrics = [metric for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace="Till/LikeAws")
               for metric in page["Metrics"]]
    counted = collections.Counter()
    for metric in metrics:
        by_name = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
        if by_name["Service"] == "cloudwatch":
            continue
        points = cloudwatch.get_metric_statistics(
            Namespace="Till/LikeAws", MetricName="Faults", Dimensions=metric["Dimensions"], Period=3600,
            Statistics=["Sum"], StartTime=now - datetime.timedelta(hours=2), EndTime=now + datetime.timedelta(hours=1))
        counted[by_name["Service"], by_name["Operation"], by_name["Fault"]] = sum(
            point["Sum"] for point in points["Datapoints"])
    assert counted == {key: count for key, count in told.items() if key[0] != "cloudwatch"}


@pytest.mark.parametrize("seed", [21, 22])
def test_strong_reads_and_conditions_are_exact(like_aws, seed):
    engine = like_aws(seed)
    dynamodb = make_table(engine, "items")
    model, stale = {}, 0
    for i in range(250):
        key = {"k": {"S": str(i * 7 % 10)}}
        name = key["k"]["S"]
        try:
            dynamodb.put_item(TableName="items", Item={**key, "v": {"N": str(i)}},
                              ConditionExpression="attribute_not_exists(k) OR v = :old",
                              ExpressionAttributeValues={":old": {"N": model.get(name, "-1")}})
        except dynamodb.exceptions.ConditionalCheckFailedException:
            pass  # sent again by botocore after its answer was lost
        model[name] = str(i)
        strong = dynamodb.get_item(TableName="items", Key=key, ConsistentRead=True)["Item"]
        assert strong["v"]["N"] == model[name]
        weak = dynamodb.get_item(TableName="items", Key=key).get("Item", {"v": {"N": "-1"}})
        if weak["v"]["N"] != model[name]:
            stale += 1
            assert int(weak["v"]["N"]) == i - 10 or i < 10
        engine.advance(0.02)
    assert stale > 10
    engine.advance(1)
    for name, value in model.items():
        assert dynamodb.get_item(TableName="items", Key={"k": {"S": name}})["Item"]["v"]["N"] == value, "after a second"
    assert len(dynamodb.scan(TableName="items", ConsistentRead=True)["Items"]) == 10
    assert {"StaleRead", "Throttle"} <= engine.kinds()


def test_s3_reads_what_was_written(like_aws):
    engine = like_aws(31)
    s3 = engine.stock("s3")
    s3.create_bucket(Bucket="shop-31")
    for i in range(120):
        key = f"k{i % 5}"
        s3.put_object(Bucket="shop-31", Key=key, Body=str(i).encode())
        assert s3.get_object(Bucket="shop-31", Key=key)["Body"].read() == str(i).encode()
        assert key in [each["Key"] for each in s3.list_objects_v2(Bucket="shop-31")["Contents"]]
    assert {"Throttle", "ServerError"} <= engine.kinds()
    raw = {(fault[1], fault[2]) for fault in engine.faults()}
    assert any(operation == "PutObject" for operation, _ in raw)


def test_batches_of_dynamodb_are_done_in_part_and_in_the_end(like_aws):
    engine = like_aws(41)
    dynamodb = make_table(engine, "items")
    for first in range(0, 500, 25):
        left = {"items": [{"PutRequest": {"Item": {"k": {"S": str(i)}}}} for i in range(first, first + 25)]}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]
        statements = [{"Statement": "INSERT INTO items VALUE {'k': ?}", "Parameters": [{"S": f"p{i}"}]}
                      for i in range(first, first + 25)]
        while statements:
            answers = dynamodb.batch_execute_statement(Statements=statements)["Responses"]
            assert len(answers) == len(statements)
            codes = {answer["Error"]["Code"] for answer in answers if "Error" in answer}
            assert codes <= {"ProvisionedThroughputExceeded", "DuplicateItem"}
            statements = [statement for statement, answer in zip(statements, answers)
                          if answer.get("Error", {}).get("Code") == "ProvisionedThroughputExceeded"]
    got, left = [], {"items": {"Keys": [{"k": {"S": str(i)}} for i in range(100)], "ConsistentRead": True}}
    while left:
        answer = dynamodb.batch_get_item(RequestItems=left)
        got += answer["Responses"].get("items", [])
        left = answer["UnprocessedKeys"]
    assert len(got) == 100
    assert len(dynamodb.scan(TableName="items", ConsistentRead=True)["Items"]) == 1000
    assert {"BatchWriteItem", "BatchExecuteStatement"} <= {f[1] for f in engine.faults() if f[2] == "PartialBatch"}


def test_tables_are_between_states_for_a_while(like_aws):
    engine = like_aws(51)
    dynamodb = engine.stock("dynamodb")
    request = {"TableName": "items", "BillingMode": "PAY_PER_REQUEST",
               "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
               "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}]}
    dynamodb.create_table(**request)
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.put_item(TableName="items", Item={"k": {"S": "a"}})
    with pytest.raises(dynamodb.exceptions.ResourceInUseException, match="Table is being created: items"):
        dynamodb.delete_table(TableName="items")
    described, _ = engine.patiently(dynamodb.describe_table, ["ResourceNotFoundException"], TableName="items")
    assert described["Table"]["TableStatus"] == "CREATING"
    engine.advance(6)
    assert dynamodb.describe_table(TableName="items")["Table"]["TableStatus"] == "ACTIVE"
    dynamodb.put_item(TableName="items", Item={"k": {"S": "a"}})
    dynamodb.update_table(TableName="items", DeletionProtectionEnabled=False)
    assert dynamodb.describe_table(TableName="items")["Table"]["TableStatus"] == "UPDATING"
    dynamodb.put_item(TableName="items", Item={"k": {"S": "b"}})
    engine.advance(4)
    dynamodb.delete_table(TableName="items")
    assert dynamodb.describe_table(TableName="items")["Table"]["TableStatus"] == "DELETING"
    _, errors = engine.patiently(dynamodb.create_table, ["ResourceInUseException"], **request)
    assert "Table is being deleted" in errors[0]["Message"]


def make_role(engine, name="worker"):
    iam = engine.stock("iam")
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=ANYBODY)["Role"]["Arn"], iam


def function_request(role, **more):
    return {"FunctionName": "work", "Runtime": "python3.12", "Handler": "app.handler", "Role": role,
            "Code": {"ZipFile": package(**{"app.py": "def handler(event, context):\n    return event\n"})}, **more}


def test_roles_policies_functions_and_mappings_take_their_time(like_aws):
    engine = like_aws(61)
    role, iam = make_role(engine)
    lambda_, sqs = engine.stock("lambda"), engine.stock("sqs")
    made, errors = engine.patiently(lambda_.create_function, ["InvalidParameterValueException"],
                                    **function_request(role, Environment={"Variables": {"MODE": "b"}}))
    assert made["State"] == "Pending"
    assert errors[0]["Message"] == "The role defined for the function cannot be assumed by Lambda."
    assert lambda_.get_function(FunctionName="work")["Configuration"]["State"] == "Pending"
    with pytest.raises(lambda_.exceptions.ResourceConflictException, match="in the following state: Pending"):
        lambda_.invoke(FunctionName="work")
    engine.advance(6)
    assert lambda_.get_function_configuration(FunctionName="work")["State"] == "Active"
    assert json.load(lambda_.invoke(FunctionName="work", Payload=b'"hello"')["Payload"]) == "hello"
    lambda_.update_function_configuration(FunctionName="work", Timeout=5)
    with pytest.raises(lambda_.exceptions.ResourceConflictException, match="An update is in progress for resource: arn"):
        lambda_.update_function_configuration(FunctionName="work", Timeout=6)
    engine.advance(4)

    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    engine.advance(2)
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    iam.put_role_policy(RoleName="worker", PolicyName="receive", PolicyDocument=MAY_RECEIVE)
    mapping, errors = engine.patiently(lambda_.create_event_source_mapping, ["InvalidParameterValueException"],
                                       EventSourceArn=queue, FunctionName="work")
    assert "does not have permissions to call ReceiveMessage on SQS" in errors[0]["Message"]
    uuid = mapping["UUID"]
    assert lambda_.get_event_source_mapping(UUID=uuid)["State"] == "Creating"
    with pytest.raises(lambda_.exceptions.ResourceInUseException):
        lambda_.delete_event_source_mapping(UUID=uuid)
    engine.advance(6)
    assert lambda_.get_event_source_mapping(UUID=uuid)["State"] == "Enabled"
    lambda_.delete_event_source_mapping(UUID=uuid)
    assert lambda_.get_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    with pytest.raises(lambda_.exceptions.ResourceConflictException, match=uuid):
        lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName="work")
    engine.advance(6)
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException):
        lambda_.get_event_source_mapping(UUID=uuid)


def test_a_permission_is_not_in_force_at_once(like_aws):
    engine = like_aws(71)
    role, _ = make_role(engine)
    engine.advance(12)
    lambda_, s3 = engine.stock("lambda"), engine.stock("s3")
    arn = lambda_.create_function(**function_request(role))["FunctionArn"]
    engine.advance(6)
    s3.create_bucket(Bucket="shop-71")
    lambda_.add_permission(FunctionName="work", StatementId="s3", Action="lambda:InvokeFunction",
                           Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::shop-71")
    _, errors = engine.patiently(
        s3.put_bucket_notification_configuration, ["InvalidArgument", "OperationAborted"], Bucket="shop-71",
        NotificationConfiguration={"LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
    assert "Unable to validate the following destination configurations" in {error["Message"] for error in errors}


def test_what_mappings_and_notifications_bring_is_spoilt_too(like_aws):
    engine = like_aws(2)
    role, iam = make_role(engine)
    iam.put_role_policy(RoleName="worker", PolicyName="receive", PolicyDocument=MAY_RECEIVE)
    engine.advance(15)
    lambda_, s3, sqs = engine.stock("lambda"), engine.stock("s3"), engine.stock("sqs")
    arn = lambda_.create_function(**function_request(role))["FunctionArn"]
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    engine.advance(6)
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName="work", BatchSize=10)
    s3.create_bucket(Bucket="shop-2")
    lambda_.add_permission(FunctionName="work", StatementId="s3", Action="lambda:InvokeFunction",
                           Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::shop-2")
    engine.advance(6)
    engine.patiently(s3.put_bucket_notification_configuration, ["OperationAborted"], Bucket="shop-2",
                     NotificationConfiguration={"LambdaFunctionConfigurations": [
                         {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
    for i in range(40):
        s3.put_object(Bucket="shop-2", Key=str(i), Body=b"x")
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(j), "MessageBody": "m"} for j in range(10)])

    def spoilt():
        engine.advance(1)
        return {(fault[2], fault[4]) for fault in engine.faults()} >= {
            ("RepeatedEvent", "notifications"), ("DuplicateDelivery", "event source mappings"),
            ("Reordering", "event source mappings"), ("ShortReceive", "event source mappings")}
    eventually(spoilt, timeout=60, what="a fault of each kind")


def test_a_role_may_nothing_until_its_first_policy_is_in_force(like_aws):
    engine = like_aws(81)
    iam, sts, sqs = engine.stock("iam"), engine.stock("sts"), engine.stock("sqs")
    everybody = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=everybody)["Role"]["Arn"]
    answer, errors = engine.patiently(sts.assume_role, ["AccessDenied"], RoleArn=role, RoleSessionName="session")
    assert errors
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    engine.advance(2)
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=MAY_RECEIVE)
    keys = answer["Credentials"]
    as_role = engine.client("sqs", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    refused = ["AccessDenied", "ThrottlingException", "InternalFailure"]
    _, errors = engine.patiently(as_role.receive_message, refused, QueueUrl=url)
    assert errors[0]["Code"] == "AccessDenied"


def test_lists_names_and_counters_lag(like_aws):
    engine = like_aws(91)
    sqs = engine.stock("sqs")
    missing = shown = not_yet = blocked = lagging = 0
    for i in range(12):
        url = sqs.create_queue(QueueName=f"q{i}")["QueueUrl"]
        missing += url not in sqs.list_queues().get("QueueUrls", [])
        try:
            sqs.get_queue_url(QueueName=f"q{i}")
        except sqs.exceptions.QueueDoesNotExist:
            not_yet += 1
        engine.advance(3)
        assert url in sqs.list_queues()["QueueUrls"], "three seconds are enough"
        for n in range(4):
            sqs.send_message(QueueUrl=url, MessageBody="m")
            counters = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            lagging += sum(int(counters["ApproximateNumberOfMessages" + more]) for more in ("", "Delayed")) < n + 1
        sqs.delete_queue(QueueUrl=url)
        shown += url in sqs.list_queues().get("QueueUrls", [])
        try:
            sqs.create_queue(QueueName=f"q{i}")
        except sqs.exceptions.QueueDeletedRecently:
            blocked += 1
        engine.advance(4)
        assert url not in sqs.list_queues().get("QueueUrls", [])
    assert blocked == 12
    assert missing and shown and not_yet and lagging, (missing, shown, not_yet, lagging)
    engine.advance(60)
    assert sqs.create_queue(QueueName="q0")["QueueUrl"].endswith("/q0")


def test_lists_of_subscriptions_lag(like_aws):
    engine = like_aws(92)
    sns = engine.stock("sns")
    topic = sns.create_topic(Name="topic")["TopicArn"]
    missing = shown = 0

    def listed(arn):
        lists = (sns.list_subscriptions()["Subscriptions"], sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"])
        found = {arn in [each["SubscriptionArn"] for each in one] for one in lists}
        assert len(found) == 1, "both lists know the same"
        return found.pop()

    for i in range(12):
        request = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:us-east-1:000000000000:q{i}"}
        arn = sns.subscribe(**request)["SubscriptionArn"]
        missing += not listed(arn)
        engine.advance(3)
        assert listed(arn)
        assert sns.subscribe(**request)["SubscriptionArn"] == arn
        assert listed(arn), "what was there does not go because it is asked for again"
        sns.unsubscribe(SubscriptionArn=arn)
        shown += listed(arn)
        engine.advance(4)
        assert not listed(arn)
    assert missing and shown


def test_attributes_are_shown_late_and_messages_found_late(like_aws):
    engine = like_aws(92)
    sqs = engine.stock("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    engine.advance(2)
    timeout = lambda: int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
                          ["Attributes"]["VisibilityTimeout"])
    late = 0
    for seconds in range(31, 41):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})
        shown = timeout()
        assert shown in (seconds - 1, seconds)
        late += shown != seconds
        engine.advance(10)
        assert timeout() == seconds
    assert 0 < late < 10
    for i in range(150):
        sqs.send_message(QueueUrl=url, MessageBody=str(i))
    assert {"LateMessage", "LaggingAttributes", "LostReply"} <= engine.kinds()
    engine.advance(6)  # counters are up to five seconds old
    came = int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"])
    assert came == 150 + sum(fault[1:3] == ("SendMessage", "LostReply") for fault in engine.faults())


def test_a_bucket_takes_one_change_at_a_time(like_aws):
    engine = like_aws(94)
    s3 = engine.stock("s3")
    aborted = 0
    for i in range(12):
        s3.create_bucket(Bucket=f"shop-94-{i}")
        _, errors = engine.patiently(s3.put_bucket_notification_configuration, ["OperationAborted"],
                                     Bucket=f"shop-94-{i}", NotificationConfiguration={})
        aborted += len(errors) > 0
        s3.put_object(Bucket=f"shop-94-{i}", Key="k", Body=b"objects are not kept from being changed")
    assert 0 < aborted < 12


def test_a_grant_comes_after_the_role(like_aws):
    engine = like_aws(95)
    lambda_ = engine.stock("lambda")
    words = []
    for i in range(8):
        role, _ = make_role(engine, f"r{i}")
        _, errors = engine.patiently(
            lambda_.create_function, ["InvalidParameterValueException"],
            **{**function_request(role, Environment={"Variables": {"MODE": "b"}}), "FunctionName": f"work{i}"})
        words += [error["Message"] for error in errors]
    assert any("KMS key is invalid for CreateGrant" in text for text in words)
    assert "KmsGrantNotYet" in engine.kinds()


def test_policies_on_their_way_out_keep_a_role(like_aws):
    engine = like_aws(7)
    iam = engine.stock("iam")
    conflicts = 0
    for i in range(6):
        make_role(engine, f"r{i}")
        engine.advance(2)
        iam.put_role_policy(RoleName=f"r{i}", PolicyName="p", PolicyDocument=MAY_RECEIVE)
        iam.delete_role_policy(RoleName=f"r{i}", PolicyName="p")
        _, errors = engine.patiently(iam.delete_role, ["DeleteConflict"], RoleName=f"r{i}")
        conflicts += len(errors) > 0
    assert conflicts


def test_a_service_takes_so_many_calls_a_second(like_aws):
    engine = like_aws(1, "--like-aws-rate", "iam=2")
    iam = engine.client("iam")
    refused = []
    for _ in range(20):
        try:
            iam.list_roles()
        except ClientError as error:
            refused.append((error.response["Error"]["Code"], error.response["Error"]["Message"]))
    assert refused.count(("Throttling", "Rate exceeded")) >= 10
    assert "RateLimit" in engine.kinds()

    def asks_again():
        try:
            return iam.list_roles()
        except ClientError:
            return None
    eventually(asks_again, what="an answer to who asks slowly")


def test_a_wrong_clock_is_seen_in_the_date_and_in_signatures(serve):
    server = serve("--memory", "--clock-skew", "600")
    with pytest.raises(ClientError) as refused:
        server.client("sqs").list_queues()
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert "Signature expired" in refused.value.response["Error"]["Message"]
    headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
    date = email.utils.parsedate_to_datetime(headers["date"])
    skew = (date - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert 590 < skew < 610

    class Signer(botocore.auth.SigV4Auth):
        """Signs by the time that the engine has told."""
        def add_auth(self, request):
            told = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew)
            request.context["timestamp"] = told.strftime("%Y%m%dT%H%M%SZ")
            self._modify_request_before_signing(request)
            canonical = self.canonical_request(request)
            self._inject_signature_to_request(request, self.signature(self.string_to_sign(request, canonical), request))

    request = botocore.awsrequest.AWSRequest("POST", server.endpoint, data=b"{}", headers={
        "X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"})
    Signer(botocore.credentials.Credentials("test", "test"), "sqs", REGION).add_auth(request)
    assert botocore.httpsession.URLLib3Session().send(request.prepare()).status_code == 200


def test_every_kind_of_fault_is_in_the_table():
    told = re.compile(r'(?:tell|refuse)\(\s*call,\s*"(\w+)"|\.kind = "(\w+)"')
    kinds = {name for path in (ROOT / "src/like_aws").glob("*") if "test" not in path.name
             for names in told.findall(path.read_text()) for name in names if name}
    assert len(kinds) > 25
    table = set(re.findall(r"`(\w+)`", "".join(
        line.split("|")[1] for line in (ROOT / "docs/like-aws.md").read_text().splitlines() if line.startswith("| `"))))
    assert table == kinds


def test_serve_says_which_seed_it_has_drawn(serve):
    server = serve("--memory", "--like-aws")
    assert re.search(r"like-aws: .* the same again with --like-aws=\d+\n", server.stderr_text())


@pytest.mark.parametrize("arguments, words", [
    (["--like-aws=x"], "not a seed: x"),
    (["--like-aws", "--like-aws-rate", "ec2=2"], "ec2=2"),
    (["--like-aws", "--like-aws-rate", "iam=0"], "iam=0"),
    (["--like-aws-rate", "iam=2"], "add --like-aws"),
    (["--clock-skew", "x"], "--clock-skew"),
])
def test_options_that_cannot_be(tmp_path, arguments, words):
    answer = till("serve", "--port", "0", "--memory", "--data", tmp_path / "data", *arguments)
    assert answer.code == 2 and words in answer.err, answer
