import boto3
from names import ALARMS, REGION

boto3.client("cloudwatch", region_name=REGION).delete_alarms(AlarmNames=ALARMS)
