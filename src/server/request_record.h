// RequestRecord: what became of one request, for whoever keeps account of them: the request log, the metrics. It has no
// secret in it and nothing of a body: no signature, no token, no header, no query. Values; a RequestObserver is safe
// from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/http/message.h"
#include "base/env.h"
#include "base/result.h"

namespace server {

// Where the time of a request goes, in this order.
enum class Step : uint8_t {
  worker,        // waiting for a thread that carries it out
  authenticate,  // the signature, with the digest of the body
  decode,        // the input, whether the caller may, the model's constraints
  operation,     // the service
  parked,        // waiting for an event, as a long poll does, or a function's answer
  encode,        // the answer
  disk,          // until what the answer rests on is durable
};
inline constexpr std::size_t kSteps = 7;
std::string_view name_of(Step step);

// Why a request was not carried out, where that is not the service's own answer.
enum class Refusal : uint8_t {
  none,
  signature,  // nobody can tell whom it comes from
  policy,     // the caller may not
  throttled,
  no_room,  // on the disk, or in memory
  route,    // nothing here answers to it
};
inline constexpr std::size_t kRefusals = 6;
std::string_view name_of(Refusal refusal);

struct RequestRecord {
  std::string_view service;    // "sqs", static; empty if nobody's
  std::string_view operation;  // "SendMessage", static; empty if it is not known
  std::string request_id;
  std::string caller;  // the principal's ARN; before that is known, the access key id that the request names, or empty
  std::string account, region;
  std::string peer;           // the address
  int status = 0;             // of HTTP
  std::string code, message;  // of an error, AWS's words; `message` of a refused signature is ours
  Refusal refusal = Refusal::none;
  std::string_view refusal_kind;  // static, one of few: which part of a signature, how a policy refuses
  std::string reason;             // of a refusal, for people
  uint64_t bytes_in = 0;          // of the body
  std::array<base::Duration, kSteps> steps{};

  // Of all steps.
  [[nodiscard]] base::Duration duration() const;
  // Without `parked`: what the engine has to answer for.
  [[nodiscard]] base::Duration busy() const;
  // The longest but for `parked`.
  [[nodiscard]] Step longest_step() const;
  // Takes over what a failure says, without what may be a secret in it.
  void fail(const base::AwsError& error);
};

class RequestObserver {
 public:
  virtual ~RequestObserver() = default;
  // On the thread that sends the answer, just before: an I/O thread, a worker or the store's, so it must be quick.
  virtual void on_answered(const RequestRecord& record) = 0;
};

// Who is told, and by which clock steps are measured. Shared by whatever may still have an answer to send; the
// observers and the clock outlive that, the replies that a store holds back included.
struct RequestWatch {
  base::Clock* stopwatch = nullptr;
  std::vector<RequestObserver*> observers = {};

  void tell(const RequestRecord& record) const {
    for (RequestObserver* const observer : observers) observer->on_answered(record);
  }
};

// The access key id that a request names, by any kind of signature; empty if it names none, or one that cannot be an id
// and might be a secret that stands in the wrong place.
std::string claimed_key_id(const aws::http::Request& request);

// A text with what may be a secret taken out: values that an error quotes, users and passwords of URLs; at most 300
// bytes.
std::string without_secrets(std::string_view text);

}  // namespace server
