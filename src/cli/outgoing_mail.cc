#include "cli/outgoing_mail.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace cli {
namespace {

void tell(std::string_view line) {
  std::fputs(fmt::format("till: {}\n", line).c_str(), stderr);
}

}  // namespace

OutgoingMail::OutgoingMail(const MailOptions& options, const std::string& outbox, base::Env& env)
    : options_(options),
      outbox_directory_(outbox),
      env_(env),
      outbox_(outbox + "/waiting", options.from, env.clock, env.random, os::OutboxMailer::Use::leaves, tell),
      client_(options.server),
      sender_({.outbox = outbox,
               .server = options.server.url,
               .ended =
                   [this](const std::string& subscription, bool is_sent) {
                     const std::lock_guard lock(mutex_);
                     if (ended_ && !subscription.empty()) ended_(subscription, is_sent);
                   },
               .log = tell},
              env, client_) {}

bool OutgoingMail::send(const engine::sns::Mail& mail) {
  if (!outbox_.send(mail.to, mail.subject, mail.body, mail.subscription)) return false;
  sender_.wake();
  return true;
}

void OutgoingMail::report_to(Ended ended) {
  const std::lock_guard lock(mutex_);
  ended_ = std::move(ended);
}

void OutgoingMail::start() {
  sender_.start();
}

void OutgoingMail::finish(base::Duration patience) {
  if (!sender_.settle(env_.clock.now() + patience))
    tell(fmt::format("mail: {} is slow; what is in {}/waiting is sent by the next engine", options_.server.url,
                     outbox_directory_));
}

void OutgoingMail::stop() {
  sender_.stop();
}

}  // namespace cli
