// The limits of request bodies, in the words of the service that is asked. Pure, safe from any thread.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "server/router.h"

namespace server {

base::AwsError body_too_large(const Mount& mount, const aws::OperationDesc& operation, uint64_t bytes);
// Of a body that is held: Mount::body_bytes_max.
base::Result<void> check_body_size(const Mount& mount, const aws::OperationDesc& operation, uint64_t bytes);

}  // namespace server
