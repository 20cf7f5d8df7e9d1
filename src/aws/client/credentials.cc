#include "aws/client/credentials.h"

#include <algorithm>

namespace aws::client {
namespace {

constexpr base::Duration kRefreshBefore = std::chrono::minutes(15);
constexpr base::Duration kPauseAfterFailure = std::chrono::minutes(1);

}  // namespace

RefreshedCredentials::RefreshedCredentials(base::Env& env, base::Clock& clock, FetchCredentials fetch)
    : clock_(clock), executor_(env.executor), fetch_(std::move(fetch)), changed_(env.executor.make_condition()) {}

bool RefreshedCredentials::is_good_for(base::Duration time) const {
  return current_.has_value() && (!current_->expires.has_value() || *current_->expires - clock_.now() > time);
}

base::Result<auth::Credentials> RefreshedCredentials::credentials() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (is_good_for(kRefreshBefore)) return current_->keys;
    if (is_good_for({}) && (fetching_ || clock_.now() < next_try_)) return current_->keys;
    if (!fetching_) break;
    executor_.wait_until(lock, *changed_, base::kTimestampMax);
  }
  fetching_ = true;
  lock.unlock();
  auto fetched = fetch_();
  lock.lock();
  fetching_ = false;
  changed_->notify_all();
  if (fetched.has_value()) {
    current_ = std::move(*fetched);
  } else {
    next_try_ = clock_.now() + kPauseAfterFailure;
    if (!is_good_for({})) return base::fail(std::move(fetched).error());
  }
  return current_->keys;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::unexpected<base::AwsError> no_credentials(std::string message) {
  return base::fail({.code = std::string(kNoCredentials), .message = std::move(message)});
}

}  // namespace aws::client
