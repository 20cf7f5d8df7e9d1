// Names of resources out of what requests name them by. Pure, safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace like_aws {

// Of "name", "name:qualifier", "123456789012:function:name" or an ARN.
std::string function_name(std::string_view text);
// The rest behind the last '/': a role of its ARN (with any path), a queue of its URL. All of it if there is none.
std::string last_part(std::string_view text);
// The rest behind the last ':' of an ARN, which names a queue or a topic.
std::string arn_resource(std::string_view arn);
// A table of its name or its ARN.
std::string table_name(std::string_view text);
// A queue by its URL, the same for all addresses of the engine: "us-east-1/ACCOUNT/NAME".
std::string queue_key(std::string_view region, std::string_view url);

}  // namespace like_aws
