// MetricsRoute: the HTTP door of what the engine measures of itself, in front of the AWS API: GET /_till/metrics and
// GET /metrics, in OpenMetrics. The latter is also the path of S3's bucket "metrics", so what is signed goes there. No
// key is needed, as under /_till/; who asks from another machine is refused unless the operator wants it, since names
// of queues and functions are told. Safe from any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "aws/http/message.h"

namespace cli {

class MetricsRoute final : public aws::http::Handler {
 public:
  // All else goes to `next`. `text` may take its time: it is called by what is given to `work`. All outlive this
  // object.
  MetricsRoute(aws::http::Handler& next, std::function<std::string()> text,
               std::function<void(std::function<void()>)> work, bool for_all)
      : next_(next), text_(std::move(text)), work_(std::move(work)), for_all_(for_all) {}

  aws::http::Admission admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) override {
    return next_.admit(head, body_bytes);
  }
  void handle(aws::http::Request request, aws::http::Responder respond) override;

 private:
  aws::http::Handler& next_;
  const std::function<std::string()> text_;
  const std::function<void(std::function<void()>)> work_;
  const bool for_all_;
};

}  // namespace cli
