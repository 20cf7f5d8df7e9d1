// OutboxMailer: "sends" mail by writing it to a directory, one RFC 5322 message per file: for an engine that must not
// reach the outside, and for a MailSender, which takes it from there. A file appears complete or not at all. Owned by
// the composition root, which hands it to SNS; safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/env.h"

namespace os {

// The header line by which a mail that leaves says whose it is.
inline constexpr std::string_view kSubscriptionHeader = "X-Tillstream-Subscription";

class OutboxMailer {
 public:
  enum class Use : uint8_t {
    stays,   // people look at the files
    leaves,  // a file is on the disk when send() returns, and their names are in the order of the calls
  };
  // Mails go to `directory`, made when the first one is sent; `from` is their sender's address. `clock` and `random`
  // outlive the mailer. `log` gets a line when mails begin to be impossible to write, and one when that is over.
  using Log = std::function<void(std::string_view line)>;
  OutboxMailer(std::filesystem::path directory, std::string from, base::Clock& clock, base::Random& random,
               Use use = Use::stays, Log log = {});

  // Writes <UTC time>-<random>.eml, or <UTC time>-<number>-<random>.eml if it leaves. `subject` and `body` are UTF-8;
  // `subscription` is the ARN that a mail which leaves names, or empty. False if the address is not one (control
  // characters, spaces, no '@') or the file cannot be written.
  bool send(const std::string& to, const std::string& subject, const std::string& body,
            const std::string& subscription = "");

 private:
  bool write(const std::string& name, const std::string& mail);  // false: errno says why
  // What became of writing, for `log`: `error` is an errno, or 0.
  void note(int error);

  const std::filesystem::path directory_;
  const std::string from_;
  const Use use_;
  std::atomic<uint64_t> written_ = 0;
  base::Clock& clock_;
  base::Random& random_;
  const Log log_;
  std::mutex mutex_;  // guards error_, and is held while log_ is called
  int error_ = 0;     // that was told last
};

}  // namespace os
