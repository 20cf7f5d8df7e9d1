"""What is not here: services, operations, and resources that the engine does not have. Each stock client reads in words
what is missing, and what infrastructure tools read before they change something is answered as on a new account."""
import json
import urllib.error
import urllib.request

import botocore
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.httpsession
import pytest
from botocore.exceptions import ClientError
from till_process import REGION, make_client

UNKNOWN = "UnknownOperationException"


@pytest.mark.parametrize("service, scope, call, code", [
    ("cloudformation", "cloudformation", "list_stacks", "InvalidAction"),
    ("ec2", "ec2", "describe_instances", "InvalidAction"),
    ("ses", "ses", "list_identities", "InvalidAction"),
    ("autoscaling", "autoscaling", "describe_auto_scaling_groups", "InvalidAction"),
    ("sesv2", "ses", "list_email_identities", UNKNOWN),
    ("kms", "kms", "list_keys", UNKNOWN),
    ("events", "events", "list_rules", UNKNOWN),
    ("stepfunctions", "states", "list_state_machines", UNKNOWN),
    ("secretsmanager", "secretsmanager", "list_secrets", UNKNOWN),
    ("ssm", "ssm", "describe_parameters", UNKNOWN),
    ("route53", "route53", "list_hosted_zones", None),
    ("apigateway", "apigateway", "get_rest_apis", UNKNOWN),
    ("kinesis", "kinesis", "list_streams", UNKNOWN),
    ("cognito-idp", "cognito-idp", "list_user_pool_clients", UNKNOWN),
    ("ecr", "ecr", "describe_repositories", UNKNOWN),
])
def test_absent_services_answer_in_the_callers_protocol(server, service, scope, call, code):
    arguments = {"UserPoolId": f"{REGION}_1"} if service == "cognito-idp" else {}
    with pytest.raises(ClientError) as refused:
        getattr(server.client(service), call)(**arguments)
    error = refused.value.response["Error"]
    assert error["Message"].startswith(f"service {scope} is not here; these are: ")
    if code:
        assert error["Code"] == code


# SimpleDB's signature (version 2, in the form) has no scope.
def test_an_absent_service_whose_signature_does_not_name_it(server):
    with pytest.raises(ClientError) as refused:
        server.client("sdb").list_domains()
    error = refused.value.response["Error"]
    assert error["Code"] == "InvalidAction" and error["Message"].startswith("service sdb is not here; these are: ")
    request = urllib.request.Request(server.endpoint, b"Action=ListIdentities&Version=2010-12-01",
                                     {"Host": "email.localhost.localstack.cloud"})
    with pytest.raises(urllib.error.HTTPError) as unsigned:
        urllib.request.urlopen(request, timeout=30)
    assert b"service email is not here" in unsigned.value.read()


# The reads of features that this engine has nothing of, and of which AWS has no fixed answer.
ABSENT_READS = {
    "s3": {"ListDirectoryBuckets", "SelectObjectContent"},
    "lambda": {"GetDurableExecution", "GetDurableExecutionHistory", "GetDurableExecutionState",
               "ListFunctionVersionsByCapacityProvider", "ListFunctionsByCodeSigningConfig"},
    "cloudwatch": {"DescribeAlarmContributors", "GetInsightRuleReport", "GetMetricWidgetImage"},
    "logs": {"DescribeConfigurationTemplates", "DescribeImportTaskBatches", "GetDelivery", "GetDeliveryDestination",
             "GetDeliveryDestinationPolicy", "GetDeliverySource", "GetIntegration", "GetLogAnomalyDetector",
             "GetLogFields", "GetLogGroupFields", "GetLogObject", "GetLogRecord", "GetLookupTable", "GetQueryResults",
             "GetScheduledQuery", "GetScheduledQueryHistory", "ListAggregateLogGroupSummaries",
             "ListLogGroupsForQuery", "ListSourcesForS3TableIntegration"},
    "sts": {"GetDelegatedAccessToken", "GetFederationToken", "GetWebIdentityToken"},
}


def smallest(shape):
    """The smallest value that boto3 sends for a shape."""
    if shape.type_name == "structure":
        return {name: smallest(shape.members[name]) for name in shape.required_members}
    if shape.type_name in ("list", "map"):
        return [smallest(shape.member)] if shape.type_name == "list" else {}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "x" * max(int(shape.metadata.get("min", 1)), 1)
    return {"boolean": False, "timestamp": 0, "blob": b""}.get(shape.type_name, 1)


@pytest.mark.parametrize("service", ["sqs", "sns", "s3", "lambda", "dynamodb", "cloudwatch", "logs", "sts"])
def test_every_read_is_known_or_absent_on_purpose(server, service):
    # No name of a host is put before the address, as of logs' streaming reads: the resolver may not know it.
    client = make_client(service, server.endpoint, inject_host_prefix=False)
    unknown = set()
    for operation in client.meta.service_model.operation_names:
        if not operation.startswith(("Describe", "Get", "List", "Head", "Select")):
            continue
        model = client.meta.service_model.operation_model(operation)
        arguments = smallest(model.input_shape) if model.input_shape else {}
        try:
            getattr(client, botocore.xform_name(operation))(**arguments)
        except ClientError as refused:
            error = refused.response["Error"]
            if error["Code"] in (UNKNOWN, "InvalidAction", "NotImplemented"):
                assert len(error["Message"]) > 40
                unknown.add(operation)
    assert unknown == ABSENT_READS.get(service, set())


@pytest.mark.parametrize("service, call, arguments", [
    ("sqs", "POST", {"X-Amz-Target": "AmazonSQS.Nothing", "Content-Type": "application/x-amz-json-1.0"}),
    ("dynamodb", "POST", {"X-Amz-Target": "DynamoDB_20120810.Nothing", "Content-Type": "application/x-amz-json-1.0"}),
    ("dynamodb", "POST", {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "text/plain"}),
    ("lambda", "GET", {}),
    ("s3", "PATCH", {}),
])
def test_unknown_operations_are_refused_in_words(server, service, call, arguments):
    status, body = send(server, service, call, "/2015-03-31/nothing", arguments, b"{}" if call == "POST" else b"")
    assert status >= 400 and len(body) > 40 and (b"essage" in body)


def send(server, service, method, path, headers, body):
    request = botocore.awsrequest.AWSRequest(method, server.endpoint + path, headers=headers, data=body)
    botocore.auth.SigV4Auth(botocore.credentials.Credentials("test", "test"), service, REGION).add_auth(request)
    response = botocore.httpsession.URLLib3Session().send(request.prepare())
    return response.status_code, response.content


def test_plain_json_with_a_target_is_taken(server):
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/json"}
    status, body = send(server, "dynamodb", "POST", "/", headers, b"{}")
    assert status == 200 and "TableNames" in json.loads(body)


def test_what_tools_read_first_is_answered(server, iam, sts, logs, cloudwatch, name):
    assert iam.list_users()["Users"] == [] and iam.list_account_aliases()["AccountAliases"] == []
    assert iam.get_account_summary()["SummaryMap"]["Users"] == 0
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    policy = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"]
    assert iam.get_policy(PolicyArn=policy["Arn"])["Policy"]["Tags"] == []
    iam.tag_policy(PolicyArn=policy["Arn"], Tags=[{"Key": "a", "Value": "b"}])
    assert iam.list_policy_tags(PolicyArn=policy["Arn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    for call, arguments in ((iam.get_user, {"UserName": name}), (iam.get_account_password_policy, {}),
                            (iam.get_instance_profile, {"InstanceProfileName": name})):
        with pytest.raises(iam.exceptions.NoSuchEntityException):
            call(**arguments)
    with pytest.raises(ClientError) as refused:
        sts.decode_authorization_message(EncodedMessage="x")
    assert refused.value.response["Error"]["Code"] == "InvalidAuthorizationMessageException"
    logs.create_log_group(logGroupName=name)
    assert logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"] == []
    assert logs.describe_resource_policies()["resourcePolicies"] == []
    assert logs.describe_account_policies(policyType="DATA_PROTECTION_POLICY")["accountPolicies"] == []
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier=name)
    assert logs.describe_index_policies(logGroupIdentifiers=[name])["indexPolicies"] == []
    listed, = logs.list_log_groups(logGroupNamePattern=f"^{name[:20]}", limit=1000)["logGroups"]
    assert listed["logGroupName"] == name and listed["logGroupClass"] == "STANDARD"
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_transformer(logGroupIdentifier=name)
    with pytest.raises(ClientError) as refused:
        logs.filter_log_events(logGroupIdentifier=f"arn:aws:logs:{REGION}:000000000000:log-group:{name}:*")
    assert "Value at 'logGroupIdentifier' failed to satisfy constraint" in refused.value.response["Error"]["Message"]
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.delete_metric_filter(logGroupName="x" * 513, filterName="f")
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_dashboard(DashboardName=name)
    assert refused.value.response["Error"]["Message"] == f"Dashboard {name} does not exist"


def test_reads_of_an_account_without_users(iam, name):
    """Every Get and List of IAM that auditors and infrastructure tools make, on a new account."""
    for call, key in (("list_ssh_public_keys", "SSHPublicKeys"), ("list_signing_certificates", "Certificates"),
                      ("list_service_specific_credentials", "ServiceSpecificCredentials"),
                      ("list_server_certificates", "ServerCertificateMetadataList"),
                      ("list_saml_providers", "SAMLProviderList"), ("list_mfa_devices", "MFADevices"),
                      ("list_virtual_mfa_devices", "VirtualMFADevices")):
        assert getattr(iam, call)()[key] == []
    user, group, arn = {"UserName": name}, {"GroupName": name}, f"arn:aws:iam::000000000000:saml-provider/{name}"
    for call, arguments in (
            ("get_login_profile", user), ("list_user_tags", user), ("list_ssh_public_keys", user),
            ("list_signing_certificates", user), ("list_service_specific_credentials", user),
            ("get_user_policy", user | {"PolicyName": "p"}), ("list_group_policies", group),
            ("list_attached_group_policies", group), ("get_group_policy", group | {"PolicyName": "p"}),
            ("get_ssh_public_key", user | {"SSHPublicKeyId": "A" * 20, "Encoding": "SSH"}),
            ("get_access_key_last_used", {"AccessKeyId": "AKIA" + "A" * 16}),
            ("get_mfa_device", {"SerialNumber": f"arn:aws:iam::000000000000:mfa/{name}"}),
            ("list_mfa_device_tags", {"SerialNumber": f"arn:aws:iam::000000000000:mfa/{name}"}),
            ("list_instance_profile_tags", {"InstanceProfileName": name}),
            ("list_server_certificate_tags", {"ServerCertificateName": name}),
            ("list_saml_provider_tags", {"SAMLProviderArn": arn}),
            ("list_open_id_connect_provider_tags", {"OpenIDConnectProviderArn": arn}),
            ("get_service_linked_role_deletion_status", {"DeletionTaskId": "task/x"})):
        with pytest.raises(iam.exceptions.NoSuchEntityException):
            getattr(iam, call)(**arguments)
    with pytest.raises(ClientError) as refused:
        iam.list_policies_granting_service_access(Arn=arn, ServiceNamespaces=["s3"])
    assert refused.value.response["Error"]["Message"] == (
        "The action ListPoliciesGrantingServiceAccess is not valid for this endpoint.")


def test_the_whole_account_is_read_at_once(iam, name):
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), Tags=[{"Key": "k", "Value": "v"}])
    arn = "arn:aws:iam::aws:policy/job-function/SupportUser"
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    pages = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 1}))
    role, = (role for page in pages for role in page["RoleDetailList"] if role["RoleName"] == name)
    assert role["AssumeRolePolicyDocument"] == trust and role["Tags"] == [{"Key": "k", "Value": "v"}]
    assert role["AttachedManagedPolicies"] == [{"PolicyName": "SupportUser", "PolicyArn": arn}]
    policy, = (policy for page in pages for policy in page["Policies"] if policy["Arn"] == arn)
    assert policy["PolicyVersionList"][0]["Document"]["Version"] == "2012-10-17"
    assert all(page["UserDetailList"] == page["GroupDetailList"] == [] for page in pages)
    only = iam.get_account_authorization_details(Filter=["AWSManagedPolicy"])
    assert only["RoleDetailList"] == [] and arn in [policy["Arn"] for policy in only["Policies"]]
    while iam.generate_credential_report()["State"] != "COMPLETE":
        pass
    header, root = iam.get_credential_report()["Content"].decode().splitlines()
    assert header.startswith("user,arn,") and root.startswith("<root_account>,arn:aws:iam::")
