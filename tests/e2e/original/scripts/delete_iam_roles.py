import boto3
from names import ROLE

iam = boto3.client("iam")
for policy in iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy["PolicyArn"])
for policy in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
    iam.delete_role_policy(RoleName=ROLE, PolicyName=policy)
iam.delete_role(RoleName=ROLE)
