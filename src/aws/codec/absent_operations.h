// The operations of S3 that are not generated, by the requests that ask for them: so that a refusal can say which one
// is not here. Pure, safe from any thread.
#pragma once

#include <string_view>

namespace aws::codec {

// The name of the operation that `method` asks for with a sub-resource (the query key "versioning") of a bucket, or of
// an object if `of_object`. Empty if AWS has none there, or if it is one of those that are generated.
std::string_view absent_operation(std::string_view method, bool of_object, std::string_view sub_resource);

}  // namespace aws::codec
