// SmtpClient: a mail server by SMTP, through libcurl, which this file's .cc alone sees. Owned by the composition root;
// a MailRelay, so used by one thread but for cancel(). Proxies of the environment do not count.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "os/mail_relay.h"

namespace os {

struct SmtpServer {
  std::string url;        // "smtp://host:587" or "smtps://host:465"
  bool starttls = true;   // of smtp://: without it nothing is said, and no password sent
  std::string user = {};  // empty: no authentication
  std::string password = {};
};

class SmtpClient final : public MailRelay {
 public:
  explicit SmtpClient(SmtpServer server);
  ~SmtpClient() override;
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  // The connection is kept for the next mail until rest(). Whom the server's certificate may be from is decided by
  // trust_authorities().
  Answer send(const std::string& from, const std::string& to, std::string_view mail) override;
  void rest() override;
  void cancel() override;

 private:
  struct Connections;
  struct Exchange;
  Connections* connections();
  void prepare(void* easy, Exchange& exchange);

  const SmtpServer server_;
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;  // guards the pointer, which cancel() follows
  std::unique_ptr<Connections> connections_;
};

}  // namespace os
