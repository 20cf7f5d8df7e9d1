// Upload: a large body on its way into a service's BodySpool: hashed, unwrapped from aws-chunked and written, piece by
// piece on workers. When it is complete, and what was signed, the request goes to its handler with an Uploaded in the
// place of its body. Made by ApiHandler::admit, used by one connection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aws/auth/chunked.h"
#include "aws/auth/verify.h"
#include "aws/body_spool.h"
#include "aws/http/message.h"
#include "base/encoding.h"

namespace server {

// What a body has become. Only an Upload makes it, so who finds one need not verify the request again.
struct Uploaded final : aws::http::TakenBody {
  explicit Uploaded(aws::auth::Authenticated verified) : caller(std::move(verified)) {}
  aws::auth::Authenticated caller;
  std::vector<std::pair<std::string, std::string>> trailers;
  std::shared_ptr<aws::SpooledBody> body;
  // nullptr if the request has none.
  static Uploaded* of(const aws::http::Request& request) { return dynamic_cast<Uploaded*>(request.taken.get()); }
};

class Upload final : public aws::http::BodySink, public std::enable_shared_from_this<Upload> {
 public:
  // All of it outlives the upload, or is kept by it.
  struct Surroundings {
    aws::http::Handler& handler;                                  // gets the complete request
    std::function<void(std::function<void()>)> work;              // on a worker
    std::function<bool()> has_room;                               // on the disk; may be empty
    std::function<aws::http::Response(base::AwsError)> in_words;  // an error as an answer
    std::function<base::AwsError(uint64_t bytes)> too_large;
    uint64_t bytes_max = 0;
  };
  // Fails if an aws-chunked body is wrong by its head.
  static base::Result<std::shared_ptr<Upload>> begin(const aws::http::Request& head, aws::auth::AwaitedBody sender,
                                                     std::unique_ptr<aws::BodySpool::Writer> writer,
                                                     Surroundings surroundings);

  void take(std::string piece, Taken taken) override;
  void end(aws::http::Request request, aws::http::Responder respond) override;

 private:
  Upload(const aws::http::Request& head, aws::auth::AwaitedBody sender, std::unique_ptr<aws::BodySpool::Writer> writer,
         Surroundings surroundings);
  base::Result<void> write(std::string piece);
  base::Result<std::shared_ptr<Uploaded>> finish();

  const aws::http::Request head_;
  const aws::auth::AwaitedBody sender_;
  const Surroundings surroundings_;
  std::unique_ptr<aws::BodySpool::Writer> writer_;
  std::optional<base::Digest> hash_;
  std::optional<aws::auth::ChunkedDecoder> decoder_;
  uint64_t bytes_ = 0;  // written
};

// The algorithm of the checksum that a head claims or announces for its body ("CRC32"), or empty.
std::string claimed_checksum(const aws::http::Request& head);

}  // namespace server
