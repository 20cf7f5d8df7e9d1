"""The names that the scripts share. As in the original project they are written out, account and region included:
where the calls go is decided by the environment alone (AWS_ENDPOINT_URL)."""
ACCOUNT = "111122223333"
REGION = "us-east-2"
QUEUE = "EcommerceTransactions"
QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{QUEUE}"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}"
TOPIC = "LargeOrders"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:{TOPIC}"
TABLE = "Transactions"
BUCKET = "ecommerce-transactions-upload"
ROLE = "LambdaTransactionsRole"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
PROCESS = "ProcessTransactions"
UPLOAD = "UploadToS3"
ALARMS = ["LambdaErrors", "LambdaDuration", "TableWriteThrottles"]
POLICIES = ["service-role/AWSLambdaBasicExecutionRole", "AmazonSQSFullAccess", "AmazonDynamoDBFullAccess",
            "AmazonSNSFullAccess", "CloudWatchEventsFullAccess", "AmazonS3FullAccess"]
