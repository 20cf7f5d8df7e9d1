"""Alarms against a second evaluation, written here from AWS's user guide ("Alarm evaluation", "Configuring how
CloudWatch alarms treat missing data", "Percentile-based alarms and low data samples"). It shares nothing with the
engine: it keeps every sample, looks at all of them afresh at each moment, and knows no running state but the alarm's.
Compared is the whole history of every alarm: when it changed, into what, and which datapoints its reason names.

AWS does not say how far an evaluation looks back beyond EvaluationPeriods; LOOK_BACK is what has been seen."""
import datetime
import json
import math
import operator
import random
import re

import pytest

LOOK_BACK = 2  # periods
MINUTES = 100
COMPARE = {"GreaterThanThreshold": operator.gt, "GreaterThanOrEqualToThreshold": operator.ge,
           "LessThanThreshold": operator.lt, "LessThanOrEqualToThreshold": operator.le}
DATAPOINT = re.compile(r"([-.0-9E]+) \((\d\d/\d\d/\d\d \d\d:\d\d:\d\d)\)")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def at(seconds):
    return EPOCH + datetime.timedelta(seconds=seconds)


def seconds_of(time):
    return (time - EPOCH).total_seconds()


class Samples:
    """What was put: by metric, (second, value, how often)."""

    def __init__(self):
        self.by_metric = {}

    def add(self, metric, second, value, count):
        self.by_metric.setdefault(metric, []).append((second, float(value), count))

    def within(self, metric, start, end):
        return [(value, count) for second, value, count in self.by_metric.get(metric, []) if start <= second < end]

    def datapoint(self, metric, stat, start, end):
        """The value of one period, or None if there is nothing; and how many samples it is of."""
        rows = self.within(metric, start, end)
        total = sum(count for _, count in rows)
        if not rows:
            return None, 0
        if stat.startswith("p"):
            each = sorted(value for value, count in rows for _ in range(count))
            return each[max(math.ceil(float(stat[1:]) / 100 * total), 1) - 1], total
        return {"Sum": lambda: sum(v * n for v, n in rows), "SampleCount": lambda: float(total),
                "Average": lambda: sum(v * n for v, n in rows) / total, "Minimum": lambda: min(v for v, _ in rows),
                "Maximum": lambda: max(v for v, _ in rows)}[stat](), total


def divided(a, b):
    return None if b == 0 else a / b


# Expressions of two metrics a and b, as CloudWatch has them and as a function of one period's values, None if missing.
# "Missing values in a time series are treated as 0", and so is what IF chooses where its condition holds.
EXPRESSIONS = {
    "100 * a / b": lambda a, b: divided(100 * (a or 0), b or 0),
    "FILL(a, 0) + b": lambda a, b: (a or 0) + (b or 0),
    "FILL(a, 3)": lambda a, b: 3.0 if a is None else a,
    "IF(b > 2, a, 9)": lambda a, b: None if b is None else (a or 0) if b > 2 else 9.0,
    "MAX([a, b])": lambda a, b: max((v for v in (a, b) if v is not None), default=None),
}


class ModelAlarm:
    def __init__(self, name, put):
        self.name, self.put = name, put
        self.state = "INSUFFICIENT_DATA"
        self.changes = []  # (second, state, the datapoints that speak for it or None)

    @property
    def period(self):
        return self.put["Metrics"][0]["MetricStat"]["Period"] if "Metrics" in self.put else self.put["Period"]

    def datapoint(self, samples, start):
        end = start + self.period
        if "Metrics" in self.put:
            a, b = (samples.datapoint(q["MetricStat"]["Metric"]["MetricName"], q["MetricStat"]["Stat"], start, end)[0]
                    for q in self.put["Metrics"][:2])
            return EXPRESSIONS[self.put["Metrics"][2]["Expression"]](a, b), None
        return samples.datapoint(self.put["MetricName"],
                                 self.put.get("Statistic") or self.put["ExtendedStatistic"], start, end)

    def too_few(self, count):
        """10 / (1 - p) samples are enough above the median, 10 / p below."""
        if self.put.get("EvaluateLowSampleCountPercentile") != "ignore":
            return False
        tenths = round(float(self.put["ExtendedStatistic"][1:]) * 10)  # of a percent, exact
        return count * min(tenths, 1000 - tenths) < 10 * 1000

    def evaluate(self, samples, now):
        wanted = self.put["EvaluationPeriods"]
        needed = self.put.get("DatapointsToAlarm", wanted)
        treat = self.put.get("TreatMissingData", "missing")
        breaching = COMPARE[self.put["ComparisonOperator"]]
        there = []  # newest first: age in periods, value, breaching
        for age in range(1, wanted + LOOK_BACK + 1):
            value, count = self.datapoint(samples, now - age * self.period)
            if value is not None and len(there) < wanted:
                if self.too_few(count):
                    return
                there.append((age, value, breaching(value, self.put["Threshold"])))
        bad = [p for p in there if p[2]]
        good = [p for p in there if not p[2]]
        holes = wanted - len(there)
        if treat == "breaching":
            state = "ALARM" if len(bad) + holes >= needed else "OK"
        elif treat == "notBreaching":
            state = "ALARM" if len(bad) >= needed else "OK"
        elif len(bad) >= needed:
            state = "ALARM"
        elif good:
            state = "OK"
        elif treat == "ignore":
            return
        elif not there:
            state = "INSUFFICIENT_DATA"
        elif max(age for age, _, _ in bad) >= needed:
            state = "ALARM"  # the oldest breach is old enough, and nothing newer speaks against it
        else:
            return
        if state == self.state:
            return
        self.state = state
        speaking = {"ALARM": bad, "OK": good}.get(state)
        named = [(value, now - age * self.period) for age, value, _ in speaking] if speaking else None
        self.changes.append((now, state, named))


def choose_alarms(rng, name):
    alarms = []

    def add(**put):
        put.setdefault("ComparisonOperator", rng.choice(list(COMPARE)))
        put.setdefault("Threshold", rng.choice([1, 2, 2.5, 3]))
        alarms.append(ModelAlarm(f"{name}-{len(alarms)}", put))

    def treated(**put):
        for treat in (None, "missing", "ignore", "breaching", "notBreaching"):
            add(**put, **({"TreatMissingData": treat} if treat else {}))
    metric = {"Namespace": name, "Period": 60}
    for wanted in (1, 2, 3, 5, 7):
        treated(**metric, MetricName=rng.choice("abc"), Statistic=rng.choice(["Sum", "Average", "Maximum", "Minimum"]),
                EvaluationPeriods=wanted)
        treated(**metric, MetricName=rng.choice("abc"), Statistic="Average", EvaluationPeriods=wanted,
                DatapointsToAlarm=rng.randint(1, wanted))
    treated(Namespace=name, Period=180, MetricName="c", Statistic="SampleCount", EvaluationPeriods=2,
            DatapointsToAlarm=1, Threshold=100)
    treated(Namespace=name, Period=10, MetricName="fast", Statistic="Average", EvaluationPeriods=3,
            DatapointsToAlarm=2)
    for low in ("evaluate", "ignore"):
        for stat in ("p90", "p10", "p50", "p99.9"):
            add(**metric, MetricName="a", ExtendedStatistic=stat, EvaluationPeriods=2, DatapointsToAlarm=1,
                EvaluateLowSampleCountPercentile=low, TreatMissingData=rng.choice(["missing", "notBreaching"]))
    for expression in EXPRESSIONS:
        queries = [{"Id": m, "ReturnData": False, "MetricStat": {
            "Metric": {"Namespace": name, "MetricName": m}, "Period": rng.choice([60, 60, 120]), "Stat": "Average"}}
            for m in "ab"]
        queries[1]["MetricStat"]["Period"] = queries[0]["MetricStat"]["Period"]
        for treat in ("missing", "breaching"):
            add(EvaluationPeriods=2, DatapointsToAlarm=rng.randint(1, 2), TreatMissingData=treat,
                Metrics=queries + [{"Id": "e", "Expression": expression, "ReturnData": True}])
    return alarms


def put_samples(rng, cloudwatch, name, start, samples):
    """Runs of minutes with much, little or no data, up to the end of the test."""
    data = []
    for metric, step in (("a", 60), ("b", 60), ("c", 60), ("fast", 10)):
        density = 1.0
        for second in range(start, start + MINUTES * 60, step):
            if rng.random() < 0.15:
                density = rng.choice([0, 0, 0.2, 0.6, 1.0])
            if rng.random() >= density:
                continue
            values = [float(rng.randint(0, 5)) for _ in range(rng.randint(1, 3))]
            counts = [rng.choice([1, 20, 50, 5000]) for _ in values]
            data.append({"MetricName": metric, "Timestamp": at(second), "Values": values,
                         "Counts": [float(count) for count in counts], "StorageResolution": 60 if step == 60 else 1})
            for value, count in zip(values, counts):
                samples.add(metric, second, value, count)
    for i in range(0, len(data), 500):
        cloudwatch.put_metric_data(Namespace=name, MetricData=data[i:i + 500])


def changes_of(cloudwatch, alarm):
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName=alarm, HistoryItemType="StateUpdate", ScanBy="TimestampAscending")
    for page in pages:
        for item in page["AlarmHistoryItems"]:
            new = json.loads(item["HistoryData"])["newState"]
            yield int(seconds_of(item["Timestamp"])) // 10 * 10, new["stateValue"], new["stateReason"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_alarm_changes_when_and_as_the_user_guide_says(virtual_till, name, seed):
    cloudwatch = virtual_till.client("cloudwatch")
    rng = random.Random(seed)
    alarms = choose_alarms(rng, name)
    for alarm in alarms:
        cloudwatch.put_metric_alarm(AlarmName=alarm.name, **alarm.put)
    created = seconds_of(cloudwatch.describe_alarms(AlarmNames=[alarms[0].name])["MetricAlarms"][0]
                         ["StateUpdatedTimestamp"])
    samples = Samples()
    put_samples(rng, cloudwatch, name, int(created) // 60 * 60 + 60, samples)
    virtual_till.advance((MINUTES + 10) * 60)

    for tick in range(int(created) // 10 * 10 + 10, int(created) + (MINUTES + 10) * 60, 10):
        for alarm in alarms:
            if tick % 60 == 0 or alarm.period < 60:
                alarm.evaluate(samples, tick)
    kinds = set()
    for alarm in alarms:
        found = list(changes_of(cloudwatch, alarm.name))
        assert [change[:2] for change in found] == [change[:2] for change in alarm.changes], alarm.put
        for (_, state, reason), (_, _, named) in zip(found, alarm.changes):
            kinds.add(state)
            if named:
                points = DATAPOINT.findall(reason)
                named = named[:5]  # the newest
                assert [float(value) for value, _ in points] == pytest.approx([v for v, _ in named], rel=1e-12), reason
                assert [time for _, time in points] == [f"{at(start):%d/%m/%y %H:%M:%S}" for _, start in named], reason
    assert kinds == {"OK", "ALARM", "INSUFFICIENT_DATA"}
    assert sum(len(alarm.changes) > 2 for alarm in alarms) > len(alarms) / 2, "the data are too dull"
