import boto3
from botocore.exceptions import ClientError
from names import BUCKET, REGION

s3 = boto3.client("s3", region_name=REGION)
try:
    s3.head_bucket(Bucket=BUCKET)
    print("exists")
except ClientError as error:
    assert error.response["Error"]["Code"] == "404"
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    print("created")
