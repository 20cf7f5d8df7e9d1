"""CloudWatch's other protocols, as the SDKs for Go and Java (CBOR) and old ones (query) speak them, and GetMetricData."""
import datetime
import urllib.parse
import xml.etree.ElementTree

import pytest
from botocore.exceptions import ClientError
from protocol_client import PREFIX, ProtocolClient, send


def now():
    return datetime.datetime.now(datetime.timezone.utc)


@pytest.fixture
def cbor(server):
    return ProtocolClient(server, "smithy-rpc-v2-cbor")


def test_cbor_puts_and_reads_metrics(cbor, cloudwatch, name):
    at = now()
    data = [{"MetricName": "Orders", "Dimensions": [{"Name": "Site", "Value": "nord\u00e9"}], "Timestamp": at,
             "Values": [1, 2.5], "Counts": [2, 1], "Unit": "Count"}]
    put = cbor.call("PutMetricData", Namespace=name, MetricData=data)
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 200
    listed = cbor.call("ListMetrics", path_prefix="/anything", Namespace=name)
    assert listed["Metrics"] == [{"Namespace": name, "MetricName": "Orders", "Dimensions": data[0]["Dimensions"]}]
    assert "NextToken" not in listed
    question = dict(Namespace=name, MetricName="Orders", Dimensions=data[0]["Dimensions"], Period=60,
                    StartTime=at - datetime.timedelta(minutes=5), EndTime=at + datetime.timedelta(minutes=5),
                    Statistics=["Sum", "SampleCount", "Maximum"])
    points = cbor.call("GetMetricStatistics", **question)["Datapoints"]
    assert [(p["Sum"], p["SampleCount"], p["Maximum"], p["Unit"]) for p in points] == [(4.5, 3.0, 2.5, "Count")]
    assert points[0]["Timestamp"] == at.replace(second=0, microsecond=0)
    assert points == cloudwatch.get_metric_statistics(**question)["Datapoints"]
    question.update(ExtendedStatistics=["p50"])
    del question["Statistics"]
    assert cbor.call("GetMetricStatistics", **question)["Datapoints"][0]["ExtendedStatistics"] == {"p50": 1.0}


def test_cbor_errors(cbor, server, name):
    answer = cbor.call("PutMetricData", Namespace=name, MetricData=[{"MetricName": "m", "Value": 1.0, "Values": [1]}])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Code"] == "InvalidParameterCombination"
    assert answer["Error"]["QueryErrorCode"] == "InvalidParameterCombinationException"
    assert answer["Error"]["Type"] == "Sender"
    assert "MetricData.member.1.Value" in answer["Error"]["Message"]
    refused = cbor.call("PutMetricData", Namespace=name, MetricData=[], StrictEntityValidation=True)
    assert "StrictEntityValidation" in refused["Error"]["Message"]
    both = cbor.call("ListMetrics", more_headers={"X-Amz-Target": PREFIX + ".ListMetrics"})
    assert both["ResponseMetadata"]["HTTPStatusCode"] == 404
    request = cbor.serialize("ListMetrics", {})
    for body in (b"", b"\xa0", b"\xbf\xff"):
        assert send(server, request["url_path"], request["headers"], body)[0] == 200
    for body in (b"\xa1", b"\xbf", b"{}", b"\x9f" * 100, b"\xa1\x69NextToken\x01"):
        status, headers, content = send(server, request["url_path"], request["headers"], body)
        assert (status, headers["smithy-protocol"]) == (400, "rpc-v2-cbor") and b"SerializationException" in content


def queries(name):
    def metric(id_, metric_name, **more):
        return {"Id": id_, "MetricStat": {"Metric": {"Namespace": name, "MetricName": metric_name}, "Period": 60,
                                          "Stat": "Sum"}, **more}
    return [metric("errors", "Errors", ReturnData=False), metric("calls", "Calls"),
            {"Id": "rate", "Expression": "100 * FILL(errors, 0) / calls", "Label": "Error rate"}]


def test_metric_data_by_every_protocol(cloudwatch, cbor, server, name):
    minute = now().replace(second=0, microsecond=0)
    minutes = [minute - datetime.timedelta(minutes=n) for n in (1, 2, 3)]
    cloudwatch.put_metric_data(Namespace=name, MetricData=[
        {"MetricName": "Calls", "Timestamp": at, "Value": 50} for at in minutes] + [
        {"MetricName": "Errors", "Timestamp": minutes[1], "Value": 5}])
    span = dict(StartTime=minute - datetime.timedelta(minutes=10), EndTime=minute)
    answer = cloudwatch.get_metric_data(MetricDataQueries=queries(name), **span)
    assert answer["Messages"] == []
    calls, rate = answer["MetricDataResults"]
    assert (calls["Id"], calls["Label"], calls["StatusCode"]) == ("calls", "Calls", "Complete")
    assert calls["Timestamps"] == minutes and calls["Values"] == [50, 50, 50]
    assert (rate["Label"], rate["Timestamps"], rate["Values"]) == ("Error rate", minutes, [0, 10, 0])
    assert cbor.call("GetMetricData", MetricDataQueries=queries(name), **span)["MetricDataResults"] == \
        answer["MetricDataResults"]

    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries(name), ScanBy="TimestampAscending", MaxDatapoints=2, **span)
    found = [(r["Id"], v) for page in pages for r in page["MetricDataResults"] for v in r["Values"]]
    assert sorted(found) == [("calls", 50)] * 3 + [("rate", 0), ("rate", 0), ("rate", 10)]

    form = {"Action": "GetMetricData", "Version": "2010-08-01", "StartTime": span["StartTime"].isoformat(),
            "EndTime": span["EndTime"].isoformat(), "MetricDataQueries.member.1.Id": "e1",
            "MetricDataQueries.member.1.Expression": "RUNNING_SUM(m1)", "MetricDataQueries.member.2.Id": "m1",
            "MetricDataQueries.member.2.ReturnData": "false",
            "MetricDataQueries.member.2.MetricStat.Metric.Namespace": name,
            "MetricDataQueries.member.2.MetricStat.Metric.MetricName": "Calls",
            "MetricDataQueries.member.2.MetricStat.Period": "60", "MetricDataQueries.member.2.MetricStat.Stat": "Sum"}
    status, headers, body = send(server, "/", {"Content-Type": "application/x-www-form-urlencoded"},
                                 urllib.parse.urlencode(form).encode())
    assert status == 200, body
    values = [e.text for e in xml.etree.ElementTree.fromstring(body).iterfind(".//{*}Values/{*}member")]
    assert [float(v) for v in values] == [150, 100, 50]
    assert "Date" in headers


@pytest.mark.parametrize("expression, words", [
    ("SEARCH('x', 'Sum', 60)", "SEARCH is not supported"), ("nothing * 2", "Unknown identifier: nothing"),
    ("SUM(calls)", "only time series"), ("calls +", "Syntax error")])
def test_expressions_that_are_refused(cloudwatch, name, expression, words):
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_metric_data(MetricDataQueries=queries(name) + [{"Id": "e", "Expression": expression}],
                                   StartTime=now() - datetime.timedelta(hours=1), EndTime=now())
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert words in refused.value.response["Error"]["Message"]
