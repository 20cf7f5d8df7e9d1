// OutgoingMail: the e-mails of an engine that really sends them. Each is on the disk, in the data directory's
// outbox/waiting, before SNS is told that it was taken over; an os::MailSender takes it from there to the mail server.
// Owned by LocalEngine; safe from any thread.
#pragma once

#include <mutex>
#include <string>

#include "base/env.h"
#include "engine/sns/mailer.h"
#include "os/mail_sender.h"
#include "os/outbox_mailer.h"
#include "os/smtp_client.h"

namespace cli {

struct MailOptions {
  os::SmtpServer server = {};  // without a URL mails stay in the outbox
  std::string from = {};
  std::string public_url = {};  // where links in mails lead, without a slash at its end; empty: see LocalEngine

  [[nodiscard]] bool leaves() const { return !server.url.empty(); }
};

class OutgoingMail final : public engine::sns::Mailer {
 public:
  // `outbox` is the directory, in one that is ours. What happens to mails is told on stderr, without a secret.
  OutgoingMail(const MailOptions& options, const std::string& outbox, base::Env& env);

  bool send(const engine::sns::Mail& mail) override;
  [[nodiscard]] bool ends_later() const override { return true; }
  void report_to(Ended ended) override;

  // Begins to send, also what an engine before this one has left.
  void start();
  // Waits until each mail that is there was tried, at most for `patience`, and says how many are left. For an engine
  // after which there may be none for a while.
  void finish(base::Duration patience);
  void stop();

 private:
  const MailOptions options_;
  const std::string outbox_directory_;
  base::Env& env_;
  std::mutex mutex_;  // guards ended_, and is held while it is called
  Ended ended_;
  os::OutboxMailer outbox_;
  os::SmtpClient client_;
  os::MailSender sender_;  // last: it uses the others
};

}  // namespace cli
