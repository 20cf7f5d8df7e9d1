#include "aws/auth/trailer.h"

#include <algorithm>

#include "aws/auth/text.h"
#include "base/encoding.h"

namespace aws::auth {
namespace {

struct Trailer {
  std::string_view name;
  std::size_t bytes;
};
// Those of S3, also what the operation may then refuse by name.
constexpr Trailer kTrailers[] = {{"x-amz-checksum-crc32", 4},     {"x-amz-checksum-crc32c", 4},
                                 {"x-amz-checksum-crc64nvme", 8}, {"x-amz-checksum-sha1", 20},
                                 {"x-amz-checksum-sha256", 32},   {"x-amz-checksum-sha512", 64},
                                 {"x-amz-checksum-md5", 16},      {"x-amz-checksum-xxhash3", 8},
                                 {"x-amz-checksum-xxhash64", 8},  {"x-amz-checksum-xxhash128", 16}};

const Trailer* find(std::string_view name) {
  const auto found = std::ranges::find(kTrailers, name, &Trailer::name);
  return found == std::end(kTrailers) ? nullptr : found;
}

auto invalid_request(std::string message) {
  base::AwsError error;
  error.code = "InvalidRequest";
  error.message = std::move(message);
  return base::fail(std::move(error));
}

}  // namespace

base::Result<void> check_announced_trailers(std::string_view header) {
  for (std::string_view rest = header; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (find(lower_case(trim(part))) == nullptr)
      return invalid_request("The value specified in the x-amz-trailer header is not supported");
  }
  return {};
}

base::Result<void> check_trailer(std::string_view name, std::string_view value) {
  const Trailer* trailer = find(name);
  const auto bytes = base::base64_decode(value);
  if (trailer != nullptr && bytes && bytes->size() == trailer->bytes) return {};
  return invalid_request("Value for " + std::string(name) + " trailing header is invalid.");
}

}  // namespace aws::auth
