#include "server/body_size.h"

namespace server {

base::AwsError body_too_large(const Mount& mount, const aws::OperationDesc& operation, uint64_t bytes) {
  if (mount.too_large) return mount.too_large(operation, bytes);
  base::AwsError error;
  error.code = "RequestEntityTooLargeException";
  error.http_status = 413;
  error.message = "Request Entity Too Large";
  return error;
}

base::Result<void> check_body_size(const Mount& mount, const aws::OperationDesc& operation, uint64_t bytes) {
  if (bytes <= mount.body_bytes_max) return {};
  return base::fail(body_too_large(mount, operation, bytes));
}

}  // namespace server
