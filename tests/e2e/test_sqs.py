"""SQS through stock boto3: the life of a message, dead letters, error classes, and the old query protocol."""
import hashlib
import json
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError
from till_process import REGION, eventually


@pytest.fixture
def queue(sqs, name):
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def arn_of(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def test_a_message_comes_and_goes(sqs, queue):
    sent = sqs.send_message(QueueUrl=queue, MessageBody="größer ☃",
                            MessageAttributes={"source": {"DataType": "String", "StringValue": "u-1#0"},
                                               "blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}})
    assert sent["MD5OfMessageBody"] == hashlib.md5("größer ☃".encode()).hexdigest()
    got = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MessageAttributeNames=["All"],
                              MessageSystemAttributeNames=["All"])["Messages"]
    assert [m["Body"] for m in got] == ["größer ☃"]
    assert got[0]["MessageId"] == sent["MessageId"]
    assert got[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert got[0]["MessageAttributes"]["source"]["StringValue"] == "u-1#0"
    assert got[0]["MessageAttributes"]["blob"]["BinaryValue"] == b"\x00\xff"
    assert "Messages" not in sqs.receive_message(QueueUrl=queue), "it is in flight"
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=got[0]["ReceiptHandle"], VisibilityTimeout=0)
    again = sqs.receive_message(QueueUrl=queue, MessageSystemAttributeNames=["All"])["Messages"]
    assert again[0]["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=again[0]["ReceiptHandle"])
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == left["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_batches_report_each_entry(sqs, queue):
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=[
        {"Id": "good", "MessageBody": "1"},
        {"Id": "bad", "MessageBody": "2", "DelaySeconds": 901},
        {"Id": "best", "MessageBody": "3"}])
    assert {e["Id"] for e in answer["Successful"]} == {"good", "best"}
    assert [(e["Id"], e["SenderFault"]) for e in answer["Failed"]] == [("bad", True)]
    received = {}
    def all_here():
        for m in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            received[m["Body"]] = m["ReceiptHandle"]
        return len(received) == 2
    eventually(all_here)
    deleted = sqs.delete_message_batch(QueueUrl=queue, Entries=[
        {"Id": body, "ReceiptHandle": handle} for body, handle in received.items()])
    assert len(deleted["Successful"]) == 2


def test_a_queue_may_be_made_as_its_own_dead_letter_queue(sqs, queue, name):
    policy = json.dumps({"deadLetterTargetArn": arn_of(sqs, queue) + "-own", "maxReceiveCount": 1})
    own = sqs.create_queue(QueueName=queue.rsplit("/", 1)[1] + "-own", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    shown = sqs.get_queue_attributes(QueueUrl=own, AttributeNames=["RedrivePolicy"])["Attributes"]
    assert shown == {"RedrivePolicy": policy}
    sqs.delete_queue(QueueUrl=own)


def test_what_fails_too_often_goes_to_the_dead_letters(sqs, queue, name):
    dead = sqs.create_queue(QueueName=name + "-dlq")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 2})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=queue, MessageBody="poison")
    receives = 0
    def moved():
        nonlocal receives
        receives += len(sqs.receive_message(QueueUrl=queue).get("Messages", []))
        return sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0).get("Messages")
    assert eventually(moved)[0]["Body"] == "poison"
    assert receives == 2
    sqs.delete_queue(QueueUrl=dead)


def test_dead_letters_are_moved_back(sqs, queue, name):
    dead = sqs.create_queue(QueueName=name + "-dlq")["QueueUrl"]
    source = arn_of(sqs, dead)
    with pytest.raises(ClientError) as no_dlq:
        sqs.start_message_move_task(SourceArn=source)
    assert no_dlq.value.response["Error"]["Message"] == "Source queue must be configured as a Dead Letter Queue."
    policy = json.dumps({"deadLetterTargetArn": source, "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=queue, MessageBody="poison")

    def moved():
        sqs.receive_message(QueueUrl=queue)
        return sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"][
            "ApproximateNumberOfMessages"] == "1"
    eventually(moved)
    handle = sqs.start_message_move_task(SourceArn=source, MaxNumberOfMessagesPerSecond=50)["TaskHandle"]
    done = eventually(lambda: (task := sqs.list_message_move_tasks(SourceArn=source)["Results"][0])[
        "Status"] == "COMPLETED" and task)
    assert done["ApproximateNumberOfMessagesMoved"] == done["ApproximateNumberOfMessagesToMove"] == 1
    assert "TaskHandle" not in done and done["MaxNumberOfMessagesPerSecond"] == 50
    again = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MessageSystemAttributeNames=["All"])["Messages"][0]
    assert again["Body"] == "poison" and again["Attributes"]["ApproximateReceiveCount"] == "1"
    with pytest.raises(ClientError) as over:
        sqs.cancel_message_move_task(TaskHandle=handle)
    assert "Only active tasks" in over.value.response["Error"]["Message"]
    with pytest.raises(sqs.exceptions.ResourceNotFoundException):
        sqs.list_message_move_tasks(SourceArn=source + "-none")
    sqs.delete_queue(QueueUrl=dead)


def test_permissions_change_the_policy(sqs, queue):
    sqs.add_permission(QueueUrl=queue, Label="partner", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    policy = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]["Policy"]
    assert json.loads(policy)["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    sqs.remove_permission(QueueUrl=queue, Label="partner")
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])


def test_a_policy_that_nobody_understands_is_refused(sqs, queue, name):
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*",
        "Condition": {"PhaseOfTheMoon": {"aws:x": "y"}}}]}
    for text in ("{}", json.dumps(policy)):
        with pytest.raises(sqs.exceptions.InvalidAttributeValue):
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": text})
        with pytest.raises(sqs.exceptions.InvalidAttributeValue):
            sqs.create_queue(QueueName=name + "-x", Attributes={"Policy": text})


def test_keys_of_kms_are_refused_but_that_of_aws(sqs, queue):
    with pytest.raises(ClientError) as refused:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsMasterKeyId": "alias/mine"})
    assert "KmsMasterKeyId" in refused.value.response["Error"]["Message"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsMasterKeyId": "alias/aws/sqs"})
    shown = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert shown["KmsMasterKeyId"] == "alias/aws/sqs" and shown["SqsManagedSseEnabled"] == "false"


def test_creating_again_needs_the_same_attributes(sqs, queue, name):
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == queue
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "7"})


def test_errors_are_those_of_aws(sqs, queue, name):
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as missing:
        sqs.get_queue_url(QueueName=name + "-none")
    assert missing.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError) as handle:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle="nonsense")
    assert handle.value.response["Error"]["Code"] == "ReceiptHandleIsInvalid"
    with pytest.raises(ClientError) as attribute:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "43201"})
    assert attribute.value.response["Error"]["Code"] == "InvalidAttributeValue"
    with pytest.raises(sqs.exceptions.EmptyBatchRequest):
        sqs.send_message_batch(QueueUrl=queue, Entries=[])
    with pytest.raises(sqs.exceptions.BatchEntryIdsNotDistinct):
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "MessageBody": "1"}] * 2)
    with pytest.raises(ClientError) as unicode:
        sqs.send_message(QueueUrl=queue, MessageBody="\x01")
    assert unicode.value.response["Error"]["Code"] == "InvalidMessageContents"


def query(server, path="/", **form):
    """A call in SQS's old query protocol, signed by botocore."""
    body = urllib.parse.urlencode({"Version": "2012-11-05", **form})
    request = botocore.awsrequest.AWSRequest(
        "POST", server.endpoint + path, data=body,
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    credentials = botocore.credentials.Credentials("test", "test")
    botocore.auth.SigV4Auth(credentials, "sqs", REGION).add_auth(request)
    sendable = urllib.request.Request(server.endpoint + path, body.encode(), dict(request.headers.items()))
    try:
        with urllib.request.urlopen(sendable, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_query_protocol_is_spoken_too(server, sqs, queue):
    status, text = query(server, Action="SendMessage", QueueUrl=queue, MessageBody="by form & <more>")
    assert status == 200
    assert f"<MD5OfMessageBody>{hashlib.md5(b'by form & <more>').hexdigest()}</MD5OfMessageBody>" in text
    status, text = query(server, Action="ReceiveMessage", QueueUrl=queue, WaitTimeSeconds="5")
    assert status == 200 and "<Body>by form &amp; &lt;more&gt;</Body>" in text
    status, text = query(server, Action="GetQueueUrl", QueueName="no-such-queue")
    assert status == 400
    assert "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in text and "<Type>Sender</Type>" in text
    status, text = query(server, Action="Frobnicate")
    assert status == 400 and "<Code>InvalidAction</Code>" in text


def test_a_fifo_batch_with_one_entry_without_its_ids_is_refused(server, sqs, name):
    url = sqs.create_queue(QueueName=name + ".fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    good = {"Id": "a", "MessageBody": "m", "MessageGroupId": "g", "MessageDeduplicationId": "1"}
    missing = "The request must contain the parameter MessageGroupId."
    with pytest.raises(ClientError) as refused:
        sqs.send_message_batch(QueueUrl=url, Entries=[good, {"Id": "b", "MessageBody": "m"}])
    assert refused.value.response["Error"]["Message"] == missing
    status, text = query(server, Action="SendMessageBatch", QueueUrl=url, **{
        f"SendMessageBatchRequestEntry.1.{k}": v for k, v in good.items()}, **{
        "SendMessageBatchRequestEntry.2.Id": "b", "SendMessageBatchRequestEntry.2.MessageBody": "m"})
    assert status == 400 and missing in text
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == "0"
    sqs.delete_queue(QueueUrl=url)


def test_a_receive_is_asked_for_again(sqs, name):
    url = sqs.create_queue(QueueName=name + ".fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m", MessageGroupId="g", MessageDeduplicationId="1")
    first = sqs.receive_message(QueueUrl=url, ReceiveRequestAttemptId="a")["Messages"]
    assert sqs.receive_message(QueueUrl=url, ReceiveRequestAttemptId="a")["Messages"] == first
    assert "Messages" not in sqs.receive_message(QueueUrl=url, ReceiveRequestAttemptId="b")
    sqs.delete_queue(QueueUrl=url)
