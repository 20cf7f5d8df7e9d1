// How a bucket may be called (S3 User Guide, "General purpose bucket naming rules"). Pure; safe from any thread.
#pragma once

#include <string_view>

namespace aws::rules {

bool is_bucket_name(std::string_view name);

}  // namespace aws::rules
