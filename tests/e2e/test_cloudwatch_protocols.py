"""Every operation of CloudWatch in each of its three protocols: what one of them writes, all of them read alike."""
import datetime
import pathlib
import tomllib

import pytest
from protocol_client import PROTOCOLS, ProtocolClient
from till_process import ROOT

OPERATIONS = set(tomllib.loads((pathlib.Path(ROOT) / "codegen/operations/cloudwatch.toml").read_text())["operations"])
DIMENSIONS = [{"Name": "Site", "Value": "north & south"}]


@pytest.fixture
def clients(virtual_till):
    """On a clock that stands still: no alarm is evaluated between two calls."""
    return {protocol: ProtocolClient(virtual_till, protocol) for protocol in PROTOCOLS}


def succeeded(answer):
    metadata = answer.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200, answer
    assert metadata.get("RequestId") or metadata["HTTPHeaders"]["x-amzn-requestid"]
    return answer


def read_by_all(clients, operation, **parameters):
    """The answer of a reading operation, which is the same in all protocols."""
    answers = [succeeded(client.call(operation, **parameters)) for client in clients.values()]
    assert answers[0] == answers[1] == answers[2]
    return answers[0]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_operation(clients, name, protocol):
    writer = clients[protocol]

    def write(operation, **parameters):
        assert succeeded(writer.call(operation, **parameters)) == {}
    at = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    write("PutMetricData", Namespace=name, MetricData=[
        {"MetricName": "m", "Dimensions": DIMENSIONS, "Timestamp": at, "Values": [1.5, 4.0], "Counts": [2.0, 1.0],
         "Unit": "Count", "StorageResolution": 1},
        {"MetricName": "set", "StatisticValues": {"SampleCount": 2, "Sum": 5, "Minimum": 1, "Maximum": 4}}])
    metric = {"Namespace": name, "MetricName": "m", "Dimensions": DIMENSIONS}
    assert metric in read_by_all(clients, "ListMetrics", Namespace=name, Dimensions=[{"Name": "Site"}])["Metrics"]
    span = {"StartTime": at - datetime.timedelta(minutes=5), "EndTime": at + datetime.timedelta(minutes=5)}
    found = read_by_all(clients, "GetMetricStatistics", **metric, **span, Period=60, Unit="Count",
                        Statistics=["Sum", "SampleCount", "Average"])
    assert [(p["Sum"], p["SampleCount"], p["Unit"]) for p in found["Datapoints"]] == [(7.0, 3.0, "Count")]
    found = read_by_all(clients, "GetMetricStatistics", **metric, **span, Period=60, ExtendedStatistics=["p99.9"])
    assert found["Datapoints"][0]["ExtendedStatistics"] == {"p99.9": 4.0}
    stat = {"Metric": metric, "Period": 1, "Stat": "Maximum", "Unit": "Count"}
    found = read_by_all(clients, "GetMetricData", **span, ScanBy="TimestampAscending", MaxDatapoints=10,
                        MetricDataQueries=[{"Id": "m", "MetricStat": stat, "ReturnData": False},
                                           {"Id": "e", "Expression": "m * 2", "Label": "<twice>"}])
    assert [(r["Label"], r["Timestamps"], r["Values"]) for r in found["MetricDataResults"]] == [("<twice>", [at], [8.0])]

    configuration = dict(metric, Statistic="Sum", Period=60, EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=1.5,
                         ComparisonOperator="LessThanOrEqualToThreshold", TreatMissingData="ignore", Unit="Count",
                         AlarmDescription="a \u20ac\n", OKActions=[], ActionsEnabled=True)
    write("PutMetricAlarm", AlarmName=name, Tags=[{"Key": "a", "Value": "1"}], **configuration)
    write("PutMetricAlarm", AlarmName=name + "-math", EvaluationPeriods=1, Threshold=0,
          ComparisonOperator="GreaterThanThreshold",
          Metrics=[{"Id": "m", "MetricStat": dict(stat, Period=60), "ReturnData": False},
                   {"Id": "e", "Expression": "m / 2", "ReturnData": True}])
    alarm = read_by_all(clients, "DescribeAlarms", AlarmNames=[name])["MetricAlarms"][0]
    assert {key: alarm[key] for key in configuration} == configuration
    assert alarm["StateValue"] == "INSUFFICIENT_DATA" and alarm["AlarmActions"] == []
    page = read_by_all(clients, "DescribeAlarms", AlarmNamePrefix=name, MaxRecords=1)
    page = read_by_all(clients, "DescribeAlarms", AlarmNamePrefix=name, MaxRecords=1, NextToken=page["NextToken"])
    assert [q["Id"] for q in page["MetricAlarms"][0]["Metrics"]] == ["m", "e"] and "NextToken" not in page
    found = read_by_all(clients, "DescribeAlarmsForMetric", **metric)
    assert [a["AlarmName"] for a in found["MetricAlarms"]] == [name]

    arn = alarm["AlarmArn"]
    write("TagResource", ResourceARN=arn, Tags=[{"Key": "b", "Value": ""}])
    write("UntagResource", ResourceARN=arn, TagKeys=["a"])
    assert read_by_all(clients, "ListTagsForResource", ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": ""}]

    write("PutCompositeAlarm", AlarmName=name + "-above", AlarmRule=f'ALARM("{name}") AND NOT ALARM({name}-math)')
    write("DisableAlarmActions", AlarmNames=[name])
    assert read_by_all(clients, "DescribeAlarms", AlarmNames=[name])["MetricAlarms"][0]["ActionsEnabled"] is False
    write("EnableAlarmActions", AlarmNames=[name])
    write("SetAlarmState", AlarmName=name, StateValue="ALARM", StateReason="by <hand>", StateReasonData='{"a": [1]}')
    found = read_by_all(clients, "DescribeAlarms", AlarmNamePrefix=name, AlarmTypes=["CompositeAlarm"])
    assert [a["StateValue"] for a in found["CompositeAlarms"]] == ["ALARM"] and found["MetricAlarms"] == []
    found = read_by_all(clients, "DescribeAlarmHistory", AlarmName=name, HistoryItemType="StateUpdate")
    assert [i["HistorySummary"] for i in found["AlarmHistoryItems"]] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM"]
    assert '"stateReason":"by <hand>"' in found["AlarmHistoryItems"][0]["HistoryData"]
    write("DeleteAlarms", AlarmNames=[name + "-above", name, name + "-math"])
    assert read_by_all(clients, "DescribeAlarms", AlarmNamePrefix=name)["MetricAlarms"] == []

    for operation, member, parameters in (("DescribeAnomalyDetectors", "AnomalyDetectors", {}),
                                          ("DescribeInsightRules", "InsightRules", {}),
                                          ("ListAlarmMuteRules", "AlarmMuteRuleSummaries", {}),
                                          ("ListDashboards", "DashboardEntries", {}),
                                          ("ListManagedInsightRules", "ManagedRules", {"ResourceARN": arn}),
                                          ("ListMetricStreams", "Entries", {})):
        assert read_by_all(clients, operation, **parameters) == {member: []}
    assert read_by_all(clients, "GetOTelEnrichment") == {"Status": "Stopped"}
    for operation, parameters in (("GetAlarmMuteRule", {"AlarmMuteRuleName": name}),
                                  ("GetDashboard", {"DashboardName": name}), ("GetMetricStream", {"Name": name})):
        answer = writer.call(operation, **parameters)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 404 and name in answer["Error"]["Message"]
    assert writer.called == OPERATIONS


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_errors(clients, name, protocol):
    client = clients[protocol]

    def error(operation, **parameters):
        answer = client.call(operation, **parameters)
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"].get("Message")
    state = {"AlarmName": name, "StateReason": "r"}
    # AWS's order of the states, and no message at all; both recorded from AWS.
    assert error("SetAlarmState", **state, StateValue="BAD") == (
        "ValidationError", 400, "1 validation error detected: Value 'BAD' at 'stateValue' failed to satisfy constraint: "
        "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]")
    assert error("DescribeAlarms", StateValue="BAD")[:2] == ("ValidationError", 400)
    code, status, message = error("SetAlarmState", **state, StateValue="OK")
    assert (code, status) == ("ResourceNotFound", 404) and not message
    if protocol == "query":
        assert message is None  # there is no such element
    both = {"MetricName": "m", "Value": 1.0, "Values": [1.0]}
    assert error("PutMetricData", Namespace=name, MetricData=[both]) == (
        "InvalidParameterCombination", 400, "The parameters MetricData.member.1.Value and MetricData.member.1.Values "
        "are mutually exclusive and you have specified both.")
    assert error("PutMetricData", Namespace=name, MetricData=[{"MetricName": "m"}])[0] == "MissingParameter"
    assert error("PutMetricData", Namespace=name, MetricData=[{"MetricName": "m", "Value": 2.0 ** 361}])[0] == (
        "InvalidParameterValue")
    assert error("DescribeAlarms", NextToken="?")[0] == "InvalidNextToken"
    if protocol != "query":  # the statuses of the query protocol are for those who ask for them
        assert error("SetAlarmState", **state, StateValue="OK", query_mode=False)[:2] == ("ResourceNotFound", 400)
