"""SNS through stock boto3: topics, delivery to SQS in both forms and to webhooks, error classes."""
import http.server
import json
import threading
import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from till_process import PATIENCE, eventually


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


@pytest.fixture
def webhook():
    """An http endpoint that keeps the requests it gets. While `let_go` is set, it answers with `statuses`, then 200."""
    class Hook(http.server.BaseHTTPRequestHandler):
        requests, statuses, let_go = [], [], threading.Event()

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            Hook.requests.append((dict(self.headers), body))
            Hook.let_go.wait()
            self.send_response(Hook.statuses.pop(0) if Hook.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    Hook.let_go.set()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        Hook.url = f"http://127.0.0.1:{listening.server_port}/hook?x=1"
        yield Hook
        Hook.let_go.set()
        listening.shutdown()
        thread.join()


def envelopes(webhook, kind):
    return [json.loads(body) for headers, body in webhook.requests if headers["x-amz-sns-message-type"] == kind]


def get(url):
    """Follows a link as a browser does, without any signature."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_webhook_confirms_and_is_notified(sns, topic, webhook):
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=webhook.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    asked = eventually(lambda: envelopes(webhook, "SubscriptionConfirmation"), what="the request to confirm")[0]
    assert asked["TopicArn"] == topic
    status, page = get(asked["SubscribeURL"].replace("Token=", "Token=0"))
    assert status == 400 and "InvalidParameter" in page
    status, page = get(asked["SubscribeURL"])
    assert status == 200 and "ConfirmSubscriptionResponse" in page
    subscription = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"]
    assert subscription in page
    sent = sns.publish(TopicArn=topic, Subject="s", Message="hello")
    got = eventually(lambda: envelopes(webhook, "Notification"), what="a notification")[0]
    assert (got["MessageId"], got["Subject"], got["Message"]) == (sent["MessageId"], "s", "hello")
    headers = webhook.requests[-1][0]
    assert headers["x-amz-sns-subscription-arn"] == subscription
    assert headers["User-Agent"] == "Amazon Simple Notification Service Agent"
    status, pem = get(got["SigningCertURL"])
    assert status == 200 and pem.startswith("-----BEGIN CERTIFICATE-----")
    assert get(got["UnsubscribeURL"])[0] == 200
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    ended = eventually(lambda: envelopes(webhook, "UnsubscribeConfirmation"), what="word of the end")[0]
    assert get(ended["SubscribeURL"])[0] == 200
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"] == subscription


def test_a_webhook_that_hangs_does_not_hold_up_the_end(serve, webhook):
    first = serve()
    sns = first.client("sns")
    topic = sns.create_topic(Name="hanging")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=webhook.url,
                  Attributes={"DeliveryPolicy": json.dumps({"healthyRetryPolicy": {"numRetries": 0}})})
    asked = eventually(lambda: envelopes(webhook, "SubscriptionConfirmation"), what="the request to confirm")[0]
    assert get(asked["SubscribeURL"])[0] == 200
    webhook.let_go.clear()
    sns.publish(TopicArn=topic, Message="owed")
    eventually(lambda: envelopes(webhook, "Notification"), what="a delivery that hangs")
    begun = time.monotonic()
    first.stop()
    assert time.monotonic() - begun < 10 * PATIENCE, "it waited for the webhook"
    webhook.let_go.set()
    webhook.requests.clear()
    serve()
    owed = eventually(lambda: envelopes(webhook, "Notification"), what="the delivery after the restart")
    assert [message["Message"] for message in owed] == ["owed"]


def test_a_webhook_that_refuses_leaves_the_message_to_the_dead_letters(sns, sqs, topic, inbox, webhook):
    url, arn = inbox
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=webhook.url, Attributes={
        "RawMessageDelivery": "true", "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn}),
        "DeliveryPolicy": json.dumps({"healthyRetryPolicy": {"numRetries": 2, "numNoDelayRetries": 2}})})
    asked = eventually(lambda: envelopes(webhook, "SubscriptionConfirmation"), what="the request to confirm")[0]
    assert get(asked["SubscribeURL"])[0] == 200
    webhook.requests.clear()
    webhook.statuses[:] = [500, 503, 429, 404]
    sns.publish(TopicArn=topic, Message="tried three times")
    assert receive(sqs, url)["Body"] == "tried three times"
    assert len(webhook.requests) == 3
    assert all(headers["x-amz-sns-rawdelivery"] == "true" for headers, _ in webhook.requests)
    sns.publish(TopicArn=topic, Message="refused at once")
    assert receive(sqs, url)["Body"] == "refused at once"
    assert len(webhook.requests) == 4


def test_only_links_go_without_a_signature(server, topic):
    assert get(f"{server.endpoint}/?Action=DeleteTopic&TopicArn={topic}")[0] in (400, 403)
    assert get(f"{server.endpoint}/?Action=DeleteTopic&Version=2010-03-31&TopicArn={topic}")[0] == 403
    status, page = get(f"{server.endpoint}/?Action=ConfirmSubscription&TopicArn={topic}&Token=x"
                       "&X-Amz-Credential=test%2F20200101%2Fus-east-1%2Fsns%2Faws4_request")
    assert status in (400, 403) and "Token" not in page


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


def test_a_filter_policy_with_alternatives(sns, sqs, topic, inbox):
    url, arn = inbox
    policy = {"$or": [{"amount": [{"numeric": [">=", 100]}]}, {"from": [{"cidr": "10.0.0.0/8"}]}],
              "shop.name": ["boats"]}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={
        "RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps(policy)})
    for order in ({"amount": 99, "shop": {"name": "boats"}}, {"amount": 100, "shop": {"name": "cars"}},
                  {"from": "10.1.2.3", "shop": {"name": "boats"}}):
        sns.publish(TopicArn=topic, Message=json.dumps(order))
    assert json.loads(receive(sqs, url)["Body"])["from"] == "10.1.2.3"
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert left == {"ApproximateNumberOfMessages": "0"}
    with pytest.raises(sns.exceptions.InvalidParameterException) as bad:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn + "x",
                      Attributes={"FilterPolicy": json.dumps({"amount": [{"numeric": [">", 20, 30]}]})})
    assert bad.value.response["Error"]["Message"] == (
        "Invalid parameter: Attributes Reason: FilterPolicy: Bad value in numeric range: 30")


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


def test_subjects_are_utf_8(sns, topic):
    for good in ("Größe: 1 \N{ROCKET}", 100 * "ä", " x"):
        sns.publish(TopicArn=topic, Subject=good, Message="m")
    for bad in ("a\nb", "a\u0085", "\u2028", 101 * "ä"):
        with pytest.raises(sns.exceptions.InvalidParameterException, match="Invalid parameter: Subject"):
            sns.publish(TopicArn=topic, Subject=bad, Message="m")


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


def test_what_is_not_honoured_is_refused(sns, name):
    for attributes in ({"KmsMasterKeyId": "alias/mine"}, {"FifoTopic": "true"}, {"ArchivePolicy": "x"}):
        with pytest.raises(sns.exceptions.InvalidParameterException) as refused:
            sns.create_topic(Name=name + "-x", Attributes=attributes)
        assert next(iter(attributes)) in str(refused.value)


def test_refresh_of_infrastructure_tools_finds_the_defaults(sns, topic):
    assert sns.get_data_protection_policy(ResourceArn=topic)["DataProtectionPolicy"] == ""
    assert sns.get_sms_attributes()["attributes"] == {"MonthlySpendLimit": "1"}
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is True
    assert sns.list_platform_applications()["PlatformApplications"] == []
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == []
    assert sns.list_origination_numbers()["PhoneNumbers"] == []
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == []
    assert sns.check_if_phone_number_is_opted_out(phoneNumber="+15550100")["isOptedOut"] is False


def test_batch_with_one_bad_attribute_is_refused(sns, topic):
    entries = [{"Id": "a", "Message": "m"},
               {"Id": "b", "Message": "m", "MessageAttributes": {"k": {"DataType": "String", "StringValue": ""}}}]
    with pytest.raises(ClientError) as refused:
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert refused.value.response["Error"]["Code"] == "ParameterValueInvalid"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_permissions_change_the_policy(sns, topic):
    def sids():
        policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
        return [statement["Sid"] for statement in policy["Statement"]]

    before = sids()
    sns.add_permission(TopicArn=topic, Label="partner", AWSAccountId=["111122223333"], ActionName=["Publish"])
    assert sids() == before + ["partner"]
    sns.remove_permission(TopicArn=topic, Label="partner")
    assert sids() == before
