// The addressing of S3 in which a bucket is part of the host name. Pure functions, safe from any thread.
#pragma once

#include <string_view>

namespace aws::http {

// The bucket in a virtual-hosted S3 host name (bucket.localhost:4566, bucket.s3.us-east-2.amazonaws.com,
// bucket.s3.localhost.localstack.cloud:4566), or empty.
std::string_view virtual_host_bucket(std::string_view host);

}  // namespace aws::http
