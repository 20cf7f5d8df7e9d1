#include "aws/shape.h"

namespace aws {

const MemberDesc* StructDesc::find(std::string_view member_name) const {
  for (const MemberDesc& member : members)
    if (member.name == member_name) return &member;
  return nullptr;
}

const OperationDesc* ServiceDesc::find(std::string_view operation_name) const {
  for (const OperationDesc& operation : operations)
    if (operation.name == operation_name) return &operation;
  return nullptr;
}

base::AwsError make_error(const ErrorDesc& desc, std::string message) {
  base::AwsError error;
  error.code = desc.code;
  error.message = std::move(message);
  error.http_status = desc.http_status;
  error.fault = desc.fault;
  error.query_code = desc.query_code;
  return error;
}

}  // namespace aws
