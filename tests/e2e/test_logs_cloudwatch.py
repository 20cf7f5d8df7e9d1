"""CloudWatch Logs and CloudWatch through stock boto3."""
import datetime
import time

import pytest
from botocore.exceptions import ClientError
from till_process import eventually


@pytest.fixture
def group(logs, name):
    logs.create_log_group(logGroupName="/test/" + name)
    yield "/test/" + name
    logs.delete_log_group(logGroupName="/test/" + name)


def test_lines_come_back_in_order(logs, group):
    now = int(time.time() * 1000)
    logs.create_log_stream(logGroupName=group, logStreamName="s/1")
    logs.put_log_events(logGroupName=group, logStreamName="s/1", logEvents=[
        {"timestamp": now - 2, "message": "START"}, {"timestamp": now - 1, "message": "stored größer"},
        {"timestamp": now, "message": "END"}])
    got = logs.get_log_events(logGroupName=group, logStreamName="s/1", startFromHead=True)["events"]
    assert [e["message"] for e in got] == ["START", "stored größer", "END"]
    found = eventually(lambda: logs.filter_log_events(logGroupName=group, filterPattern="stored")["events"])
    assert [(e["message"], e["logStreamName"]) for e in found] == [("stored größer", "s/1")]
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert [s["logStreamName"] for s in streams] == ["s/1"]
    groups = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert [g["logGroupName"] for g in groups] == [group]


def test_errors_of_logs(logs, group):
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName=group, logStreamName="none")
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[
            {"timestamp": 2000000000000, "message": "b"}, {"timestamp": 1, "message": "a"}])


def test_a_metric_can_be_read_back(cloudwatch, name):
    now = datetime.datetime.now(datetime.timezone.utc)
    dimensions = [{"Name": "Stage", "Value": "process"}]
    cloudwatch.put_metric_data(Namespace=name, MetricData=[
        {"MetricName": "Stored", "Dimensions": dimensions, "Timestamp": now, "Value": value, "Unit": "Count"}
        for value in (1, 2, 6)])
    metrics = cloudwatch.list_metrics(Namespace=name)["Metrics"]
    assert [(m["MetricName"], m["Dimensions"]) for m in metrics] == [("Stored", dimensions)]
    points = cloudwatch.get_metric_statistics(
        Namespace=name, MetricName="Stored", Dimensions=dimensions, Period=60,
        StartTime=now - datetime.timedelta(minutes=5), EndTime=now + datetime.timedelta(minutes=5),
        Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"])["Datapoints"]
    assert [(p["Sum"], p["Average"], p["Minimum"], p["Maximum"], p["SampleCount"]) for p in points] == [(9, 3, 1, 6, 3)]
    with pytest.raises(ClientError) as period:
        cloudwatch.get_metric_statistics(Namespace=name, MetricName="Stored", Period=7, StartTime=now,
                                         EndTime=now + datetime.timedelta(minutes=1), Statistics=["Sum"])
    assert period.value.response["Error"]["Code"] in ("InvalidParameterValue", "ValidationError")
