// The constraints of AWS's model (required, lengths, ranges, enums, patterns), checked on decoded input by walking its
// description. Pure, safe from any thread.
#pragma once

#include "aws/shape.h"
#include "base/result.h"

namespace aws {

// Fails with service.validation_code and AWS's aggregated text: "2 validation errors detected: Value 'x' at
// 'tableName' failed to satisfy constraint: Member must ...; Value null at ..." (at most 10 are listed; see
// protocols.md 1.3 and dynalite's order of checks). SQS and S3 have no such validation on AWS; their models carry no
// constraints but `required`, which yields "The request must contain the parameter X." with SQS's
// MissingRequiredParameterException (query code MissingParameter) or S3's InvalidRequest; what lacks within a document
// of S3's makes that MalformedXML. SNS checks only `required` too, in the aggregated form. A pattern that aws/pattern.h
// cannot compile is not checked.
base::Result<void> validate(const ServiceDesc& service, const OperationDesc& operation, const void* in);

// The refusal of a parameter that AWS takes and we do not honour: service.unsupported_code, naming `path`.
base::AwsError unsupported_parameter(const ServiceDesc& service, std::string_view path);

}  // namespace aws
