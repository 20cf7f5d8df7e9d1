#include "cli/object_upload.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "pipeline/notifier.h"

namespace cli {
namespace {

constexpr uint64_t kPartBytes = 8 << 20;

base::AwsError local_error(std::string message) {
  return {.code = "Local", .message = std::move(message)};
}

// The next bytes of the file, none at its end. Not by iterators of the buffer, which throw if the disk does not answer.
base::Result<std::string> read_piece(std::ifstream& in, const InputFile& file) {
  std::string piece(kPartBytes, '\0');
  in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
  if (in.bad() || !in.is_open()) return base::fail(local_error(file.name + ": cannot be read"));
  piece.resize(static_cast<std::size_t>(in.gcount()));
  return piece;
}

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

}  // namespace

base::AwsError interrupted(std::string message) {
  return {.code = "Interrupted", .message = std::move(message)};
}

base::Result<uint64_t> check_orders_file(const InputFile& file) {
  std::error_code failed;
  const uint64_t size = std::filesystem::file_size(file.path, failed);
  if (failed == std::errc::operation_not_supported)
    return base::fail(local_error(file.name + ": not a regular file, and it is read twice; `-` is standard input"));
  if (failed) return base::fail(local_error(file.name + ": " + failed.message()));
  if (!std::ifstream(file.path, std::ios::binary).is_open())
    return base::fail(local_error(file.name + ": " + std::generic_category().message(errno)));
  return size;
}

base::Result<std::string> ObjectUpload::put(const InputFile& file, const std::string& key) {
  TRY_ASSIGN(const uint64_t size, check_orders_file(file));
  if (size > kPartBytes) return put_parts(file, key);
  aws::s3::PutObjectRequest put;
  put.bucket = bucket_;
  put.key = key;
  std::ifstream in(file.path, std::ios::binary);
  TRY_ASSIGN(put.body, read_piece(in, file));
  aws::Context context = pipeline::call_context(env_);
  TRY_ASSIGN(const auto stored, s3_.put_object(context, std::move(put)));
  return unquoted(stored.etag.value_or(""));
}

base::Result<std::string> ObjectUpload::etag_of(const std::string& key) {
  aws::s3::HeadObjectRequest head;
  head.bucket = bucket_;
  head.key = key;
  aws::Context context = pipeline::call_context(env_);
  TRY_ASSIGN(const auto object, s3_.head_object(context, std::move(head)));
  return unquoted(object.etag.value_or(""));
}

base::Result<std::string> ObjectUpload::put_parts(const InputFile& file, const std::string& key) {
  aws::Context context = pipeline::call_context(env_);
  aws::s3::CreateMultipartUploadRequest begin;
  begin.bucket = bucket_;
  begin.key = key;
  TRY_ASSIGN(const auto begun, s3_.create_multipart_upload(context, std::move(begin)));
  aws::s3::CompleteMultipartUploadRequest complete;
  complete.bucket = bucket_;
  complete.key = key;
  complete.upload_id = begun.upload_id;
  auto parts = send_parts(file, key, begun.upload_id.value_or(""));
  if (!parts.has_value()) {
    aws::s3::AbortMultipartUploadRequest abort;
    abort.bucket = bucket_;
    abort.key = key;
    abort.upload_id = begun.upload_id;
    (void)s3_.abort_multipart_upload(context, std::move(abort));  // `till down` removes what is left of it
    return base::fail(std::move(parts).error());
  }
  complete.multipart_upload.emplace().parts = std::move(*parts);
  TRY_ASSIGN(const auto completed, s3_.complete_multipart_upload(context, std::move(complete)));
  return unquoted(completed.etag.value_or(""));
}

base::Result<std::vector<aws::s3::CompletedPart>> ObjectUpload::send_parts(const InputFile& file,
                                                                           const std::string& key,
                                                                           const std::string& multipart_id) {
  aws::Context context = pipeline::call_context(env_);
  std::vector<aws::s3::CompletedPart> parts;
  std::ifstream in(file.path, std::ios::binary);
  while (true) {
    if (interruption_.requested()) return base::fail(interrupted("no order of " + file.name + " has been sent"));
    TRY_ASSIGN(std::string piece, read_piece(in, file));
    if (piece.empty()) return parts;
    aws::s3::UploadPartRequest part;
    part.bucket = bucket_;
    part.key = key;
    part.upload_id = multipart_id;
    part.part_number = static_cast<int32_t>(parts.size() + 1);
    part.body = std::move(piece);
    TRY_ASSIGN(const auto stored, s3_.upload_part(context, std::move(part)));
    auto& done = parts.emplace_back();
    done.etag = stored.etag;
    done.part_number = static_cast<int32_t>(parts.size());
  }
}

}  // namespace cli
