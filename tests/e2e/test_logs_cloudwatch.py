"""CloudWatch Logs and CloudWatch through stock boto3."""
import datetime
import json
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


def points(cloudwatch, namespace, metric, statistic, **dimensions):
    """The statistic over the last and the coming minutes; None if there is no data."""
    now = datetime.datetime.now(datetime.timezone.utc)
    datapoints = cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName=metric, Period=60, Statistics=[statistic],
        Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
        StartTime=now - datetime.timedelta(minutes=5), EndTime=now + datetime.timedelta(minutes=5))["Datapoints"]
    return sum(p[statistic] for p in datapoints) if datapoints else None


def put_lines(logs, group, *messages):
    now = int(time.time() * 1000)
    logs.create_log_stream(logGroupName=group, logStreamName="lines")
    logs.put_log_events(logGroupName=group, logStreamName="lines",
                        logEvents=[{"timestamp": now, "message": m} for m in messages])


@pytest.mark.parametrize("pattern, expected", [
    ('{ $.latency > 100 && $.stage = "ing*" }', [1]), ("[..., status = 4*, size > 1000]", [2]),
    ("%4[0-9]{2}%", [2]), ("?latency ?GET", [1, 2]), ("status -latency", [3])])
def test_filter_patterns(logs, group, pattern, expected):
    lines = [json.dumps({"latency": 120, "stage": "ingest"}), '10.0.0.1 "GET / HTTP/1.0" 404 1534', "status ok"]
    matches = logs.test_metric_filter(filterPattern=pattern, logEventMessages=lines)["matches"]
    assert [m["eventNumber"] for m in matches] == expected
    put_lines(logs, group, *lines)
    found = logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]
    assert [e["message"] for e in found] == [lines[n - 1] for n in expected]


def test_a_malformed_pattern_is_refused(logs, group):
    for pattern in ("{ $.a = 1", "a.b", "[a, b", "%(a)%"):
        with pytest.raises(logs.exceptions.InvalidParameterException):
            logs.filter_log_events(logGroupName=group, filterPattern=pattern)


def test_a_metric_filter_makes_metrics(logs, cloudwatch, group, name):
    transformation = {"metricName": "Latency", "metricNamespace": name, "metricValue": "$.latency",
                      "unit": "Milliseconds", "dimensions": {"Stage": "$.stage"}}
    with pytest.raises(logs.exceptions.InvalidParameterException):  # there are no properties in what it finds
        logs.put_metric_filter(logGroupName=group, filterName="slow", filterPattern="latency",
                               metricTransformations=[transformation])
    # A pattern of JSON need not name all that is asked for.
    logs.put_metric_filter(logGroupName=group, filterName="slow", filterPattern="{ $.stage = * }",
                           metricTransformations=[transformation])
    logs.put_metric_filter(logGroupName=group, filterName="slow",
                           filterPattern="{ $.latency = * && ($.stage = * || $.stage NOT EXISTS) }",
                           metricTransformations=[transformation])
    logs.put_metric_filter(logGroupName=group, filterName="lines", filterPattern="",
                           metricTransformations=[{"metricName": "Lines", "metricNamespace": name, "metricValue": "1"}])
    shown = logs.describe_metric_filters(logGroupName=group, filterNamePrefix="slow")["metricFilters"]
    assert [(f["filterName"], f["metricTransformations"][0]["dimensions"]) for f in shown] == \
        [("slow", {"Stage": "$.stage"})]
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["metricFilterCount"] == 2
    put_lines(logs, group, "no JSON")
    logs.put_log_events(logGroupName=group, logStreamName="lines", logEvents=[
        {"timestamp": int(time.time() * 1000), "message": json.dumps(message)}
        for message in ({"latency": 30, "stage": "ingest"}, {"latency": 50})])
    assert points(cloudwatch, name, "Lines", "Sum") == 3
    assert points(cloudwatch, name, "Latency", "Average", Stage="ingest") == 30
    assert points(cloudwatch, name, "Latency", "Average") == 50  # an event without a stage
    assert points(cloudwatch, "AWS/Logs", "IncomingLogEvents", "Sum", LogGroupName=group) == 3
    logs.delete_metric_filter(logGroupName=group, filterName="slow")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_metric_filter(logGroupName=group, filterName="slow")


def test_embedded_metrics_are_extracted(logs, cloudwatch, group, name):
    def line(**members):
        return json.dumps({"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [
            {"Namespace": name, "Dimensions": [["stage"], []],
             "Metrics": [{"Name": "time", "Unit": "Milliseconds"}]}]}, **members})
    put_lines(logs, group, line(stage="live", time=[10, 30]), line(stage="live"), "plain")
    assert points(cloudwatch, name, "time", "Sum", stage="live") == 40
    assert points(cloudwatch, name, "time", "SampleCount") == 2
    assert points(cloudwatch, "AWS/Logs", "EMFValidationErrors", "Sum", LogGroupName=group) == 1
    assert len(logs.filter_log_events(logGroupName=group)["events"]) == 3


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
