"""till cost: the bill of what was metered."""
import datetime
import json
from decimal import Decimal

import pytest
from till_process import EXAMPLE, eventually, till

OK, FAILED, USAGE = range(3)  # src/cli/exit_code.h


def test_a_bill_is_what_was_metered_times_the_prices(serve):
    server = serve("--memory")
    at = ["--endpoint", server.endpoint]
    absent = till("cost", *at)
    assert absent.code == FAILED and "till up" in absent.err, absent
    assert till("up", "--email", "me@example.com", *at).code == OK
    fixed = till("cost", "--json", *at).json
    assert fixed["per_order"] is None and fixed["orders_measured"] == 0 and fixed["month_of_orders"] == 0
    unknown = till("cost", "--orders-per-month", 5, *at)
    assert unknown.code == FAILED and "till generate" in unknown.err, unknown
    assert all(line["per_order"] is None for line in fixed["lines"])
    assert till("cost", "--json", "--orders-per-month", 0, *at).json["month"] == fixed["month"] > 0
    assert "what one costs is not known" in till("cost", *at).out

    assert till("run", EXAMPLE, *at).code == OK
    # The functions' own metrics come with their logs, a little later.
    eventually(lambda: till("cost", "--json", *at).json["orders_measured"] == 100, what="the orders' metrics")
    million = json.loads(till("cost", "--orders-per-month", 1_000_000, "--json", *at).out, parse_float=Decimal)
    assert million["orders_measured"] == 100 and million["orders_per_month"] == 1_000_000
    lines = {(line["service"], line["unit"]): line for line in million["lines"]}

    def metered(name_space, metric, dimension, value, statistic="Sum"):
        now = datetime.datetime.now(datetime.timezone.utc)
        points = server.client("cloudwatch").get_metric_statistics(
            Namespace=name_space, MetricName=metric, Dimensions=[{"Name": dimension, "Value": value}], Period=3600,
            StartTime=now - datetime.timedelta(hours=2), EndTime=now + datetime.timedelta(minutes=2),
            Statistics=[statistic])["Datapoints"]
        return sum(point[statistic] for point in points)

    written = sum(metered("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", f"tillstream-{table}")
                  for table in ("orders", "quarantine", "uploads"))
    assert written >= 100
    units = lines["DynamoDB", "write request units"]
    assert units["month_units"] == Decimal(written) * 10_000
    assert units["month_of_orders"] == Decimal(written) * 10_000 * Decimal("0.000000625")
    assert units["per_order"] == Decimal(written) / 100 * Decimal("0.000000625")
    assert units["month_free_tier"] == 0
    calls = sum(metered("AWS/SQS", metric, "QueueName", "tillstream-orders", "SampleCount")
                for metric in ("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted"))
    requests = lines["SQS", "requests of 64 KiB"]
    assert requests["month_units"] == Decimal(calls) * 10_000 + 2 * 648_000
    assert requests["month_fixed"] == Decimal("0.5184") and requests["month_free_tier"] == Decimal("0.4")
    published = metered("AWS/SNS", "NumberOfMessagesPublished", "TopicName", "tillstream-large-orders")
    assert lines["SNS", "e-mails"]["month_units"] == Decimal(published) * 10_000 > 0
    alarms = server.client("cloudwatch").describe_alarms(AlarmNamePrefix="tillstream-")["MetricAlarms"]
    looked_at = sum(max(1, sum("MetricStat" in query for query in alarm.get("Metrics", []))) for alarm in alarms)
    assert lines["CloudWatch", "metrics of alarms"]["month_fixed"] == Decimal("0.1") * looked_at
    # CloudWatch bills a metric in the hours in which it comes: with the orders, but not by the order.
    own = lines["CloudWatch", "metrics"]
    assert own["month_units"] > 0 and own["per_order"] == own["month_fixed"] == 0
    assert own["month_of_orders"] == own["month_units"] * Decimal("0.3")
    assert million["month_fixed"] - sum(line["month_fixed"] for line in million["lines"] if "stored" in line["unit"]) \
        == Decimal(str(fixed["month_fixed"]))
    for total in ("per_order", "month_of_orders", "month_fixed", "month_free_tier"):
        assert sum(line[total] for line in million["lines"]) == million[total]
    assert million["month"] == million["month_of_orders"] + million["month_fixed"]
    assert million["month_after_free_tier"] == million["month"] - million["month_free_tier"] > 0
    assert all(line["source"].startswith("https://aws.amazon.com/") for line in million["lines"])

    # Without the option as many orders as were measured; for people the same in cents.
    measured = till("cost", *at)
    assert measured.code == OK and "a month of 100 orders" in measured.out and "us-east-1, as of " in measured.out
    hundred = json.loads(till("cost", "--json", *at).out, parse_float=Decimal)
    by_orders = [bill["month_of_orders"] - own["month_of_orders"] for bill in (hundred, million)]
    assert abs(by_orders[0] * 10_000 - by_orders[1]) < by_orders[1] / 1_000_000
    assert "for metrics, which are billed in hours with orders" in measured.out
    assert "does not grow with the orders of the month" in measured.out
    none = till("cost", "--json", "--orders-per-month", 0, *at).json
    assert none["month_of_orders"] == 0 and none["per_order"] > 0 and none["month"] == none["month_fixed"]
    for wrong in (["--since", "yesterday"], ["--orders-per-month", "-1"], ["--orders-per-month", "10000000000000"]):
        assert till("cost", *wrong, *at).code == USAGE


@pytest.mark.parametrize("value, says", [(-500, "-500"), (1e30, "1e+30"), (2_000_000_000_000, "2000000000000"),
                                         (0.5, "0.5")])
def test_a_metric_that_cannot_be_is_named(serve, value, says):
    server = serve("--memory")
    at = ["--endpoint", server.endpoint]
    assert till("up", *at).code == OK

    def put(number):
        server.client("cloudwatch").put_metric_data(Namespace="Tillstream", MetricData=[
            {"MetricName": "OrdersProcessed", "Dimensions": [{"Name": "Stack", "Value": "tillstream"}],
             "Value": number}])
    put(value)
    for more in ([], ["--orders-per-month", 5]):
        eventually(lambda: till("cost", *more, *at).code == FAILED, what="the metric")
        refused = till("cost", *more, *at)
        for part in ("OrdersProcessed in Tillstream, Stack tillstream", f"says {says},", "cannot be"):
            assert part in refused.err, refused
        assert refused.out == ""
    put(1000 - min(value, 0))  # nor does it count beside others
    assert till("cost", *at).code == FAILED
