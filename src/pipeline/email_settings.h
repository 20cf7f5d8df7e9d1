// EmailSettings: what a definition says of how e-mails leave an engine of ours. At AWS they leave by SNS itself, so it
// means nothing there. No secret is among them: user name and password come from the environment. A value.
#pragma once

#include <string>

namespace pipeline {

struct EmailSettings {
  // "smtp://host:587" or "smtps://host:465", always with a port; empty: mails stay in the outbox.
  std::string smtp;
  std::string from;      // the address that they are from
  bool starttls = true;  // of smtp://: nothing is said before the connection is encrypted; false only on loopback
  // "https://till.example.com": where the engine is reached by those who open the links in mails; empty: see
  // cli/local_engine.h.
  std::string public_url;
};

}  // namespace pipeline
