import boto3
from names import POLICIES, ROLE, ROLE_ARN

iam = boto3.client("iam")
assert iam.get_role(RoleName=ROLE)["Role"]["Arn"] == ROLE_ARN
attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
assert sorted(p["PolicyArn"].split("policy/")[1] for p in attached) == sorted(POLICIES)
