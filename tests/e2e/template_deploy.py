"""Deploys the templates of `till export` onto an engine by boto3, as CloudFormation and Terraform would: references are
resolved, resources made in the order that these and DependsOn say. A type or an argument that is not known here fails,
so that nothing in a template goes untried but what is in NOT_OF_THE_ENGINE."""
import json
import pathlib
import re
import uuid

# What these ask for is not among the engine's operations (docs/aws.md), so that it is looked at and not made.
NOT_OF_THE_ENGINE = {
    "AWS::DynamoDB::Table": {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
    "AWS::S3::Bucket": {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True,
                                           "IgnorePublicAcls": True, "RestrictPublicBuckets": True}}}


def _pairs(tags):
    return {tag["Key"]: tag["Value"] for tag in tags or []}


class CloudFormation:
    def __init__(self, server, template, directory, parameters):
        self.server, self.template, self.directory = server, template, pathlib.Path(directory)
        self.values = {**parameters, "AWS::AccountId": server.account, "AWS::Region": "us-east-1"}
        self.attributes = {}

    def deploy(self):
        left = dict(self.template["Resources"])
        while left:
            ready = [name for name, resource in left.items() if not self._needs(resource) & left.keys()]
            assert ready, f"these need each other: {sorted(left)}"
            for name in ready:
                self._make(name, left.pop(name))

    def _needs(self, value):
        if isinstance(value, list):
            return set().union(*map(self._needs, value))
        if not isinstance(value, dict):
            return set()
        found = set(re.findall(r"\$\{(\w+)[.}]", value.get("Fn::Sub", "")))
        found |= {value["Ref"]} if "Ref" in value else set()
        found |= {value["Fn::GetAtt"][0]} if "Fn::GetAtt" in value else set()
        depends = value.get("DependsOn", [])
        found |= {depends} if isinstance(depends, str) else set(depends)
        return found.union(*map(self._needs, value.values()))

    def resolve(self, value):
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "Ref" in value:
            return self.values[value["Ref"]]
        if "Fn::GetAtt" in value:
            return self.attributes[tuple(value["Fn::GetAtt"])]
        if "Fn::Join" in value:
            separator, parts = value["Fn::Join"]
            return separator.join(self.resolve(parts))
        if "Fn::Sub" in value:
            return re.sub(r"\$\{([^!}][^}]*)\}", lambda at: self.values[at.group(1)], value["Fn::Sub"]).replace(
                "${!", "${")
        return {name: self.resolve(each) for name, each in value.items()}

    def _make(self, name, resource):
        properties = self.resolve(resource["Properties"])
        for absent, wanted in NOT_OF_THE_ENGINE.get(resource["Type"], {}).items():
            assert properties.pop(absent) == wanted, name
        make = getattr(self, "_" + resource["Type"].removeprefix("AWS::").replace("::", "_").lower())
        self.values[name], attributes = make(properties)
        self.attributes |= {(name, attribute): value for attribute, value in attributes.items()}

    def _dynamodb_table(self, properties):
        made = self.server.client("dynamodb").create_table(**properties)
        return properties["TableName"], {"Arn": made["TableDescription"]["TableArn"]}

    def _sqs_queue(self, properties):
        sqs, name, tags = self.server.client("sqs"), properties.pop("QueueName"), _pairs(properties.pop("Tags", None))
        attributes = {key: json.dumps(value) for key, value in properties.items()}
        url = sqs.create_queue(QueueName=name, Attributes=attributes, tags=tags)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        # Functions know it by the address that it has on AWS.
        return f"https://sqs.us-east-1.amazonaws.com/{self.server.account}/{name}", {"Arn": arn}

    def _sns_topic(self, properties):
        arn = self.server.client("sns").create_topic(Name=properties.pop("TopicName"), **properties)["TopicArn"]
        return arn, {"TopicArn": arn}

    def _sns_subscription(self, properties):
        return self.server.client("sns").subscribe(**properties)["SubscriptionArn"], {}

    def _s3_bucket(self, properties):
        s3, bucket = self.server.client("s3"), properties.pop("BucketName")
        s3.create_bucket(Bucket=bucket)
        calls = [{"LambdaFunctionArn": each["Function"], "Events": [each["Event"]]}
                 for each in properties.pop("NotificationConfiguration")["LambdaConfigurations"]]
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": calls})
        assert properties.keys() <= {"Tags"}, properties  # the engine's buckets have none
        return bucket, {}

    def _iam_role(self, properties):
        iam, name, policies = self.server.client("iam"), properties["RoleName"], properties.pop("Policies")
        trust = json.dumps(properties.pop("AssumeRolePolicyDocument"))
        arn = iam.create_role(AssumeRolePolicyDocument=trust, **properties)["Role"]["Arn"]
        for policy in policies:
            iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"],
                                PolicyDocument=json.dumps(policy["PolicyDocument"]))
        return name, {"Arn": arn}

    def _logs_loggroup(self, properties):
        logs, name, days = self.server.client("logs"), properties.pop("LogGroupName"), properties.pop("RetentionInDays")
        logs.create_log_group(logGroupName=name, tags=_pairs(properties.pop("Tags", None)))
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        assert not properties
        return name, {}

    def _lambda_function(self, properties):
        code, tags = properties.pop("Code"), _pairs(properties.pop("Tags"))
        tags.pop("lambda:createdBy", None)  # SAM's
        assert code["S3Bucket"] == self.values.get("CodeBucket", "code"), code
        made = self.server.client("lambda").create_function(
            Code={"ZipFile": (self.directory / code["S3Key"]).read_bytes()}, Tags=tags, **properties)
        return properties["FunctionName"], {"Arn": made["FunctionArn"]}

    def _lambda_permission(self, properties):
        self.server.client("lambda").add_permission(StatementId="stack-" + uuid.uuid4().hex, **properties)
        return "", {}

    def _lambda_url(self, properties):
        function = properties.pop("TargetFunctionArn")
        made = self.server.client("lambda").create_function_url_config(FunctionName=function, **properties)
        return function, {"FunctionUrl": made["FunctionUrl"]}

    def _lambda_eventsourcemapping(self, properties):
        return self.server.client("lambda").create_event_source_mapping(**properties)["UUID"], {}

    def _cloudwatch_alarm(self, properties):
        self.server.client("cloudwatch").put_metric_alarm(**properties)
        return properties["AlarmName"], {}


class Terraform:
    """By way of the above: its resources are those of CloudFormation under other names."""

    TABLE = {"name": "TableName", "billing_mode": "BillingMode", "tags": "Tags"}
    QUEUE = {"name": "QueueName", "visibility_timeout_seconds": "VisibilityTimeout", "delay_seconds": "DelaySeconds",
             "message_retention_seconds": "MessageRetentionPeriod", "max_message_size": "MaximumMessageSize",
             "redrive_policy": "RedrivePolicy", "sqs_managed_sse_enabled": "SqsManagedSseEnabled", "tags": "Tags"}
    FUNCTION = {"function_name": "FunctionName", "runtime": "Runtime", "handler": "Handler", "role": "Role",
                "architectures": "Architectures", "timeout": "Timeout", "memory_size": "MemorySize",
                "environment": "Environment", "tags": "Tags"}
    PERMISSION = {"statement_id": "StatementId", "action": "Action", "function_name": "FunctionName",
                  "principal": "Principal", "source_arn": "SourceArn", "source_account": "SourceAccount",
                  "function_url_auth_type": "FunctionUrlAuthType", "invoked_via_function_url": "InvokedViaFunctionUrl"}
    MAPPING = {"event_source_arn": "EventSourceArn", "function_name": "FunctionName", "batch_size": "BatchSize",
               "maximum_batching_window_in_seconds": "MaximumBatchingWindowInSeconds",
               "function_response_types": "FunctionResponseTypes", "enabled": "Enabled"}
    ALARM = {"alarm_name": "AlarmName", "alarm_description": "AlarmDescription", "namespace": "Namespace",
             "metric_name": "MetricName", "statistic": "Statistic", "period": "Period",
             "evaluation_periods": "EvaluationPeriods", "threshold": "Threshold", "tags": "Tags",
             "comparison_operator": "ComparisonOperator", "treat_missing_data": "TreatMissingData",
             "actions_enabled": "ActionsEnabled", "alarm_actions": "AlarmActions"}

    def __init__(self, server, template, directory, variables):
        self.server, self.template = server, template
        self.maker = CloudFormation(server, {}, directory, {})
        self.known = {f"var.{name}": value for name, value in variables.items()}
        self.known |= {"local.account": server.account, "local.region": "us-east-1", "path.module": ""}

    def deploy(self):
        left = {f"{kind}.{name}": arguments for kind, named in self.template["resource"].items()
                for name, arguments in named.items()}
        while left:
            ready = [name for name, arguments in left.items() if not self._needs(arguments) & left.keys()]
            assert ready, f"these need each other: {sorted(left)}"
            for name in ready:
                arguments = self.resolve(left.pop(name))
                for meta in ("depends_on", "lifecycle"):
                    arguments.pop(meta, None)
                made = getattr(self, "_" + name.partition(".")[0])(arguments)
                self.known |= {f"{name}.{attribute}": value for attribute, value in (made or {}).items()}

    def _needs(self, value):
        if isinstance(value, str):
            return {".".join(at.split(".")[:2]) for at in re.findall(r"(?<!\$)\$\{([^}]*)\}", value)}
        if isinstance(value, list):
            return set().union(*map(self._needs, value))
        if not isinstance(value, dict):
            return set()
        return set(value.get("depends_on", [])).union(*map(self._needs, value.values()))

    def resolve(self, value):
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if isinstance(value, dict):
            return {self.resolve(name): self.resolve(each) for name, each in value.items()}
        if not isinstance(value, str):
            return value
        filled = re.sub(r"(?<!\$)\$\{([^}]*)\}", lambda at: self.known[at.group(1)], value)
        return filled.replace("$${", "${").replace("%%{", "%{")

    @staticmethod
    def _renamed(arguments, names):
        out = {names[name]: value for name, value in arguments.items()}
        if "Tags" in out:
            out["Tags"] = [{"Key": key, "Value": value} for key, value in out["Tags"].items()]
        return out

    def _aws_dynamodb_table(self, arguments):
        assert arguments.pop("point_in_time_recovery") == {"enabled": True}
        keys = [{"AttributeName": arguments.pop("hash_key"), "KeyType": "HASH"}]
        attributes = [{"AttributeName": each["name"], "AttributeType": each["type"]}
                      for each in arguments.pop("attribute")]
        properties = self._renamed(arguments, self.TABLE)
        name, made = self.maker._dynamodb_table({**properties, "KeySchema": keys, "AttributeDefinitions": attributes})
        return {"arn": made["Arn"], "name": name}

    def _aws_sqs_queue(self, arguments):
        if "redrive_policy" in arguments:
            arguments["redrive_policy"] = json.loads(arguments["redrive_policy"])
        url, made = self.maker._sqs_queue(self._renamed(arguments, self.QUEUE))
        return {"arn": made["Arn"], "url": url}

    def _aws_sns_topic(self, arguments):
        arn, _ = self.maker._sns_topic(self._renamed(arguments, {"name": "TopicName", "tags": "Tags"}))
        return {"arn": arn}

    def _aws_sns_topic_subscription(self, arguments):
        self.maker._sns_subscription(
            self._renamed(arguments, {"topic_arn": "TopicArn", "protocol": "Protocol", "endpoint": "Endpoint"}))

    def _aws_s3_bucket(self, arguments):
        self.server.client("s3").create_bucket(Bucket=arguments["bucket"])
        return {"id": arguments["bucket"], "arn": "arn:aws:s3:::" + arguments["bucket"]}

    def _aws_s3_bucket_server_side_encryption_configuration(self, arguments):
        assert arguments["rule"] == {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}

    def _aws_s3_bucket_ownership_controls(self, arguments):
        assert arguments["rule"] == {"object_ownership": "BucketOwnerEnforced"}

    def _aws_s3_bucket_public_access_block(self, arguments):
        arguments.pop("bucket")
        assert len(arguments) == 4 and all(value is True for value in arguments.values()), arguments

    def _aws_s3_bucket_notification(self, arguments):
        calls = [{"Id": each["id"], "LambdaFunctionArn": each["lambda_function_arn"], "Events": each["events"]}
                 for each in arguments["lambda_function"]]
        self.server.client("s3").put_bucket_notification_configuration(
            Bucket=arguments["bucket"], NotificationConfiguration={"LambdaFunctionConfigurations": calls})

    def _aws_iam_role(self, arguments):
        arguments["assume_role_policy"] = json.loads(arguments["assume_role_policy"])
        names = {"name": "RoleName", "assume_role_policy": "AssumeRolePolicyDocument", "tags": "Tags"}
        name, made = self.maker._iam_role({**self._renamed(arguments, names), "Policies": []})
        return {"arn": made["Arn"], "name": name}

    def _aws_iam_role_policy(self, arguments):
        self.server.client("iam").put_role_policy(
            RoleName=arguments["role"], PolicyName=arguments["name"], PolicyDocument=arguments["policy"])

    def _aws_cloudwatch_log_group(self, arguments):
        self.maker._logs_loggroup(self._renamed(
            arguments, {"name": "LogGroupName", "retention_in_days": "RetentionInDays", "tags": "Tags"}))

    def _aws_lambda_function(self, arguments):
        file, wanted = arguments.pop("filename"), arguments.pop("source_code_hash")
        arguments["environment"] = {"Variables": arguments["environment"]["variables"]}
        properties = self._renamed(arguments, self.FUNCTION)
        self.maker.values["CodeBucket"] = ""
        name, made = self.maker._lambda_function(
            {**properties, "Code": {"S3Bucket": "", "S3Key": file.removeprefix("/")}})
        found = self.server.client("lambda").get_function_configuration(FunctionName=name)
        assert found["CodeSha256"] == wanted
        return {"arn": made["Arn"]}

    def _aws_lambda_permission(self, arguments):
        self.server.client("lambda").add_permission(**self._renamed(arguments, self.PERMISSION))

    def _aws_lambda_event_source_mapping(self, arguments):
        scaling = {"MaximumConcurrency": arguments.pop("scaling_config")["maximum_concurrency"]}
        self.maker._lambda_eventsourcemapping({**self._renamed(arguments, self.MAPPING), "ScalingConfig": scaling})

    def _aws_lambda_function_url(self, arguments):
        names = {"function_name": "TargetFunctionArn", "authorization_type": "AuthType", "invoke_mode": "InvokeMode"}
        _, made = self.maker._lambda_url(self._renamed(arguments, names))
        return {"function_url": made["FunctionUrl"]}

    def _aws_cloudwatch_metric_alarm(self, arguments):
        def dimensions(of):
            return [{"Name": name, "Value": value} for name, value in of["dimensions"].items()]

        queries = [self._query(query, dimensions) for query in arguments.pop("metric_query", [])]
        more = {"Metrics": queries} if queries else {"Dimensions": dimensions(arguments)}
        arguments.pop("dimensions", None)
        self.maker._cloudwatch_alarm({**self._renamed(arguments, self.ALARM), **more})

    @staticmethod
    def _query(query, dimensions):
        names = {"id": "Id", "expression": "Expression", "label": "Label", "return_data": "ReturnData"}
        metric = query.pop("metric", None)
        out = {names[name]: value for name, value in query.items()}
        if metric:
            out["MetricStat"] = {"Stat": metric["stat"], "Period": metric["period"],
                                 "Metric": {"Namespace": metric["namespace"], "MetricName": metric["metric_name"],
                                            "Dimensions": dimensions(metric)}}
        return out
