import boto3
from names import ALARMS, PROCESS, REGION, TABLE, TOPIC_ARN

cloudwatch = boto3.client("cloudwatch", region_name=REGION)


def alarm(name, namespace, metric, dimension, statistic, threshold, period):
    cloudwatch.put_metric_alarm(AlarmName=name, Namespace=namespace, MetricName=metric, Dimensions=[dimension],
                                Statistic=statistic, Threshold=threshold, Period=period, EvaluationPeriods=1,
                                ComparisonOperator="GreaterThanThreshold", AlarmActions=[TOPIC_ARN])


function = {"Name": "FunctionName", "Value": PROCESS}
alarm(ALARMS[0], "AWS/Lambda", "Errors", function, "Sum", 1, 60)
alarm(ALARMS[1], "AWS/Lambda", "Duration", function, "Average", 1000, 60)
alarm(ALARMS[2], "AWS/DynamoDB", "WriteThrottleEvents", {"Name": "TableName", "Value": TABLE}, "Sum", 0, 300)
