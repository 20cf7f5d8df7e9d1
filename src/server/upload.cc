#include "server/upload.h"

#include <algorithm>

namespace server {
namespace {

// Not 503, which clients answer by sending it all again.
base::AwsError no_room() {
  base::AwsError error;
  error.code = "InsufficientStorage";
  error.http_status = 507;
  error.fault = base::Fault::receiver;
  error.message = "There is not enough free space on the disk that this engine keeps its data on.";
  return error;
}

bool is_plain(aws::auth::PayloadMode mode) {
  return mode == aws::auth::PayloadMode::signed_body || mode == aws::auth::PayloadMode::unsigned_body;
}

}  // namespace

std::string claimed_checksum(const aws::http::Request& head) {
  constexpr std::string_view kPrefix = "x-amz-checksum-";
  const auto algorithm_of = [&](std::string_view name) {
    std::string out;
    if (name.size() <= kPrefix.size() || !aws::http::equal_ignoring_case(name.substr(0, kPrefix.size()), kPrefix))
      return out;
    for (const char c : name.substr(kPrefix.size())) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return out == "TYPE" ? std::string() : out;
  };
  for (const auto& [name, value] : head.headers.fields()) {
    if (std::string found = algorithm_of(name); !found.empty()) return found;
  }
  return algorithm_of(head.headers.get("x-amz-trailer"));
}

Upload::Upload(const aws::http::Request& head, aws::auth::AwaitedBody sender,
               std::unique_ptr<aws::BodySpool::Writer> writer, Surroundings surroundings)
    : head_(head), sender_(std::move(sender)), surroundings_(std::move(surroundings)), writer_(std::move(writer)) {
  if (sender_.needs_hash()) hash_.emplace(base::Digest::Kind::sha256);
}

base::Result<std::shared_ptr<Upload>> Upload::begin(const aws::http::Request& head, aws::auth::AwaitedBody sender,
                                                    std::unique_ptr<aws::BodySpool::Writer> writer,
                                                    Surroundings surroundings) {
  std::shared_ptr<Upload> upload(new Upload(head, std::move(sender), std::move(writer), std::move(surroundings)));
  if (is_plain(upload->sender_.sender().payload_mode())) return upload;
  TRY_ASSIGN(auto decoder, aws::auth::ChunkedDecoder::begin(upload->head_, upload->sender_.sender()));
  const uint64_t length = decoder.length();
  upload->decoder_.emplace(std::move(decoder));
  if (length > upload->surroundings_.bytes_max) return base::fail(upload->surroundings_.too_large(length));
  return upload;
}

void Upload::take(std::string piece, Taken taken) {
  const std::function<void()> work = [self = shared_from_this(), taken = std::move(taken),
                                      shared = std::make_shared<std::string>(std::move(piece))] {
    const auto written = self->write(std::move(*shared));
    taken(written ? std::nullopt : std::optional(self->surroundings_.in_words(written.error())));
  };
  surroundings_.work(work);
}

base::Result<void> Upload::write(std::string piece) {
  if (hash_) hash_->update(piece);
  if (decoder_) {
    std::string decoded;
    TRY(decoder_->feed(piece, decoded));
    piece = std::move(decoded);
  }
  bytes_ += piece.size();
  if (bytes_ > surroundings_.bytes_max) return base::fail(surroundings_.too_large(bytes_));
  if (surroundings_.has_room && !surroundings_.has_room()) return base::fail(no_room());
  writer_->append(piece);
  return {};
}

base::Result<std::shared_ptr<Uploaded>> Upload::finish() {
  TRY_ASSIGN(auto caller, sender_.arrived(hash_ ? base::hex_encode(hash_->finish()) : ""));
  auto uploaded = std::make_shared<Uploaded>(std::move(caller));
  if (decoder_) {
    TRY_ASSIGN(uploaded->trailers, decoder_->finish());
  }
  uploaded->body = writer_->finish();
  return uploaded;
}

void Upload::end(aws::http::Request request, aws::http::Responder respond) {
  const std::function<void()> work = [self = shared_from_this(), respond = std::move(respond),
                                      shared = std::make_shared<aws::http::Request>(std::move(request))] {
    auto uploaded = self->finish();
    if (!uploaded) return respond(self->surroundings_.in_words(std::move(uploaded).error()));
    shared->taken = std::move(*uploaded);
    self->surroundings_.handler.handle(std::move(*shared), respond);
  };
  surroundings_.work(work);
}

}  // namespace server
