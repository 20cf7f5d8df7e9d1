// OutboxMailer: "sends" mail by writing it to a directory, one RFC 5322 message per file, for an engine that must not
// reach the outside. A file appears complete or not at all. Owned by the composition root, which hands it to SNS; safe
// from any thread.
#pragma once

#include <filesystem>
#include <string>

#include "base/env.h"

namespace os {

class OutboxMailer {
 public:
  // Mails go to `directory`, made when the first one is sent; `from` is their sender's address. `clock` and `random`
  // outlive the mailer.
  OutboxMailer(std::filesystem::path directory, std::string from, base::Clock& clock, base::Random& random);

  // Writes <UTC time>-<random>.eml. `subject` and `body` are UTF-8. False if the address is not one (control
  // characters, spaces, no '@') or the file cannot be written.
  bool send(const std::string& to, const std::string& subject, const std::string& body);

 private:
  const std::filesystem::path directory_;
  const std::string from_;
  base::Clock& clock_;
  base::Random& random_;
};

}  // namespace os
