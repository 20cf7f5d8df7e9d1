// ObjectUpload: a file becomes an object of a bucket, in parts if it is large, so that memory does not grow with it.
// Used from one thread.
#pragma once

#include <string>
#include <vector>

#include "aws/s3/s3.h"
#include "base/env.h"
#include "cli/interruption.h"

namespace cli {

// A file to send: where it can be opened, as often as is needed, and what people call it.
struct InputFile {
  std::string path;
  std::string name;
};

// The file's size in bytes; fails with a message that names it if it cannot be read as a file of orders.
base::Result<uint64_t> check_orders_file(const InputFile& file);

class ObjectUpload {
 public:
  // The references outlive this object.
  ObjectUpload(aws::s3::S3& s3, base::Env& env, std::string bucket, Interruption& interruption)
      : s3_(s3), env_(env), bucket_(std::move(bucket)), interruption_(interruption) {}

  // Answers the object's ETag, without quotes. Fails with "Interrupted" soon after a signal, and nothing of the object
  // is left then; with "Local" if the file cannot be read.
  base::Result<std::string> put(const InputFile& file, const std::string& key);
  // The ETag of the object that is there under this key; NotFound or NoSuchKey if there is none.
  base::Result<std::string> etag_of(const std::string& key);

 private:
  base::Result<std::string> put_parts(const InputFile& file, const std::string& key);
  base::Result<std::vector<aws::s3::CompletedPart>> send_parts(const InputFile& file, const std::string& key,
                                                               const std::string& multipart_id);

  aws::s3::S3& s3_;
  base::Env& env_;
  const std::string bucket_;
  Interruption& interruption_;
};

// What has been sent by then stays with the pipeline.
base::AwsError interrupted(std::string message);

}  // namespace cli
