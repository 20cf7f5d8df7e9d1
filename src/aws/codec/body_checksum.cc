#include "aws/codec/body_checksum.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/validate.h"
#include "base/encoding.h"

namespace aws::codec {
namespace {

constexpr std::string_view kPrefix = "x-amz-checksum-";

std::string big_endian(uint64_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}

struct Algorithm {
  std::string_view suffix;  // of the header
  std::string_view name;
  std::string (*digest)(std::string_view body);  // null: AWS's, not ours
};
constexpr Algorithm kAlgorithms[] = {
    {"crc32", "CRC32", [](std::string_view body) { return big_endian(base::crc32(body), 4); }},
    {"crc32c", "CRC32C", [](std::string_view body) { return big_endian(base::crc32c(body), 4); }},
    {"crc64nvme", "CRC64NVME", [](std::string_view body) { return big_endian(base::crc64nvme(body), 8); }},
    {"sha1", "SHA1", base::sha1},
    {"sha256", "SHA256", base::sha256},
    {"md5", "MD5", nullptr},
    {"sha512", "SHA512", nullptr},
    {"xxhash3", "XXHASH3", nullptr},
    {"xxhash64", "XXHASH64", nullptr},
    {"xxhash128", "XXHASH128", nullptr},
};

std::unexpected<base::AwsError> fail(std::string_view code, std::string message,
                                     std::vector<std::pair<std::string, std::string>> fields = {}) {
  base::AwsError error;
  error.code = code;
  error.message = std::move(message);
  error.fields = std::move(fields);
  return base::fail(std::move(error));
}

// True if the operation's input has a member for the header: then it is the operation's.
bool is_member(const OperationDesc& operation, std::string_view header) {
  return operation.input != nullptr && std::ranges::any_of(operation.input->members, [&](const MemberDesc& member) {
           return member.location == Location::header && http::equal_ignoring_case(member.wire(), header);
         });
}

base::Result<void> check_md5(std::string_view claimed_text, std::string_view body) {
  const auto claimed = base::base64_decode(claimed_text);
  if (!claimed || claimed->size() != 16) {
    return fail("InvalidDigest", "The Content-MD5 you specified was invalid.",
                {{"Content-MD5", std::string(claimed_text)}});
  }
  const std::string md5 = base::md5(body);
  if (*claimed == md5) return {};
  return fail("BadDigest", "The Content-MD5 you specified did not match what we received.",
              {{"ExpectedDigest", std::string(claimed_text)}, {"CalculatedDigest", base::base64_encode(md5)}});
}

}  // namespace

base::Result<void> check_body_checksum(const ServiceDesc& service, const OperationDesc& operation,
                                       const http::Request& request) {
  const Algorithm* found = nullptr;
  bool ours = false;
  for (const auto& [header, value] : request.headers.fields()) {
    if (http::equal_ignoring_case(header, "Content-MD5") && !is_member(operation, header)) {
      TRY(check_md5(value, request.body));
      ours = true;
    }
    if (header.size() <= kPrefix.size() ||
        !http::equal_ignoring_case(std::string_view(header).substr(0, kPrefix.size()), kPrefix))
      continue;
    const auto algorithm = std::ranges::find_if(kAlgorithms, [&](const Algorithm& candidate) {
      return http::equal_ignoring_case(std::string_view(header).substr(kPrefix.size()), candidate.suffix);
    });
    if (algorithm == std::end(kAlgorithms) || is_member(operation, header)) continue;
    if (found != nullptr) {
      return fail("InvalidRequest",
                  "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    found = algorithm;
    if (algorithm->digest == nullptr)
      return base::fail(unsupported_parameter(service, fmt::format("{}{}", kPrefix, algorithm->suffix)));
    const auto claimed = base::base64_decode(value);
    const std::string digest = algorithm->digest(request.body);
    if (!claimed || claimed->size() != digest.size())
      return fail("InvalidRequest", fmt::format("Value for {}{} header is invalid.", kPrefix, algorithm->suffix));
    if (*claimed != digest) {
      return fail("BadDigest",
                  fmt::format("The {} you specified did not match the calculated checksum.", algorithm->name));
    }
    ours = true;
  }
  const auto announced = request.headers.find("x-amz-sdk-checksum-algorithm");
  if (announced && found == nullptr && !is_member(operation, "x-amz-checksum-crc32")) {
    return fail(
        "InvalidRequest",
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers "
        "were found.");
  }
  if (announced && found != nullptr && *announced != found->name)
    return fail("InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.");
  if (operation.checksum_required && !ours)
    return fail("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  return {};
}

}  // namespace aws::codec
