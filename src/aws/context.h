// Context: what an operation may know about the call it serves beside its input. Made once per request by the server
// (or by the engine for calls between its own services), read by one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aws/http/hangup.h"
#include "base/result.h"
#include "base/time.h"

namespace aws {

class Parking;
class SpooledBody;

// Who calls. Root may do everything; a role may do what its policies allow; a service is one of the engine's own
// (for example s3.amazonaws.com delivering a notification), checked against resource policies.
struct Principal {
  enum class Kind { root, role, service };
  Kind kind = Kind::root;
  std::string account;  // 12 digits
  std::string arn;      // arn:aws:iam::A:root, arn:aws:sts::A:assumed-role/R/S, or the service's host name
  std::string user_id;  // account id for root, AROA...:session for a role
};

struct Context {
  base::Timestamp now;  // stamped once at dispatch; every rule about time in the operation uses it
  std::string account;
  std::string region;
  std::string request_id;
  Principal principal;
  std::string endpoint;      // scheme://host:port as the caller addressed us, for URLs in answers
  std::string trace_header;  // X-Amzn-Trace-Id, or empty
  // For calls by a service: the resource on whose behalf it calls (aws:SourceArn), for example the bucket's ARN.
  std::string source_arn;
  // How the operation may wait without a thread (aws/parking.h); null for calls from inside, which wait on their own.
  Parking* parking = nullptr;
  // The body of a request that came through the service's BodySpool; that of the input is empty then. Else null.
  std::shared_ptr<SpooledBody> body = {};
  // Of the request; null for calls from inside.
  std::shared_ptr<http::Hangup> caller_gone = {};
  // True while an I/O thread carries the call out. An operation that finds, before it has changed anything, that its
  // work is too long for one (more than a millisecond) returns too_long_for_io_thread(): the server then has it done
  // from its beginning on a worker.
  bool on_io_thread = false;
  // True if nobody waits for the answer any more: what is given out now would be lost.
  [[nodiscard]] bool is_abandoned() const { return caller_gone && caller_gone->is_gone(); }
};

// To be returned as an operation's error; nobody sees it.
inline constexpr std::string_view kTooLongForIoThread = "TooLongForIoThread";
[[nodiscard]] inline base::AwsError too_long_for_io_thread() {
  return {.code = std::string(kTooLongForIoThread), .message = "The call goes on elsewhere."};
}

}  // namespace aws
