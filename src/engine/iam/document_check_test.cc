#include "engine/iam/document_check.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "aws/auth/policy.h"

namespace engine::iam {
namespace {

// What IAM answers to these documents is recorded in the tests of moto (tests/test_iam/test_iam_policies.py).
const std::string kAllow = R"("Effect":"Allow")";
const std::string kList = R"("Effect":"Allow","Action":"s3:ListBucket")";
const std::string kBucket = R"("Resource":"arn:aws:s3:::example_bucket")";
const std::string kWhole = kList + "," + kBucket;

// A document of one statement, or of the statements in a list.
std::string document(const std::string& body) {
  return R"({"Version":"2012-10-17","Statement":)" + (body.starts_with('[') ? body : "{" + body + "}") + "}";
}
std::string old_document(const std::string& body) {
  return R"({"Statement":)" + (body.starts_with('[') ? body : "{" + body + "}") + "}";
}
std::string resource(const std::string& arn) {
  return document(kList + R"(,"Resource":")" + arn + '"');
}
std::string condition(const std::string& body) {
  return document(kWhole + R"(,"Condition":)" + body);
}

std::string refusal(const std::string& text, DocumentUse use = DocumentUse::managed) {
  const auto result = check_document(text, use);
  return result.has_value() ? "" : result.error().message;
}

const std::string kSyntax = "Syntax errors in policy.";
const std::string kVersion = "Policy document must be version 2012-10-17 or greater.";
const std::string kLegacy = "The policy failed legacy parsing";
const std::string kNoActions = "Policy statement must contain actions.";
const std::string kNoResources = "Policy statement must contain resources.";
const std::string kVendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const std::string kOneColon = "Actions/Condition can contain only one colon.";
const std::string kSids = "Statement IDs (SID) in a single policy must be unique.";

std::string no_arn(const std::string& given) {
  return "Resource " + given + " must be in ARN format or \"*\".";
}
std::string partition(const std::string& name, const std::string& arn) {
  return "Partition \"" + name + "\" is not valid for resource \"" + arn + "\".";
}

struct Row {
  std::string document;
  std::string message;
};

TEST(DocumentCheck, RefusesInIamsWords) {
  const std::string twins = R"([{"Sid":"sdf",)" + kWhole + R"(},{"Sid":"sdf","Effect":"Allow"}])";
  const Row rows[] = {
      {R"("This is not a json document")", kSyntax},
      {old_document(kWhole), kVersion},
      {R"({"Version":"2008-10-17","Statement":{)" + kWhole + "}}", kVersion},
      {R"({"Version":"2013-10-17","Statement":{)" + kWhole + "}}", kSyntax},
      {R"({"Version":"2012-10-17"})", kSyntax},
      {document(R"(["afd"])"), kSyntax},
      {R"({"Version":"2012-10-17","Statement":{)" + kWhole + R"(},"Extra field":"value"})", kSyntax},
      {document(kWhole + R"(,"Extra field":"value")"), kSyntax},
      {R"({"Version":"2012-10-17","Id":["cd3a324d2343d942772346-34234234423404"],"Statement":{)" + kWhole + "}}",
       kSyntax},
      {R"({"Version":"2012-10-17","Id":{},"Statement":{)" + kWhole + "}}", kSyntax},
      {document(R"("Effect":"invalid","Action":"s3:ListBucket",)" + kBucket), kSyntax},
      {document(R"("Effect":"Allow","Action":"invalid",)" + kBucket), kVendor},
      {document(R"("Effect":"Allow","NotAction":"",)" + kBucket), kVendor},
      {document(R"("Effect":"Allow","Action":"a a:ListBucket",)" + kBucket), "Vendor a a is not valid"},
      {document(R"("Effect":"Allow","Action":"s3:List:Bucket",)" + kBucket), kOneColon},
      {document(R"([{"Effect":"Allow","Action":"s3s:ListBucket",)" + kBucket +
                R"(},{"Effect":"Allow","Action":"s:3s:ListBucket",)" + kBucket + "}]"),
       kOneColon},
      {resource("invalid resource"), no_arn("invalid resource")},
      {document(
           R"([{"Sid":"EnableDisableHongKong","Effect":"Allow","Action":["account:EnableRegion","account:DisableRegion"],
               "Resource":"","Condition":{"StringEquals":{"account:TargetRegion":"ap-east-1"}}},{"Sid":"ViewConsole",
               "Effect":"Allow","Action":["aws-portal:ViewAccount","account:ListRegions"],"Resource":""}])"),
       no_arn("")},
      {document(R"("Effect":"Allow","Action":"s:3:ListBucket","Resource":"sdfsadf")"), no_arn("sdfsadf")},
      {document(kList + R"(,"Resource":["adf"])"), no_arn("adf")},
      {resource(""), no_arn("")},
      {document(R"("Effect":"Allow","NotAction":"s3s:ListBucket","Resource":"a:bsdfdsafsad")"),
       partition("bsdfdsafsad", "arn:bsdfdsafsad:*:*:*:*")},
      {document(R"("Effect":"Allow","NotAction":"s3s:ListBucket","Resource":"a:b:cadfsdf")"),
       partition("b", "arn:b:cadfsdf:*:*:*")},
      {document(R"("Effect":"Allow","NotAction":"s3s:ListBucket","Resource":"a:b:c:d:e:f:g:h")"),
       partition("b", "arn:b:c:d:e:f:g:h")},
      {resource("aws:s3:::example_bucket"), partition("s3", "arn:s3:::example_bucket:*")},
      {document(kList + R"(,"Resource":["arn:error:s3:::example_bucket","arn:error:s3::example_bucket"])"),
       partition("error", "arn:error:s3:::example_bucket")},
      {document("[]"), kSyntax},
      {document(kList), kNoResources},
      {document(kList + R"(,"Resource":[])"), kNoResources},
      {document(R"("Effect":"Allow","Action":"invalid")"), kVendor},
      {document(kAllow + "," + kBucket), kNoActions},
      {document(R"("Action":"s3:ListBucket",)" + kBucket), kSyntax},
      {document(kAllow), kNoActions},
      {document(R"("Effect":"Allow","Action":[],)" + kBucket), kNoActions},
      {document(R"([{"Effect":"Deny"},{)" + kWhole + "}]"), kNoActions},
      {resource("arn:aws:iam:::example_bucket"),
       "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, "
       "mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/."},
      {resource("arn:aws:s3::example_bucket"), kLegacy},
      {document(R"("Effect":"Allow","Resource":"arn:aws:s3::example_bucket")"), kLegacy},
      {resource("arn:aws"), "Resource vendor must be fully qualified and cannot contain regexes."},
      {document(kList + R"(,"Resource":{"a":"arn:aws:s3:::example_bucket"})"), kSyntax},
      {document(R"("Effect":"Deny","Action":"s3:ListBucket","Resource":["adfdf",{}])"), kSyntax},
      {document(R"("Effect":"Allow","NotAction":"s3:ListBucket",)" + kBucket + R"(,"NotResource":[])"), kSyntax},
      {document(R"("Effect":"Deny","Action":[[]],)" + kBucket), kSyntax},
      {document(R"("Effect":"Allow","NotAction":"s3s:ListBucket","Action":[],)" + kBucket), kSyntax},
      {document(R"("Effect":"Allow","Action":{},)" + kBucket), kSyntax},
      {condition("[]"), kSyntax},
      {condition(R"("a")"), kSyntax},
      {condition(R"({"a":"b"})"), kSyntax},
      {condition(R"({"DateGreaterThan":"b"})"), kSyntax},
      {condition(R"({"DateGreaterThan":[]})"), kSyntax},
      {condition(R"({"DateGreaterThan":{"a":{}}})"), kSyntax},
      {document(kAllow + "," + kBucket + R"(,"Condition":{"DateGreaterThan":{"a":{}}})"), kSyntax},
      {condition(R"({"x":{"a":"1"}})"), kSyntax},
      {condition(R"({"ForAnyValue::StringEqualsIfExists":{"a":"asf"}})"), kSyntax},
      {condition(R"([{"ForAllValues:StringEquals":{"aws:TagKeys":"Department"}}])"), kSyntax},
      {resource("arn:aws:iam:us-east-1::example_bucket"),
       "IAM resource arn:aws:iam:us-east-1::example_bucket cannot contain region information."},
      {resource("arn:aws:s3:us-east-1::example_bucket"),
       "Resource arn:aws:s3:us-east-1::example_bucket can not contain region information."},
      {document(R"("Sid":{},)" + kWhole), kSyntax},
      {document(R"("Sid":[],)" + kWhole), kSyntax},
      {document(twins), kSids},
      {old_document(twins), kVersion},
      {document(R"("Effect":"Allow","NotAction":"s3:ListBucket","Action":"iam:dsf",)" + kBucket), kSyntax},
      {document(kWhole + R"(,"NotResource":"*")"), kSyntax},
      {document(R"("Effect":"denY","Action":"s3:ListBucket",)" + kBucket), kLegacy},
      {condition(R"({"DateGreaterThan":{"a":"sdfdsf"}})"), kLegacy},
      {old_document(kWhole + R"(,"Condition":{"DateGreaterThan":{"a":"sdfdsf"}})"), kVersion},
      {old_document(R"("Effect":"denY","Action":"s3:ListBucket",)" + kBucket), kVersion},
      {document(kAllow + R"(,"Condition":{"DateGreaterThan":{"a":"sdfdsf"}})"), kLegacy},
      {document(R"("Effect":"Allow","NotAction":"s3:ListBucket","Resource":"arn:aws::::example_bucket")"), kLegacy},
      {document(R"("Effect":"allow","Resource":"arn:aws:s3:us-east-1::example_bucket")"), kLegacy},
      {document(R"([{"Sid":"sdf","Effect":"aLLow","Action":"s3:ListBucket",)" + kBucket +
                R"(},{"Sid":"sdf","Effect":"Allow"}])"),
       kLegacy},
      {document(kList + R"(,"NotResource":"arn:aws:s3::example_bucket")"), kLegacy},
      {condition(R"({"DateLessThanEquals":{"a":"234-13"}})"), kLegacy},
      {condition(R"({"DateLessThanEquals":{"a":"2016-12-13t2:00:00.593194+1"}})"), kLegacy},
      {condition(R"({"DateLessThanEquals":{"a":"2016-12-13t2:00:00.1999999999+10:59"}})"), kLegacy},
      {condition(R"({"DateLessThan":{"a":"9223372036854775808"}})"), kLegacy},
      {document(kList +
                R"(,"Resource":"arn:error:s3:::example_bucket","Condition":{"DateGreaterThan":{"a":"sdfdsf"}})"),
       kLegacy},
      {resource("arn:aws::fdsasf"), kLegacy},
      // Not recorded there. The Sid's text stands in logs of CloudTrail that users show; a cut off ARN is completed
      // with "*", also as a region.
      {"{", kSyntax},
      {document(R"("Sid":"a b",)" + kWhole),
       "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
       "[0-9A-Za-z]*"},
      {resource("a:b:c"), partition("b", "arn:b:c:*:*:*")},
      {resource("arn:aws:s3"), "Resource arn:aws:s3 can not contain region information."},
      {resource("arn:aws:iam"), "IAM resource arn:aws:iam cannot contain region information."},
      {document(kList + R"(,"Principal":"*")"), "Policy document should not specify a principal."},
  };
  for (const Row& row : rows) EXPECT_EQ(refusal(row.document), row.message) << row.document;
}

TEST(DocumentCheck, TakesWhatIamTakes) {
  std::vector<std::string> documents = {
      document(kList + R"(,"Resource":["arn:aws:s3:::example_bucket"])"),
      document(R"("Effect":"Allow","Action":"iam: asdf safdsf af ",)" + kBucket),
      document(kList + R"(,"Resource":["arn:aws:s3:::example_bucket","*"])"),
      document(R"("Effect":"Allow","Action":"*",)" + kBucket),
      document("[{" + kWhole + "}]"),
      document(R"("Effect":"Allow","Action":"service-prefix:action-name","Resource":"*","Condition":{"DateGreaterThan":
          {"aws:CurrentTime":"2017-07-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2017-12-31T23:59:59Z"}})"),
      document(R"("Effect":"Allow","Action":"fsx:ListBucket",)" + kBucket),
      resource("arn:aws:iam:::user/example_bucket"),
      resource("arn:aws:s33:::example_bucket"),
      resource("arn:aws:fdsasf"),
      condition("{}"),
      condition(R"({"ForAllValues:StringEquals":{"aws:TagKeys":"Department"}})"),
      resource("arn:aws:cloudwatch:us-east-1::example_bucket"),
      resource("arn:aws:ec2:us-east-1::example_bucket"),
      resource("arn:aws:invalid-service:::example_bucket"),
      resource("arn:aws:invalid-service:us-east-1::example_bucket"),
      condition(R"({"DateGreaterThan":{"aws:CurrentTime":"2017-07-01T00:00:00Z"},
          "DateLessThan":{"aws:CurrentTime":"2017-12-31T23:59:59Z"}})"),
      condition(R"({"DateGreaterThan":{}})"),
      condition(R"({"DateGreaterThan":{"a":[]}})"),
      condition(R"({"a":{}})"),
      document(R"("Sid":"dsfsdfsdfsdfsdfsadfsd",)" + kWhole),
      document(R"([{"Sid":"ConsoleDisplay","Effect":"Allow","Action":["iam:GetRole","iam:GetUser","iam:ListRoles",
          "iam:ListRoleTags","iam:ListUsers","iam:ListUserTags"],"Resource":"*"},{"Sid":"AddTag","Effect":"Allow",
          "Action":["iam:TagUser","iam:TagRole"],"Resource":"*","Condition":{"StringEquals":
          {"aws:RequestTag/CostCenter":["A-123","B-456"]},"ForAllValues:StringEquals":{"aws:TagKeys":"CostCenter"}}}])"),
      document(R"("Effect":"Allow","NotAction":"s3:ListBucket",)" + kBucket),
      document(R"("Effect":"Deny","Action":"s3:*","NotResource":["arn:aws:s3:::HRBucket/Payroll",
          "arn:aws:s3:::HRBucket/Payroll/*"])"),
      R"({"Version":"2012-10-17","Id":"sdfsdfsdf","Statement":{"Effect":"Allow","NotAction":"s3:ListBucket",)" +
          kBucket + "}}",
      document(R"("Effect":"Allow","Action":"aaaaaadsfdsafsadfsadfaaaaa:ListBucket",)" + kBucket),
      document(R"("Effect":"Allow","Action":"s3-s:ListBucket",)" + kBucket),
      document(R"("Effect":"Allow","Action":"s3.s:ListBucket",)" + kBucket),
      document(R"("Effect":"Allow","NotAction":"s3:ListBucket","NotResource":"*")"),
      document(R"([{"Sid":"sdf",)" + kWhole + "},{" + kWhole + "}]"),
      condition(R"({"DateGreaterThan":{"a":"01T"}})"),
      condition(R"({"x":{},"y":{}})"),
      condition(R"({"StringEqualsIfExists":{"a":"asf"}})"),
      condition(R"({"ForAnyValue:StringEqualsIfExists":{"a":"asf"}})"),
      condition(R"({"DateLessThanEquals":{"a":"2019-07-01T13:20:15Z"}})"),
      condition(R"({"DateLessThanEquals":{"a":"2016-12-13T21:20:37.593194+00:00"}})"),
      condition(R"({"DateLessThanEquals":{"a":"2016-12-13t2:00:00.593194+23"}})"),
      condition(R"({"DateLessThan":{"a":"-292275054"}})"),
      document(R"([{"Effect":"Allow","Action":["ec2:AttachVolume","ec2:DetachVolume"],"Resource":
          ["arn:aws:ec2:*:*:volume/*","arn:aws:ec2:*:*:instance/*"],"Condition":{"ArnEquals":
          {"ec2:SourceInstanceARN":"arn:aws:ec2:*:*:instance/instance-id"}}}])"),
      document(R"([{"Effect":"Allow","Action":["ec2:AttachVolume","ec2:DetachVolume"],"Resource":
          "arn:aws:ec2:*:*:instance/*","Condition":{"StringEquals":{"ec2:ResourceTag/Department":"Development"}}},
          {"Effect":"Allow","Action":["ec2:AttachVolume","ec2:DetachVolume"],"Resource":"arn:aws:ec2:*:*:volume/*",
          "Condition":{"StringEquals":{"ec2:ResourceTag/VolumeUser":"${aws:username}"}}}])"),
      document(R"([{"Sid":"StartStopIfTags","Effect":"Allow","Action":["ec2:StartInstances","ec2:StopInstances",
          "ec2:DescribeTags"],"Resource":"arn:aws:ec2:region:account-id:instance/*","Condition":{"StringEquals":
          {"ec2:ResourceTag/Project":"DataAnalytics","aws:PrincipalTag/Department":"Data"}}}])"),
      document(R"([{"Sid":"ListYourObjects","Effect":"Allow","Action":"s3:ListBucket","Resource":
          ["arn:aws:s3:::bucket-name"],"Condition":{"StringLike":{"s3:prefix":
          ["cognito/application-name/${cognito-identity.amazonaws.com:sub}"]}}},{"Sid":"ReadWriteDeleteYourObjects",
          "Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":
          ["arn:aws:s3:::bucket-name/cognito/application-name/${cognito-identity.amazonaws.com:sub}",
          "arn:aws:s3:::bucket-name/cognito/application-name/${cognito-identity.amazonaws.com:sub}/*"]}])"),
      document(R"([{"Effect":"Allow","Action":["s3:ListAllMyBuckets","s3:GetBucketLocation"],"Resource":"*"},
          {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::bucket-name","Condition":{"StringLike":
          {"s3:prefix":["","home/","home/${aws:userid}/*"]}}},{"Effect":"Allow","Action":"s3:*","Resource":
          ["arn:aws:s3:::bucket-name/home/${aws:userid}","arn:aws:s3:::bucket-name/home/${aws:userid}/*"]}])"),
      document(R"([{"Sid":"ConsoleAccess","Effect":"Allow","Action":["s3:GetAccountPublicAccessBlock","s3:GetBucketAcl",
          "s3:GetBucketLocation","s3:GetBucketPolicyStatus","s3:GetBucketPublicAccessBlock","s3:ListAllMyBuckets"],
          "Resource":"*"},{"Sid":"ListObjectsInBucket","Effect":"Allow","Action":"s3:ListBucket","Resource":
          ["arn:aws:s3:::bucket-name"]},{"Sid":"AllObjectActions","Effect":"Allow","Action":"s3:*Object","Resource":
          ["arn:aws:s3:::bucket-name/*"]}])"),
      document(R"([{"Action":"ec2:*","Resource":"*","Effect":"Allow","Condition":{"StringEquals":
          {"ec2:Region":"region"}}}])"),
      document(R"([{"Effect":"Allow","Action":"rds:*","Resource":["arn:aws:rds:region:*:*"]},{"Effect":"Allow",
          "Action":["rds:Describe*"],"Resource":["*"]}])"),
      document(R"([{"Sid":"","Effect":"Allow","Action":"rds:*","Resource":["arn:aws:rds:region:*:*"]},{"Sid":"",
          "Effect":"Allow","Action":["rds:Describe*"],"Resource":["*"]}])"),
      document(R"([{"Sid":"","Effect":"Allow","Action":["s3:*"],"Resource":
          ["arn:aws:s3:us-west-2:123456789012:accesspoint/my-access-point",
          "arn:aws:s3:us-west-2:123456789012:accesspoint/my-access-point/object/*"]}])"),
      document(R"([{"Sid":"ListAndDescribe","Effect":"Allow","Action":["dynamodb:List*",
          "dynamodb:DescribeReservedCapacity*","dynamodb:DescribeLimits","dynamodb:DescribeTimeToLive"],"Resource":"*"},
          {"Sid":"SpecificTable","Effect":"Allow","Action":["dynamodb:BatchGet*","dynamodb:DescribeStream",
          "dynamodb:DescribeTable","dynamodb:Get*","dynamodb:Query","dynamodb:Scan","dynamodb:BatchWrite*",
          "dynamodb:CreateTable","dynamodb:Delete*","dynamodb:Update*","dynamodb:PutItem"],"Resource":
          "arn:aws:dynamodb:*:*:table/MyTable"}])"),
      // Not recorded there.
      document(R"("Effect":"Allow","Action":"*:*","Resource":"*")"),
      condition(R"({"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"aws:x":[1,"2"]}})"),
      condition(R"({"DateGreaterThan":{"aws:EpochTime":1700000000}})"),
  };
  // Two that let users see to their own keys, and certificates, and devices; one of them also denies without MFA.
  const std::string own = R"("Resource":"arn:aws:iam::*:user/${aws:username}"})";
  std::string statements =
      R"([{"Sid":"AllowViewAccountInfo","Effect":"Allow","Action":["iam:GetAccountPasswordPolicy",
          "iam:GetAccountSummary"],"Resource":"*"},{"Sid":"AllowManageOwnPasswords","Effect":"Allow","Action":
          ["iam:ChangePassword","iam:GetUser"],)" +
      own + R"(,{"Sid":"AllowManageOwnAccessKeys","Effect":"Allow","Action":["iam:CreateAccessKey",
          "iam:DeleteAccessKey","iam:ListAccessKeys","iam:UpdateAccessKey"],)" +
      own + R"(,{"Sid":"AllowManageOwnSigningCertificates","Effect":"Allow","Action":["iam:DeleteSigningCertificate",
          "iam:ListSigningCertificates","iam:UpdateSigningCertificate","iam:UploadSigningCertificate"],)" +
      own + R"(,{"Sid":"AllowManageOwnSSHPublicKeys","Effect":"Allow","Action":["iam:DeleteSSHPublicKey",
          "iam:GetSSHPublicKey","iam:ListSSHPublicKeys","iam:UpdateSSHPublicKey","iam:UploadSSHPublicKey"],)" +
      own + R"(,{"Sid":"AllowManageOwnGitCredentials","Effect":"Allow","Action":
          ["iam:CreateServiceSpecificCredential","iam:DeleteServiceSpecificCredential",
          "iam:ListServiceSpecificCredentials","iam:ResetServiceSpecificCredential",
          "iam:UpdateServiceSpecificCredential"],)" +
      own;
  documents.push_back(document(statements + "]"));
  documents.push_back(document(
      statements + R"(,{"Sid":"AllowManageOwnVirtualMFADevice","Effect":"Allow","Action":["iam:CreateVirtualMFADevice",
          "iam:DeleteVirtualMFADevice"],"Resource":"arn:aws:iam::*:mfa/${aws:username}"},
          {"Sid":"AllowManageOwnUserMFA","Effect":"Allow","Action":["iam:DeactivateMFADevice","iam:EnableMFADevice",
          "iam:ListMFADevices","iam:ResyncMFADevice"],)" +
      own + R"(,{"Sid":"DenyAllExceptListedIfNoMFA","Effect":"Deny","NotAction":["iam:CreateVirtualMFADevice",
          "iam:EnableMFADevice","iam:GetUser","iam:ListMFADevices","iam:ListVirtualMFADevices","iam:ResyncMFADevice",
          "sts:GetSessionToken"],"Resource":"*","Condition":{"BoolIfExists":
          {"aws:MultiFactorAuthPresent":"false"}}}])"));
  for (const std::string& text : documents) {
    EXPECT_EQ(refusal(text), "") << text;
    const auto policy = aws::auth::Policy::parse(text, aws::auth::PolicyKind::identity);
    ASSERT_TRUE(policy.has_value()) << policy.error() << ": " << text;
    EXPECT_EQ(policy->undecidable_key().value_or(""), "") << text;
  }
}

TEST(DocumentCheck, OtherUsesAskForLess) {
  EXPECT_EQ(refusal(old_document(kWhole), DocumentUse::inlined), "");
  EXPECT_EQ(refusal("{", DocumentUse::inlined), kSyntax);
  const std::string trust = R"("Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"})";
  const auto trusted = [&](const std::string& effect) {
    return refusal(old_document(R"("Effect":")" + effect + "\"," + trust), DocumentUse::trust);
  };
  EXPECT_EQ(trusted("Allow"), "");
  EXPECT_EQ(trusted("allow"), kLegacy);
  EXPECT_EQ(trusted("yes"), kSyntax);
  EXPECT_EQ(refusal("{", DocumentUse::trust), "This policy contains invalid Json");
}

}  // namespace
}  // namespace engine::iam
