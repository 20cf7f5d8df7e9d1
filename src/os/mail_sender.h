// MailSender: takes the mails that an OutboxMailer has put into outbox/waiting to a MailRelay, in their order. What the
// relay has taken moves to outbox/sent, of which the newest are kept; what it refuses, or has not taken after so many
// tries, moves to outbox/failed, with the reason beside it. A directory has one sender at a time, whatever process it
// is in. A mail leaves once, but for a crash between the relay's answer and the move, or an answer that was lost. Owned
// by the composition root; safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "os/child_process.h"
#include "os/mail_relay.h"

namespace os {

class MailSender {
 public:
  static constexpr uint64_t kTriesMax = 50;
  static constexpr std::size_t kSentKept = 1000;
  // How long to wait after try `number` (the first is 1). With kTriesMax it is SNS's policy for e-mail: 50 tries in
  // about six hours (Developer Guide, "Amazon SNS message delivery retries": 2 after 10 s, 10 backing off exponentially
  // from 10 s to 10 min, 38 every 10 min).
  static base::Duration pause_after(uint64_t number);

  struct Options {
    std::filesystem::path outbox;  // the directory that has waiting, sent and failed
    std::string server;            // for people
    // A mail has left, or never will. `subscription` is what it names in its header; empty if nothing.
    std::function<void(const std::string& subscription, bool is_sent)> ended = {};
    std::function<void(std::string_view line)> log = {};
  };

  // `env` and `relay` outlive it.
  MailSender(Options options, base::Env& env, MailRelay& relay);
  ~MailSender();  // stop()
  MailSender(const MailSender&) = delete;
  MailSender& operator=(const MailSender&) = delete;

  // Begins with what is there. How often a mail was tried is counted from now.
  void start();
  // There is another mail.
  void wake();
  // Waits until everything that is there has been tried, at most until `end`; false if that came first.
  bool settle(base::Timestamp end);
  // Ends a try that waits; what is left goes on after another start.
  void stop();

 private:
  struct Trial {
    uint64_t tries = 0;
    base::Timestamp due = {};
  };
  using Names = std::vector<std::string>;

  void work();
  // Tries what is due; when the next is.
  base::Timestamp pass();
  bool is_ours();
  [[nodiscard]] Names waiting() const;
  MailRelay::Answer try_mail(const std::string& name);
  // The server takes nothing: all wait.
  void pause(const Names& names, const std::string& reason);
  void taken(const std::string& name);
  // Counts a try; true if there are no more.
  bool is_last_try(const std::string& name);
  void fail(const std::string& name, const std::string& reason);
  bool move(const std::string& name, const std::filesystem::path& to);
  void log(const std::string& line) const;

  const Options options_;
  base::Env& env_;
  MailRelay& relay_;
  std::mutex mutex_;
  std::unique_ptr<base::Condition> changed_;
  bool woken_ = false;
  bool settled_ = false;
  std::atomic<bool> stopping_ = false;
  // Of the task alone.
  FileDescriptor lock_;
  bool told_of_lock_ = false;
  std::map<std::string, Trial> trials_;
  Trial server_;  // while it takes nothing
  std::string server_reason_;
  std::string subscription_;          // of the mail that was tried last
  std::set<std::string> sent_;        // names in outbox/sent
  std::set<std::string> unmovable_;   // sent, but still in waiting: the disk did not let them go
  std::unique_ptr<base::Task> task_;  // last
};

}  // namespace os
