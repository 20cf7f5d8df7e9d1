// What may follow an aws-chunked body: its checksums, and nothing else. Used by the decoder of such bodies (chunked.h).
// Pure functions, safe from any thread.
#pragma once

#include <string_view>

#include "base/result.h"

namespace aws::auth {

// `header` is X-Amz-Trailer: the names that will follow the body. Fails with S3's InvalidRequest for one that is no
// checksum's, before the body is read.
base::Result<void> check_announced_trailers(std::string_view header);

// `name` in lower case and announced. Fails with S3's InvalidRequest unless `value` has the form of that checksum.
base::Result<void> check_trailer(std::string_view name, std::string_view value);

}  // namespace aws::auth
