#include "os/mail_sender.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "os/data_directory.h"
#include "os/outbox_mailer.h"

namespace os {
namespace {

namespace fs = std::filesystem;

constexpr auto kLockPause = std::chrono::seconds(10);
constexpr std::string_view kMail = ".eml";

std::optional<std::string> read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string out(std::istreambuf_iterator<char>(file), {});
  return file.good() || file.eof() ? std::optional(std::move(out)) : std::nullopt;
}

// The value of a line of the head, as OutboxMailer writes it; empty if there is none.
std::string header(std::string_view mail, std::string_view name) {
  std::string_view head = mail.substr(0, mail.find("\r\n\r\n"));
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    if (line.size() > name.size() + 2 && line.starts_with(name) && line.substr(name.size(), 2) == ": ")
      return std::string(line.substr(name.size() + 2));
    if (end == head.npos) break;
    head.remove_prefix(end + 2);
  }
  return {};
}

std::vector<std::string> mails_in(const fs::path& directory) {
  std::vector<std::string> out;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().extension() == kMail && entry->symlink_status(ignored).type() == fs::file_type::regular)
      out.push_back(entry->path().filename().string());
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

base::Duration MailSender::pause_after(uint64_t number) {
  constexpr double kShortest = 10;
  constexpr double kLongest = 600;
  constexpr uint64_t kShort = 2;
  constexpr uint64_t kGrowing = 10;
  const uint64_t step = std::min(number <= kShort ? 0 : number - kShort, kGrowing);
  const double seconds = kShortest * std::pow(kLongest / kShortest, static_cast<double>(step) / kGrowing);
  return std::chrono::seconds(std::lround(seconds));
}

MailSender::MailSender(Options options, base::Env& env, MailRelay& relay)
    : options_(std::move(options)), env_(env), relay_(relay), changed_(env.executor.make_condition()) {}

MailSender::~MailSender() {
  stop();
}

void MailSender::start() {
  task_ = env_.executor.spawn("mail-sender", [this] { work(); });
}

void MailSender::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  settled_ = false;
  changed_->notify_all();
}

bool MailSender::settle(base::Timestamp end) {
  std::unique_lock lock(mutex_);
  while (task_ != nullptr && !settled_ && !stopping_ && env_.clock.now() < end)
    env_.executor.wait_until(lock, *changed_, end);
  return task_ == nullptr || settled_;
}

void MailSender::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_->notify_all();
  }
  relay_.cancel();
  task_.reset();
  lock_.reset();
}

void MailSender::log(const std::string& line) const {
  if (options_.log) options_.log("mail: " + line);
}

void MailSender::work() {
  for (const std::string& name : mails_in(options_.outbox / "sent")) sent_.insert(name);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    const base::Timestamp next = pass();
    lock.lock();
    settled_ = !woken_;
    changed_->notify_all();
    while (!woken_ && !stopping_ && env_.clock.now() < next) env_.executor.wait_until(lock, *changed_, next);
  }
}

// An engine in memory has no lock on its data directory, so two may have one outbox.
bool MailSender::is_ours() {
  if (lock_.valid()) return true;
  const std::string path = options_.outbox / "sender.lock";
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
    lock_ = std::move(file);
    return true;
  }
  const int reason = errno;
  if (!std::exchange(told_of_lock_, true))
    log(reason == EWOULDBLOCK
            ? fmt::format("{} has another sender, so this one waits", options_.outbox.string())
            : fmt::format("{} cannot be locked, so nothing is sent from there: {}", path, std::strerror(reason)));
  return false;
}

MailSender::Names MailSender::waiting() const {
  Names out = mails_in(options_.outbox / "waiting");
  std::erase_if(out, [this](const std::string& name) { return unmovable_.contains(name); });
  return out;
}

base::Timestamp MailSender::pass() {
  const Names names = waiting();
  std::erase_if(trials_, [&](const auto& trial) { return !std::ranges::binary_search(names, trial.first); });
  if (names.empty()) return base::kTimestampMax;
  if (!is_ours()) return env_.clock.now() + kLockPause;
  if (server_.tries > 0 && env_.clock.now() < server_.due) return server_.due;
  base::Timestamp next = base::kTimestampMax;
  for (const std::string& name : names) {
    if (const base::Timestamp due = trials_[name].due; due > env_.clock.now()) {
      next = std::min(next, due);
      continue;
    }
    const MailRelay::Answer answer = try_mail(name);
    if (stopping_ && answer.verdict != MailRelay::Verdict::taken) return next;  // cancelled, which is nobody's fault
    if (answer.verdict == MailRelay::Verdict::unreachable) {
      relay_.rest();
      pause(names, answer.reason);
      return server_.due;
    }
    if (std::exchange(server_, Trial()).tries > 0) log(options_.server + " takes mails again");
    server_reason_.clear();
    if (answer.verdict == MailRelay::Verdict::taken) taken(name);
    if (answer.verdict == MailRelay::Verdict::refused) fail(name, answer.reason);
    if (answer.verdict != MailRelay::Verdict::later) continue;
    if (is_last_try(name)) {
      fail(name, fmt::format("given up after {} tries; the last answer: {}", kTriesMax, answer.reason));
      continue;
    }
    Trial& trial = trials_[name];
    if (trial.tries == 1) log(fmt::format("{} is tried again: {}", name, answer.reason));
    trial.due = env_.clock.now() + pause_after(trial.tries);
    next = std::min(next, trial.due);
  }
  relay_.rest();
  return next;
}

MailRelay::Answer MailSender::try_mail(const std::string& name) {
  using Verdict = MailRelay::Verdict;
  subscription_.clear();
  const auto mail = read(options_.outbox / "waiting" / name);
  if (!mail.has_value()) return {Verdict::later, "the file cannot be read"};
  const std::string from = header(*mail, "From");
  const std::string to = header(*mail, "To");
  subscription_ = header(*mail, kSubscriptionHeader);
  if (from.empty() || to.empty())
    return {Verdict::refused, "the file is no mail of this program: it has no From or To"};
  return relay_.send(from, to, *mail);
}

void MailSender::pause(const Names& names, const std::string& reason) {
  ++server_.tries;
  server_.due = env_.clock.now() + pause_after(server_.tries);
  std::size_t left = 0;
  for (const std::string& name : names) {
    std::error_code error;
    if (!fs::exists(options_.outbox / "waiting" / name, error)) continue;  // sent before, in the same pass
    if (is_last_try(name)) {
      const auto mail = read(options_.outbox / "waiting" / name);
      subscription_ = header(mail.value_or(""), kSubscriptionHeader);
      fail(name, fmt::format("given up after {} tries; the last time: {}", kTriesMax, reason));
    } else {
      ++left;
    }
  }
  if (std::exchange(server_reason_, reason) != reason)
    log(fmt::format("{} takes no mails: {}. In {}: {} waiting, which are tried again", options_.server, reason,
                    (options_.outbox / "waiting").string(), left));
}

void MailSender::taken(const std::string& name) {
  trials_.erase(name);
  if (move(name, options_.outbox / "sent")) {
    sent_.insert(name);
    while (sent_.size() > kSentKept) {
      std::error_code error;
      fs::remove(options_.outbox / "sent" / *sent_.begin(), error);
      sent_.erase(sent_.begin());
    }
  }
  if (options_.ended) options_.ended(subscription_, true);
}

bool MailSender::is_last_try(const std::string& name) {
  return ++trials_[name].tries >= kTriesMax;
}

void MailSender::fail(const std::string& name, const std::string& reason) {
  trials_.erase(name);
  const fs::path failed = options_.outbox / "failed";
  const auto mail = read(options_.outbox / "waiting" / name);
  const std::string to = header(mail.value_or(""), "To");
  if (move(name, failed))
    replace_file_synced(
        failed / (fs::path(name).stem().string() + ".txt"),
        fmt::format("{}\n{}: {}\n", base::format_iso8601_seconds(env_.clock.now()), to.empty() ? name : to, reason));
  log(fmt::format("{}: {}. It is kept as {}", to.empty() ? name + " is not sent" : "not sent to " + to, reason,
                  (failed / name).string()));
  if (options_.ended) options_.ended(subscription_, false);
}

bool MailSender::move(const std::string& name, const fs::path& to) {
  ::mkdir(to.c_str(), 0700);  // as outbox itself
  std::error_code error;
  fs::rename(options_.outbox / "waiting" / name, to / name, error);
  if (!error) {
    sync_directory(to);
    sync_directory(options_.outbox / "waiting");
    return true;
  }
  unmovable_.insert(name);  // else it would be sent over and over
  log(fmt::format("cannot move {} to {}: {}; after a restart it is tried again", name, to.string(), error.message()));
  return false;
}

}  // namespace os
