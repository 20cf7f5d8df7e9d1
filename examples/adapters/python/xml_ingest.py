"""An ingest function for a shop that exports XML: <orders><order id="17" currency="EUR"><total>12.50</total>...</order>.

It does what the pipeline's own does: reads each object that came into the bucket, sends every order to the queue as JSON,
and keeps the upload's row, by which `till uploads list` tells of it. The orders then go the usual way. An event that comes
twice has the same sources, so nothing counts twice."""
import datetime
import hashlib
import itertools
import json
import os
import urllib.parse
import xml.etree.ElementTree

import boto3

s3, sqs, dynamodb = (boto3.client(service) for service in ("s3", "sqs", "dynamodb"))


def handle(event, context):
    return {"read": sum(ingest(record) for record in event["Records"])}


def ingest(record):
    bucket = record["s3"]["bucket"]["name"]
    key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
    etag = record["s3"]["object"]["eTag"]
    # The name that `till` gives this content under this key, src/pipeline/rows.h.
    upload = "u-" + hashlib.sha256(f"{bucket}/{key}\n{etag}".encode()).hexdigest()[:20]
    row = {"upload_id": {"S": upload}, "bucket": {"S": bucket}, "key": {"S": key},
           "uploaded_at": {"N": str(milliseconds(record["eventTime"]))}}
    keep(row, "READING", 0)
    count = 0
    try:
        for batch in batches(orders(s3.get_object(Bucket=bucket, Key=key)["Body"]), 10):
            send(upload, count, batch)
            count += len(batch)
    except xml.etree.ElementTree.ParseError as error:
        keep(row | {"error": {"S": f"the document is no XML: {error}"}}, "FAILED", count)
        return count
    keep(row, "DONE", count)
    return count


def orders(body):
    """Each <order> as a dictionary of texts: its attributes and its elements. Holds one order at a time."""
    for _, element in xml.etree.ElementTree.iterparse(body):
        if element.tag == "order":
            yield {**element.attrib, **{child.tag: (child.text or "").strip() for child in element}}
            element.clear()


def batches(items, size):
    items = iter(items)
    while batch := list(itertools.islice(items, size)):
        yield batch


def send(upload, begin, batch):
    answer = sqs.send_message_batch(QueueUrl=os.environ["TILL_QUEUE_URL"], Entries=[
        {"Id": str(i), "MessageBody": json.dumps(order, ensure_ascii=False),
         "MessageAttributes": {"source": {"DataType": "String", "StringValue": f"{upload}#{begin + i}"}}}
        for i, order in enumerate(batch)])
    if answer.get("Failed"):
        raise RuntimeError(f"orders could not be queued: {answer['Failed'][0]['Message']}")  # S3's event comes again


def keep(row, state, count):
    dynamodb.put_item(TableName=os.environ["TILL_UPLOADS_TABLE"],
                      Item=row | {"state": {"S": state}, "read": {"N": str(count)}})


def milliseconds(iso8601):
    return int(datetime.datetime.fromisoformat(iso8601.replace("Z", "+00:00")).timestamp() * 1000)
