// Mailer: how SNS sends e-mail. The composition root gives one, for example an adapter of os::OutboxMailer that writes
// mails to a directory. Implementations are safe from any thread and outlive the service.
#pragma once

#include <functional>
#include <string>

namespace engine::sns {

struct Mail {
  std::string to;
  std::string subject;
  std::string body;          // plain text, as the subject UTF-8
  std::string subscription;  // its ARN, of a notification; empty: a request to confirm one
};

class Mailer {
 public:
  virtual ~Mailer() = default;
  // Hands a mail over. False if that failed and is worth another try.
  virtual bool send(const Mail& mail) = 0;

  // What became of a notification that was handed over, by the ARN of its subscription.
  using Ended = std::function<void(const std::string& subscription, bool is_sent)>;
  // Whether that is only known later, also in another process. Else it is sent when it is handed over.
  [[nodiscard]] virtual bool ends_later() const { return false; }
  // Who is told, from any thread; an empty function ends that: no call runs any more when this returns.
  virtual void report_to(Ended /*ended*/) {}
};

// A Mailer out of any object with a send(to, subject, body), which outlives it.
template <class Sender>
class MailerTo final : public Mailer {
 public:
  explicit MailerTo(Sender& sender) : sender_(sender) {}
  bool send(const Mail& mail) override { return sender_.send(mail.to, mail.subject, mail.body); }

 private:
  Sender& sender_;
};

}  // namespace engine::sns
