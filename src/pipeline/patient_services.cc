#include "pipeline/patient_services.h"

#include "aws/cloudwatch/caller.h"
#include "aws/copy.h"
#include "aws/dynamodb/caller.h"
#include "aws/iam/caller.h"
#include "aws/lambda/caller.h"
#include "aws/logs/caller.h"
#include "aws/s3/caller.h"
#include "aws/sns/caller.h"
#include "aws/sqs/caller.h"
#include "aws/sts/caller.h"
#include "pipeline/stack_resource.h"

namespace pipeline {
namespace {

class PatientCalls final : public aws::Dispatcher {
 public:
  PatientCalls(void* target, Patience& patience) : target_(target), patience_(patience) {}

  base::Result<void> dispatch(const aws::ServiceDesc& service, const aws::OperationDesc& operation,
                              aws::Context& context, void* in, void* out) override {
    return patience_.call(
        operation.name,
        [&] {
          const aws::AnyShape copied = operation.make_input();  // which the call consumes
          if (operation.input != nullptr) aws::copy(*operation.input, in, copied.value.get());
          return operation.call(target_, context, copied.value.get(), out);
        },
        [&](const base::AwsError& error) -> std::optional<NotYet> {
          if (error.http_status >= 500 && !patience_.waits_for_failures()) return std::nullopt;
          return not_yet(service.id, operation.name, error);
        });
  }

 private:
  void* const target_;
  Patience& patience_;
};

// A service by way of its PatientCalls.
template <class Service, class Caller>
struct Patient {
  Patient(Service& service, Patience& patience) : calls(&service, patience), caller(calls) {}
  PatientCalls calls;
  Caller caller;
};

}  // namespace

struct PatientServices::Parts {
  Parts(const Services& to, Patience& patience)
      : s3(to.s3, patience),
        sqs(to.sqs, patience),
        sns(to.sns, patience),
        lambda(to.lambda, patience),
        dynamodb(to.dynamodb, patience),
        iam(to.iam, patience),
        sts(to.sts, patience),
        logs(to.logs, patience),
        cloudwatch(to.cloudwatch, patience) {}

  Patient<aws::s3::S3, aws::s3::S3Caller> s3;
  Patient<aws::sqs::Sqs, aws::sqs::SqsCaller> sqs;
  Patient<aws::sns::Sns, aws::sns::SnsCaller> sns;
  Patient<aws::lambda::Lambda, aws::lambda::LambdaCaller> lambda;
  Patient<aws::dynamodb::DynamoDb, aws::dynamodb::DynamoDbCaller> dynamodb;
  Patient<aws::iam::Iam, aws::iam::IamCaller> iam;
  Patient<aws::sts::Sts, aws::sts::StsCaller> sts;
  Patient<aws::logs::Logs, aws::logs::LogsCaller> logs;
  Patient<aws::cloudwatch::CloudWatch, aws::cloudwatch::CloudWatchCaller> cloudwatch;
};

PatientServices::PatientServices(const Services& services, Patience& patience)
    : parts_(std::make_unique<Parts>(services, patience)) {}
PatientServices::~PatientServices() = default;

Services PatientServices::services() const {
  return {parts_->s3.caller,     parts_->sqs.caller,      parts_->sns.caller,
          parts_->lambda.caller, parts_->dynamodb.caller, parts_->iam.caller,
          parts_->sts.caller,    parts_->logs.caller,     parts_->cloudwatch.caller};
}

}  // namespace pipeline
