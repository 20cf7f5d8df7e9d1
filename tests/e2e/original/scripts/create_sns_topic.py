import boto3
from names import REGION, TOPIC, TOPIC_ARN

sns = boto3.client("sns", region_name=REGION)
assert sns.create_topic(Name=TOPIC)["TopicArn"] == TOPIC_ARN
print(sns.subscribe(TopicArn=TOPIC_ARN, Protocol="email", Endpoint="orders@example.com")["SubscriptionArn"])
