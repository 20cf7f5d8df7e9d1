"""SNS through stock boto3: topics, delivery to SQS in both forms, error classes."""
import json

import pytest
from botocore.exceptions import ClientError
from till_process import eventually


@pytest.fixture
def topic(sns, name):
    arn = sns.create_topic(Name=name)["TopicArn"]
    yield arn
    sns.delete_topic(TopicArn=arn)


@pytest.fixture
def inbox(sqs, name, topic):
    """A queue that lets the topic send to it: (url, arn)."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    yield url, arn
    sqs.delete_queue(QueueUrl=url)


def receive(sqs, url):
    return eventually(lambda: sqs.receive_message(
        QueueUrl=url, WaitTimeSeconds=1, MessageAttributeNames=["All"]).get("Messages"), what="a delivery")[0]


def test_an_envelope_arrives_in_the_queue(sns, sqs, topic, inbox):
    url, arn = inbox
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    assert subscription.startswith(topic + ":")
    sent = sns.publish(TopicArn=topic, Subject="Large order", Message='{"amount": 60000}',
                       MessageAttributes={"event_id": {"DataType": "String", "StringValue": "7"}})
    envelope = json.loads(receive(sqs, url)["Body"])
    assert envelope["Type"] == "Notification"
    assert envelope["MessageId"] == sent["MessageId"]
    assert envelope["TopicArn"] == topic
    assert envelope["Subject"] == "Large order"
    assert envelope["Message"] == '{"amount": 60000}'
    assert envelope["MessageAttributes"] == {"event_id": {"Type": "String", "Value": "7"}}


def test_raw_delivery_has_no_envelope(sns, sqs, topic, inbox):
    url, arn = inbox
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    sns.publish(TopicArn=topic, Message="plain",
                MessageAttributes={"kind": {"DataType": "String", "StringValue": "x"}})
    got = receive(sqs, url)
    assert got["Body"] == "plain"
    assert got["MessageAttributes"]["kind"]["StringValue"] == "x"


def test_topics_and_subscriptions_are_listed(sns, topic, inbox):
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox[1])["SubscriptionArn"]
    assert sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox[1])["SubscriptionArn"] == subscription
    assert topic in [t["TopicArn"] for t in sns.list_topics()["Topics"]]
    assert [s["SubscriptionArn"] for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]] == [
        subscription]
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_an_email_lands_in_the_outbox(server, sns, topic, name):
    """`till serve` confirms addresses itself: nobody could follow a link in a letter that stays on this machine."""
    address = f"{name}@shop.example"

    def letters():
        outbox = server.data / "outbox"
        texts = [path.read_text(errors="replace") for path in outbox.glob("*.eml")] if outbox.exists() else []
        return [text for text in texts if f"To: {address}" in text and "a boat was sold" in text]

    subscription = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)["SubscriptionArn"]
    assert subscription.startswith(topic + ":")
    sns.publish(TopicArn=topic, Subject="Large order: 60000", Message="a boat was sold")
    assert "Subject: Large order: 60000" in eventually(letters, what="the letter")[0]


def test_errors_are_those_of_aws(sns, topic):
    with pytest.raises(sns.exceptions.NotFoundException) as missing:
        sns.publish(TopicArn=topic + "-none", Message="x")
    assert missing.value.response["Error"]["Code"] == "NotFound"
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(sns.exceptions.InvalidParameterException) as empty:
        sns.publish(TopicArn=topic, Message="")
    assert empty.value.response["Error"]["Code"] == "InvalidParameter"
    with pytest.raises(ClientError) as name:
        sns.create_topic(Name="not a name")
    assert name.value.response["Error"]["Code"] == "InvalidParameter"
