// MailRelay: a server that takes mails on, as a MailSender sees it. Used by one thread but for cancel().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace os {

class MailRelay {
 public:
  enum class Verdict : uint8_t {
    taken,        // the server has the mail
    refused,      // it will not take this mail to this address
    later,        // not now, but others; also if the connection was lost when it was about this mail
    unreachable,  // it takes none now, whichever: no connection, no encryption, a wrong password, a connection that
                  // was lost before a mail was begun
  };
  struct Answer {
    Verdict verdict = Verdict::unreachable;
    std::string reason;  // for people: what the server said, or what is wrong with it; empty if it is taken
  };

  virtual ~MailRelay() = default;
  // Hands a whole message (RFC 5322, lines ending in CRLF) over for one address. Blocks until the server has answered.
  virtual Answer send(const std::string& from, const std::string& to, std::string_view mail) = 0;
  // There is nothing to send for now, so no connection is to be kept.
  virtual void rest() = 0;
  // From any thread: ends a send() that waits, and all later ones, as unreachable.
  virtual void cancel() = 0;
};

}  // namespace os
