"""CloudWatch alarms through stock boto3. States are set by hand here; the tests of evaluation have a virtual clock."""
import datetime
import json

import pytest
from botocore.exceptions import ClientError
from till_process import eventually


def metric_alarm(name, **more):
    """The first of the original's three alarms, on a metric of the test's own."""
    return dict({
        "AlarmName": name, "MetricName": "Errors", "Namespace": name, "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "FunctionName", "Value": "f"}]}, **more)


@pytest.fixture
def alarm(cloudwatch, name):
    cloudwatch.put_metric_alarm(**metric_alarm(name))
    yield name
    cloudwatch.delete_alarms(AlarmNames=[name])


def shown(client, name):
    return client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def summaries(client, name, **more):
    items = client.describe_alarm_history(AlarmName=name, AlarmTypes=["MetricAlarm", "CompositeAlarm"], **more)
    return [item["HistorySummary"] for item in items["AlarmHistoryItems"]]


def subscribed_queue(sns, sqs, name):
    """A topic, and the URL of a queue that gets its messages raw."""
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]})})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return topic, url


def next_notification(sqs, url):
    messages = eventually(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"),
                          what="a notification")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    return json.loads(messages[0]["Body"])


def test_a_new_alarm_is_shown_as_it_was_put(cloudwatch, server, alarm):
    found = shown(cloudwatch, alarm)
    times = [found.pop(key) for key in ("AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp",
                                        "StateTransitionedTimestamp")]
    assert times[0] == times[1] == times[2]
    assert found == {
        "AlarmName": alarm, "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{server.account}:alarm:{alarm}",
        "ActionsEnabled": True, "OKActions": [], "AlarmActions": [], "InsufficientDataActions": [],
        "StateValue": "INSUFFICIENT_DATA", "StateReason": "Unchecked: Initial alarm creation", "MetricName": "Errors",
        "Namespace": alarm, "Statistic": "Sum", "Dimensions": [{"Name": "FunctionName", "Value": "f"}], "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    by_metric = cloudwatch.describe_alarms_for_metric(
        MetricName="Errors", Namespace=alarm, Dimensions=[{"Name": "FunctionName", "Value": "f"}])["MetricAlarms"]
    assert [a["AlarmName"] for a in by_metric] == [alarm]
    assert cloudwatch.describe_alarms_for_metric(MetricName="Errors", Namespace=alarm)["MetricAlarms"] == []
    cloudwatch.get_waiter("alarm_exists").wait(AlarmNames=[alarm], WaiterConfig={"Delay": 1, "MaxAttempts": 2})


def test_errors_of_alarms(cloudwatch, alarm, name):
    with pytest.raises(ClientError) as invalid:
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="INVALID", StateReason="r")
    assert invalid.value.response["Error"]["Code"] == "ValidationError"
    assert "'INVALID' at 'stateValue' failed to satisfy constraint" in invalid.value.response["Error"]["Message"]
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound) as unknown:
        cloudwatch.set_alarm_state(AlarmName=name + "-none", StateValue="OK", StateReason="r")
    assert unknown.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.delete_alarms(AlarmNames=[alarm, name + "-none"])
    assert shown(cloudwatch, alarm)["AlarmName"] == alarm
    for change in ({"Period": 61}, {"ThresholdMetricId": "t"}, {"AlarmActions": ["arn:aws:swf:us-east-1:0:x"]},
                   {"Period": 60, "EvaluationPeriods": 1441}, {"TreatMissingData": "x"}):
        with pytest.raises(ClientError) as refused:
            cloudwatch.put_metric_alarm(**metric_alarm(name + "-bad", **change))
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400, change


def test_an_alarm_notifies_a_topic(cloudwatch, sns, sqs, alarm, name):
    topic, queue = subscribed_queue(sns, sqs, name)
    cloudwatch.put_metric_alarm(**metric_alarm(alarm, AlarmActions=[topic], AlarmDescription="d", Unit="Count"))
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    notification = next_notification(sqs, queue)
    assert notification["Subject"] == f'ALARM: "{alarm}" in US East (N. Virginia)'
    message = json.loads(notification["Message"])
    assert message["AlarmName"] == alarm and message["AlarmDescription"] == "d"
    assert (message["OldStateValue"], message["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert message["NewStateReason"] == "a test" and message["Region"] == "US East (N. Virginia)"
    assert message["AlarmActions"] == [topic]
    assert message["StateChangeTime"].endswith("+0000")
    assert message["Trigger"] == {
        "MetricName": "Errors", "Namespace": alarm, "StatisticType": "Statistic", "Statistic": "SUM", "Unit": "Count",
        "Dimensions": [{"value": "f", "name": "FunctionName"}], "Period": 60, "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1.0, "TreatMissingData": "",
        "EvaluateLowSampleCountPercentile": ""}
    action = eventually(lambda: [s for s in summaries(cloudwatch, alarm) if "action" in s], what="its history")
    assert action == [f"Successfully executed action {topic}"]
    assert summaries(cloudwatch, alarm, HistoryItemType="StateUpdate") == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM"]
    sns.delete_topic(TopicArn=topic)
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="again")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="again")
    eventually(lambda: any(s.startswith(f"Failed to execute action {topic}") for s in summaries(cloudwatch, alarm)),
               what="the failure in its history")


def test_actions_can_be_disabled(cloudwatch, sns, sqs, alarm, name):
    topic, queue = subscribed_queue(sns, sqs, name)
    cloudwatch.put_metric_alarm(**metric_alarm(alarm, AlarmActions=[topic], OKActions=[topic]))
    cloudwatch.disable_alarm_actions(AlarmNames=[alarm])
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="unheard")
    assert shown(cloudwatch, alarm)["ActionsEnabled"] is False
    cloudwatch.enable_alarm_actions(AlarmNames=[alarm])
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="heard")
    assert json.loads(next_notification(sqs, queue)["Message"])["NewStateReason"] == "heard"


def test_a_composite_alarm_follows_its_children(cloudwatch, sns, sqs, name):
    topic, queue = subscribed_queue(sns, sqs, name)
    children = [name + "-a", name + "-b"]
    for child in children:
        cloudwatch.put_metric_alarm(**metric_alarm(child))
    arn = shown(cloudwatch, children[1])["AlarmArn"]
    rule = f'ALARM({children[0]}) AND ALARM("{arn}")'
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, AlarmActions=[topic])

    def composite():
        return cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
    assert composite()["StateValue"] == "OK" and composite()["AlarmRule"] == rule
    for child in children:
        cloudwatch.set_alarm_state(AlarmName=child, StateValue="ALARM", StateReason="test")
    assert composite()["StateValue"] == "ALARM"
    assert composite()["StateReason"].startswith(f"{arn} transitioned to ALARM at ")
    triggers = json.loads(composite()["StateReasonData"])["triggeringAlarms"]
    assert [(t["arn"], t["state"]["value"]) for t in triggers] == [(arn, "ALARM")]
    message = json.loads(next_notification(sqs, queue)["Message"])
    assert message["AlarmRule"] == rule and "Trigger" not in message
    assert [(t["Arn"], t["State"]["Value"]) for t in message["TriggeringChildren"]] == [(arn, "ALARM")]
    with pytest.raises(ClientError) as needed:
        cloudwatch.delete_alarms(AlarmNames=children[:1])
    assert needed.value.response["Error"]["Message"] == (
        f"Cannot delete {children[0]} as there are composite alarm(s) depending on it.")
    cloudwatch.delete_alarms(AlarmNames=[name] + children)
    assert cloudwatch.describe_alarms(AlarmNamePrefix=name)["MetricAlarms"] == []


def test_tags_of_an_alarm(cloudwatch, name):
    cloudwatch.put_metric_alarm(**metric_alarm(name, Tags=[{"Key": "a", "Value": "1"}]))
    arn = shown(cloudwatch, name)["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    with pytest.raises(ClientError) as gone:
        cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    assert gone.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_alarms_survive_a_crash(serve, name):
    server = serve()
    server.client("cloudwatch").put_metric_alarm(**metric_alarm(name, Tags=[{"Key": "a", "Value": "1"}]))
    server.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="r")
    server.kill()
    cloudwatch = serve().client("cloudwatch")
    assert shown(cloudwatch, name)["StateValue"] == "ALARM"
    assert summaries(cloudwatch, name) == ["Alarm updated from INSUFFICIENT_DATA to ALARM", f'Alarm "{name}" created']


# --- With the clock in our hands: `till serve --clock virtual`.

def put_errors(cloudwatch, name, value):
    cloudwatch.put_metric_data(Namespace=name, MetricData=[{
        "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "f"}], "Value": value}])


def test_an_alarm_follows_its_metric(virtual_till, name):
    cloudwatch, sns, sqs = map(virtual_till.client, ("cloudwatch", "sns", "sqs"))
    topic, queue = subscribed_queue(sns, sqs, name)
    cloudwatch.put_metric_alarm(**metric_alarm(name, AlarmActions=[topic], OKActions=[topic],
                                               TreatMissingData="notBreaching"))
    put_errors(cloudwatch, name, 2)
    put_errors(cloudwatch, name, 3)
    virtual_till.advance(60)
    eventually(lambda: shown(cloudwatch, name)["StateValue"] == "ALARM", what="the alarm")
    alarm = shown(cloudwatch, name)
    assert alarm["StateReason"].startswith("Threshold Crossed: 1 datapoint [5.0 (")
    assert alarm["StateReason"].endswith(")] was greater than the threshold (1.0).")
    data = json.loads(alarm["StateReasonData"])
    assert data["recentDatapoints"] == [5.0] and data["evaluatedDatapoints"][0]["sampleCount"] == 2.0
    virtual_till.advance(300)
    eventually(lambda: shown(cloudwatch, name)["StateValue"] == "OK", what="the end of the alarm")
    states = [json.loads(next_notification(sqs, queue)["Message"])["NewStateValue"] for _ in range(2)]
    assert sorted(states) == ["ALARM", "OK"]


def test_an_hour_goes_by_minute_for_minute(virtual_till, name):
    cloudwatch = virtual_till.client("cloudwatch")
    cloudwatch.put_metric_alarm(**metric_alarm(name, EvaluationPeriods=3, DatapointsToAlarm=2))
    now = shown(cloudwatch, name)["StateUpdatedTimestamp"]
    for minute, value in enumerate([0, 9, 9, 0, 0, 0, 0]):
        cloudwatch.put_metric_data(Namespace=name, MetricData=[{
            "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "f"}], "Value": value,
            "Timestamp": now + datetime.timedelta(minutes=minute)}])
    virtual_till.advance(3600)
    wanted = ["Alarm updated from OK to INSUFFICIENT_DATA", "Alarm updated from ALARM to OK",
              "Alarm updated from OK to ALARM", "Alarm updated from INSUFFICIENT_DATA to OK"]
    eventually(lambda: summaries(cloudwatch, name, HistoryItemType="StateUpdate") == wanted, what="the history")


def test_a_metric_math_alarm(virtual_till, name):
    cloudwatch = virtual_till.client("cloudwatch")

    def stat(query, metric):
        return {"Id": query, "ReturnData": False, "MetricStat": {
            "Metric": {"Namespace": name, "MetricName": metric}, "Period": 60, "Stat": "Sum"}}
    cloudwatch.put_metric_alarm(
        AlarmName=name, EvaluationPeriods=1, Threshold=0.5, ComparisonOperator="GreaterThanThreshold",
        Metrics=[stat("bad", "Bad"), stat("all", "All"), {"Id": "ratio", "Expression": "bad / all", "Label": "share"}])
    cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "Bad", "Value": 3},
                                                           {"MetricName": "All", "Value": 4}])
    virtual_till.advance(60)
    eventually(lambda: shown(cloudwatch, name)["StateValue"] == "ALARM", what="the alarm")
    assert "[0.75 (" in shown(cloudwatch, name)["StateReason"]
    assert [q["Id"] for q in shown(cloudwatch, name)["Metrics"]] == ["bad", "all", "ratio"]
