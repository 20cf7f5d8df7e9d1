#include "server/start_gate.h"

namespace server {
namespace {

void refuse(const aws::http::Responder& respond) {
  aws::http::Response response;
  response.status = 503;
  response.headers.add("Content-Type", "text/plain");
  response.body = "The engine is starting or stopping.\n";
  response.close = true;
  respond(std::move(response));
}

}  // namespace

aws::http::Admission StartGate::admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) {
  if (state_.load(std::memory_order_acquire) != State::open) return {};
  return next_.admit(head, body_bytes);
}

void StartGate::handle(aws::http::Request request, aws::http::Responder respond) {
  if (state_.load(std::memory_order_acquire) == State::waits) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::waits && waiting_.size() < kWaitingMax) {
      waiting_.emplace_back(std::move(request), std::move(respond));
      return;
    }
  }
  if (state_.load(std::memory_order_acquire) == State::open)
    return next_.handle(std::move(request), std::move(respond));
  refuse(respond);
}

void StartGate::open() {
  std::vector<std::pair<aws::http::Request, aws::http::Responder>> waiting;
  {
    const std::lock_guard lock(mutex_);
    state_.store(State::open, std::memory_order_release);
    waiting.swap(waiting_);
  }
  for (auto& [request, respond] : waiting) next_.handle(std::move(request), std::move(respond));
}

void StartGate::close() {
  std::vector<std::pair<aws::http::Request, aws::http::Responder>> waiting;
  {
    const std::lock_guard lock(mutex_);
    state_.store(State::closed, std::memory_order_release);
    waiting.swap(waiting_);
  }
  for (const auto& [request, respond] : waiting) refuse(respond);
}

}  // namespace server
