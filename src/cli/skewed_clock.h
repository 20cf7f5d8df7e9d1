// A clock that is wrong, for `till serve --clock-skew`: what the engine judges signatures by, and the Date header that
// it answers with, from which clients can see by how much they differ. Safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "aws/http/message.h"
#include "base/env.h"

namespace cli {

class SkewedClock final : public base::Clock {
 public:
  // `real` outlives this object.
  SkewedClock(base::Clock& real, base::Duration skew) : real_(real), skew_(skew) {}
  base::Timestamp now() override { return real_.now() + skew_; }

 private:
  base::Clock& real_;
  const base::Duration skew_;
};

// A sink whose answers are dated.
class DatedSink final : public aws::http::BodySink {
 public:
  using Date = std::function<void(aws::http::Response&)>;
  DatedSink(std::shared_ptr<aws::http::BodySink> next, Date date) : next_(std::move(next)), date_(std::move(date)) {}
  void take(std::string piece, Taken taken) override {
    next_->take(std::move(piece), [date = date_, taken = std::move(taken)](std::optional<aws::http::Response> refusal) {
      if (refusal) date(*refusal);
      taken(std::move(refusal));
    });
  }
  void end(aws::http::Request request, aws::http::Responder respond) override {
    next_->end(std::move(request), [date = date_, respond = std::move(respond)](aws::http::Response response) {
      date(response);
      respond(std::move(response));
    });
  }

 private:
  const std::shared_ptr<aws::http::BodySink> next_;
  const Date date_;
};

// Dates what `next` answers by `clock`; both outlive this object.
class DatedReplies final : public aws::http::Handler {
 public:
  DatedReplies(aws::http::Handler& next, base::Clock& clock) : next_(next), clock_(clock) {}

  aws::http::Admission admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) override {
    aws::http::Admission admission = next_.admit(head, body_bytes);
    if (admission.refusal) date(*admission.refusal);
    if (admission.sink)
      admission.sink =
          std::make_shared<DatedSink>(std::move(admission.sink), [this](aws::http::Response& reply) { date(reply); });
    return admission;
  }
  void handle(aws::http::Request request, aws::http::Responder respond) override {
    next_.handle(std::move(request), [this, respond = std::move(respond)](aws::http::Response response) {
      date(response);
      respond(std::move(response));
    });
  }

 private:
  void date(aws::http::Response& response) { response.headers.set("Date", base::format_http_date(clock_.now())); }

  aws::http::Handler& next_;
  base::Clock& clock_;
};

}  // namespace cli
