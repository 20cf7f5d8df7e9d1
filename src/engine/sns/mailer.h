// Mailer: how SNS sends e-mail. The composition root gives one, for example an adapter of os::OutboxMailer that writes
// mails to a directory. Implementations are safe from any thread and outlive the service.
#pragma once

#include <string>

namespace engine::sns {

class Mailer {
 public:
  virtual ~Mailer() = default;
  // Hands a plain text (UTF-8) mail over. False if that failed and is worth another try.
  virtual bool send(const std::string& to, const std::string& subject, const std::string& body) = 0;
};

// A Mailer out of any object with the same send(), which outlives it.
template <class Sender>
class MailerTo final : public Mailer {
 public:
  explicit MailerTo(Sender& sender) : sender_(sender) {}
  bool send(const std::string& to, const std::string& subject, const std::string& body) override {
    return sender_.send(to, subject, body);
  }

 private:
  Sender& sender_;
};

}  // namespace engine::sns
