"""The whole pipeline, made by stock boto3 alone: what `till up` makes, written down a second time so that the two can
be compared. The functions are the same zips that `till` carries."""
import hashlib
import json

from botocore.exceptions import ClientError
from till_process import FUNCTIONS, REGION, eventually

THRESHOLD = "50000"
# Not less than the functions' timeout; short, so that what a killed engine had in flight comes back soon.
VISIBILITY_SECONDS = 12
TIMEOUT_SECONDS = 10


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": actions, "Resource": resources} for actions, resources in statements]})


class BotoStack:
    def __init__(self, server, prefix="boto"):
        self.prefix, self.account = prefix, server.account
        self.bucket = f"{prefix}-uploads"
        self.orders_table, self.quarantine_table = f"{prefix}-orders", f"{prefix}-quarantine"
        self.uploads_table = f"{prefix}-uploads"
        self.attach(server)

    def attach(self, server):
        """Goes on with another engine on the same data."""
        for service in ("s3", "sqs", "sns", "lambda", "dynamodb", "iam", "logs"):
            setattr(self, service.replace("lambda", "lambda_"), server.client(service))
        self.server = server

    def arn(self, service, resource):
        region = "" if service in ("iam", "s3") else REGION
        return f"arn:aws:{service}:{region}:{'' if service == 's3' else self.account}:{resource}"

    # ---- making it

    def up(self, process_concurrency=10):
        for table, key in ((self.orders_table, "transaction_id"), (self.quarantine_table, "body_sha256"),
                           (self.uploads_table, "upload_id")):
            self.dynamodb.create_table(TableName=table, BillingMode="PAY_PER_REQUEST",
                                       AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                                       KeySchema=[{"AttributeName": key, "KeyType": "HASH"}])
            eventually(lambda: self.dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE")
        self.queue_url = self._queue("orders", dead_letters_after=8)
        self.notify_url = self._queue("notify", dead_letters_after=100)
        self.topic_arn = self.sns.create_topic(Name=f"{self.prefix}-large-orders")["TopicArn"]
        self._inbox()
        self.s3.create_bucket(Bucket=self.bucket)
        tables = {table: self.arn("dynamodb", "table/" + table)
                  for table in (self.orders_table, self.quarantine_table, self.uploads_table)}
        queue, notify = self.arn("sqs", f"{self.prefix}-orders"), self.arn("sqs", f"{self.prefix}-notify")
        polls = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        self._function("ingest", 60, (
            (["s3:GetObject", "s3:PutObject"], self.arn("s3", self.bucket + "/*")), (["sqs:SendMessage"], queue),
            (["dynamodb:PutItem"], [tables[self.uploads_table], tables[self.quarantine_table]])))
        self._function("process", TIMEOUT_SECONDS, (
            (polls, queue), (["sqs:SendMessage"], notify), (["sns:Publish"], self.topic_arn),
            (["dynamodb:PutItem", "dynamodb:PartiQLInsert", "dynamodb:UpdateItem"], tables[self.orders_table]),
            (["dynamodb:PutItem"], tables[self.quarantine_table])))
        self._function("sweep", TIMEOUT_SECONDS, (
            (polls, notify), (["sqs:SendMessage"], notify), (["sns:Publish"], self.topic_arn),
            (["dynamodb:GetItem", "dynamodb:UpdateItem"], tables[self.orders_table])))
        self._mapping(queue, "process", process_concurrency)
        self._mapping(notify, "sweep", 2)
        ingest = f"{self.prefix}-ingest"
        self.lambda_.add_permission(FunctionName=ingest, StatementId="s3", Action="lambda:InvokeFunction",
                                    Principal="s3.amazonaws.com", SourceArn=self.arn("s3", self.bucket),
                                    SourceAccount=self.account)
        self.s3.put_bucket_notification_configuration(Bucket=self.bucket, NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": self.arn("lambda", "function:" + ingest),
                                              "Events": ["s3:ObjectCreated:*"]}]})
        return self

    def _queue(self, what, dead_letters_after):
        dead = self.arn("sqs", f"{self.prefix}-{what}-dlq")
        self.sqs.create_queue(QueueName=f"{self.prefix}-{what}-dlq")
        return self.sqs.create_queue(QueueName=f"{self.prefix}-{what}", Attributes={
            "VisibilityTimeout": str(VISIBILITY_SECONDS),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": dead_letters_after}),
        })["QueueUrl"]

    def _inbox(self):
        """A queue subscribed to the topic, to see the notifications."""
        name = f"{self.prefix}-inbox"
        allow = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": self.arn("sqs", name), "Condition": {"ArnEquals": {"aws:SourceArn": self.topic_arn}}}]}
        self.inbox_url = self.sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(allow)})["QueueUrl"]
        self.sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=self.arn("sqs", name))

    def _function(self, what, timeout_seconds, grants):
        name = f"{self.prefix}-{what}"
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        group = self.arn("logs", f"log-group:/aws/lambda/{name}")
        self.iam.put_role_policy(RoleName=name, PolicyName="grants", PolicyDocument=policy(*grants, (
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], [group, group + ":*"])))
        self.lambda_.create_function(
            FunctionName=name, Runtime="provided.al2023", Handler=what, Role=self.arn("iam", "role/" + name),
            Code={"ZipFile": (FUNCTIONS / "functions.zip").read_bytes()}, Timeout=timeout_seconds, MemorySize=512,
            Environment={"Variables": {
                "TILL_BUCKET": self.bucket, "TILL_ORDERS_TABLE": self.orders_table,
                "TILL_QUARANTINE_TABLE": self.quarantine_table, "TILL_UPLOADS_TABLE": self.uploads_table,
                "TILL_QUEUE_URL": self.queue_url, "TILL_NOTIFY_QUEUE_URL": self.notify_url,
                "TILL_TOPIC_ARN": self.topic_arn, "TILL_RULE_TOPIC_PREFIX": f"{self.topic_arn}-rule-",
                "TILL_LARGE_ORDER_THRESHOLD": THRESHOLD}})
        eventually(lambda: self.lambda_.get_function_configuration(FunctionName=name)["State"] == "Active")

    def _mapping(self, queue_arn, what, concurrency):
        self.lambda_.create_event_source_mapping(
            EventSourceArn=queue_arn, FunctionName=f"{self.prefix}-{what}", BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"], ScalingConfig={"MaximumConcurrency": concurrency})

    # ---- using it

    def put(self, body, key="uploads/orders.json"):
        """Uploads a document; answers its upload id (src/pipeline/rows.h)."""
        etag = self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)["ETag"].strip('"')
        return "u-" + hashlib.sha256(f"{self.bucket}/{key}\n{etag}".encode()).hexdigest()[:20]

    def upload_row(self, upload_id):
        item = self.dynamodb.get_item(TableName=self.uploads_table, Key={"upload_id": {"S": upload_id}},
                                      ConsistentRead=True).get("Item", {})
        return {name: next(iter(value.values())) for name, value in item.items()}

    def ingested(self, upload_id, timeout=60):
        """The upload's row once the ingest function has ended with it."""
        return eventually(lambda: (row := self.upload_row(upload_id)).get("state") in ("DONE", "FAILED") and row,
                          timeout, "the ingest function")

    def order(self, transaction_id):
        item = self.dynamodb.get_item(TableName=self.orders_table, Key={"transaction_id": {"S": transaction_id}},
                                      ConsistentRead=True).get("Item")
        return item and {name: next(iter(value.values())) for name, value in item.items()}

    def rows(self, table):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [{name: next(iter(value.values())) for name, value in item.items()}
                for page in pages for item in page["Items"]]

    def waiting(self, *queues):
        """Messages on the queues, in flight and delayed ones too."""
        total = 0
        for what in queues or ("orders",):
            url = self.sqs.get_queue_url(QueueName=f"{self.prefix}-{what}")["QueueUrl"]
            attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            total += sum(int(attributes["ApproximateNumberOfMessages" + kind]) for kind in ("", "NotVisible", "Delayed"))
        return total

    def drained(self, timeout=60):
        eventually(lambda: self.waiting("orders", "notify") == 0, timeout, "empty queues")

    def notifications(self, count, timeout=60):
        """At least `count` different notifications by event id, as the inbox got them."""
        found = {}

        def enough():
            messages = self.sqs.receive_message(QueueUrl=self.inbox_url, MaxNumberOfMessages=10,
                                                WaitTimeSeconds=1).get("Messages", [])
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.inbox_url, ReceiptHandle=message["ReceiptHandle"])
                envelope = json.loads(message["Body"])
                found[envelope["MessageAttributes"]["event_id"]["Value"]] = envelope
            return len(found) >= count

        eventually(enough, timeout, f"{count} notifications")
        return found

    def explain(self):
        """What the functions logged, for a failing test."""
        lines = []
        for what in ("ingest", "process", "sweep"):
            try:
                events = self.logs.filter_log_events(logGroupName=f"/aws/lambda/{self.prefix}-{what}", limit=50)["events"]
            except ClientError:
                continue
            lines += [f"{what}: {event['message'].rstrip()}" for event in events[-50:]]
        return "\n".join(lines)
