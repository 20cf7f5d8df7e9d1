// ApiHandler::admit: what a head alone tells of a request with a large body, see api_handler.h.
#include <algorithm>

#include "aws/auth/failure.h"
#include "aws/codec/codec.h"
#include "server/api_handler.h"
#include "server/body_size.h"
#include "server/request_id.h"
#include "server/upload.h"

namespace server {
namespace {

using aws::http::Admission;
using aws::http::Request;

constexpr uint64_t kHeldBytesMax = 1 << 20;  // smaller bodies are not worth a way of their own

bool has_streaming_payload(const aws::OperationDesc& operation) {
  return operation.input != nullptr && std::ranges::any_of(operation.input->members, [](const aws::MemberDesc& member) {
           return member.location == aws::Location::payload && member.streaming;
         });
}

}  // namespace

Admission ApiHandler::admit(const Request& head, std::optional<uint64_t> body_bytes) {
  Admission out;
  // What throws is left to handle(), which says so in the service's words.
  (void)contain("admission", [&]() -> base::Result<void> {
    out = judge(head, body_bytes);
    return {};
  });
  return out;
}

Admission ApiHandler::judge(const Request& head, std::optional<uint64_t> body_bytes) {
  const auto route = router_.route(head);
  // A form names its operation in the body.
  const Mount* mount = route.has_value() ? route->mount : router_.by_scope(head);
  if (mount == nullptr) return {};  // handle() says so
  auto admission = look_at(head, body_bytes, *mount, route.has_value() ? &*route : nullptr);
  if (admission.has_value()) return std::move(*admission);
  Admission refused;
  refused.refusal = refuse_head(head, *mount, route.has_value() ? &*route : nullptr, admission.error());
  return refused;
}

aws::http::Response ApiHandler::refuse_head(const Request& head, const Mount& mount, const Route* route,
                                            const base::AwsError& error) const {
  const aws::ServiceDesc& service = *mount.desc;
  const aws::Protocol protocol = route != nullptr ? route->protocol : service.protocols.back();
  std::string id = make_request_id(env_.random, service, protocol);
  aws::http::Response reply = aws::codec::codec_for(service, protocol).encode_error(service, error, id);
  if (!options_.watch) return reply;
  RequestRecord record;
  record.service = service.id;
  if (route != nullptr) record.operation = route->operation->name;
  record.request_id = std::move(id);
  record.caller = claimed_key_id(head);
  record.peer = head.peer;
  record.status = reply.status;
  record.fail(error);
  options_.watch->tell(record);
  return reply;
}

base::Result<Admission> ApiHandler::look_at(const Request& head, std::optional<uint64_t> body_bytes, const Mount& mount,
                                            const Route* route) {
  const aws::ServiceDesc& service = *mount.desc;
  const bool spooled = route != nullptr && mount.spool != nullptr && has_streaming_payload(*route->operation);
  if (!spooled && route != nullptr) TRY(check_body_size(mount, *route->operation, body_bytes.value_or(0)));
  if (route != nullptr && mount.serves_unsigned(route->operation->name)) return Admission();
  const base::Timestamp now = env_.clock.now();
  TRY_ASSIGN(auto sender,
             verifier_.verify_head(head, service.signing_name,
                                   options_.clients_clock != nullptr ? options_.clients_clock->now() : now, now));
  if (!spooled || !sender || body_bytes.value_or(UINT64_MAX) <= kHeldBytesMax) return Admission();
  const aws::OperationDesc& operation = *route->operation;
  const bool plain = sender->sender().payload_mode() == aws::auth::PayloadMode::signed_body ||
                     sender->sender().payload_mode() == aws::auth::PayloadMode::unsigned_body;
  if (plain && body_bytes.value_or(0) > mount.spooled_bytes_max)
    return base::fail(body_too_large(mount, operation, *body_bytes));
  Upload::Surroundings surroundings{
      .handler = *this,
      .work = [this](std::function<void()> work) { run(std::move(work)); },
      .has_room = options_.has_room,
      .in_words =
          [this, &mount, route = *route, key = claimed_key_id(head)](const base::AwsError& error) {
            aws::http::Request of_it;
            if (!key.empty()) of_it.headers.add("Authorization", "Credential=" + key);
            return refuse_head(of_it, mount, &route, error);
          },
      .too_large = [&mount, &operation](uint64_t bytes) { return body_too_large(mount, operation, bytes); },
      .bytes_max = mount.spooled_bytes_max};
  TRY_ASSIGN(auto upload, Upload::begin(head, std::move(*sender), mount.spool->begin(claimed_checksum(head)),
                                        std::move(surroundings)));
  Admission taken;
  taken.sink = std::move(upload);
  return taken;
}

}  // namespace server
