#include "os/outbox_mailer.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/encoding.h"
#include "base/time.h"
#include "os/data_directory.h"

namespace os {
namespace {

constexpr std::size_t kAddressLengthMax = 320;
// With the frame 64 characters, which leave a line with "Subject: " within its 76 (RFC 2047 section 2).
constexpr std::size_t kEncodedWordBytesMax = 39;

bool is_address(std::string_view text) {
  return text.find('@') != text.npos && text.size() <= kAddressLengthMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '<' && c != '>' && c != ','; });
}

// One line that cannot end the header: plain ASCII as it is, anything else in encoded words of whole characters.
std::string header_text(std::string_view text) {
  if (text.size() <= 100 && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }) &&
      text.find("=?") == text.npos) {
    return std::string(text);
  }
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), kEncodedWordBytesMax);
    while (size > 1 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base::base64_encode(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return out;
}

// Base64 in lines of 76 characters (RFC 2045), so that no body can be taken for anything else.
std::string body_text(std::string_view body) {
  const std::string encoded = base::base64_encode(body);
  std::string out;
  for (std::size_t at = 0; at < encoded.size(); at += 76) out += encoded.substr(at, 76) + "\r\n";
  return out;
}

// Bodies of short ASCII lines stay readable in the file.
bool is_plain(std::string_view body) {
  std::size_t line = 0;
  for (const char c : body) {
    line = c == '\n' ? 0 : line + 1;
    if (line > 990 || (c != '\n' && c != '\t' && (c < ' ' || c > '~'))) return false;
  }
  return true;
}

std::string with_crlf(std::string_view body) {
  std::string out;
  for (const char c : body) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out + "\r\n";
}

// RFC 9110's date is RFC 5322's but for the name of the zone.
std::string mail_date(base::Timestamp now) {
  std::string date = base::format_http_date(now);
  return date.substr(0, date.size() - 3) + "+0000";
}

}  // namespace

OutboxMailer::OutboxMailer(std::filesystem::path directory, std::string from, base::Clock& clock, base::Random& random,
                           Use use, Log log)
    : directory_(std::move(directory)),
      from_(std::move(from)),
      use_(use),
      clock_(clock),
      random_(random),
      log_(std::move(log)) {}

bool OutboxMailer::send(const std::string& to, const std::string& subject, const std::string& body,
                        const std::string& subscription) {
  if (!is_address(to) || !is_address(from_)) return false;
  const base::Timestamp now = clock_.now();
  const std::string id = base::make_uuid(random_);
  const bool plain = is_plain(body);
  const bool leaves = use_ == Use::leaves;
  const std::string domain = leaves ? from_.substr(from_.rfind('@') + 1) : "tillstream.invalid";
  std::string mail = "From: " + from_ + "\r\nTo: " + to + "\r\nSubject: " + header_text(subject) +
                     "\r\nDate: " + mail_date(now) + "\r\nMessage-ID: <" + id + "@" + domain + ">";
  if (leaves && !subscription.empty()) mail += fmt::format("\r\n{}: {}", kSubscriptionHeader, subscription);
  mail += "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: ";
  mail += plain ? "7bit\r\n\r\n" + with_crlf(body) : "base64\r\n\r\n" + body_text(body);

  std::error_code error;
  std::filesystem::create_directories(directory_.parent_path(), error);
  ::mkdir(directory_.c_str(), 0700);  // mails are nobody else's; one that is there keeps its mode
  const std::string random = id.substr(0, 8) + id.substr(9, 4);
  const std::string name = leaves ? fmt::format("{}-{:06}-{}", base::format_amz_date(now), written_++, random)
                                  : base::format_amz_date(now) + "-" + random;
  errno = 0;
  const bool written = leaves ? replace_file_synced(directory_ / (name + ".eml"), mail) : write(name, mail);
  note(written ? 0 : errno != 0 ? errno : EIO);
  return written;
}

// Whoever writes to SNS is not told: it has the message, and tries again.
void OutboxMailer::note(int error) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(error_, error) == error || !log_) return;
  const std::string directory = (directory_ / "").parent_path().string();
  log_(error == 0 ? fmt::format("mail: e-mails can be written to {} again", directory)
                  : fmt::format("mail: e-mails cannot be written to {}: {}. They are tried again: see to it that this "
                                "is a directory in which this user may write, with room on its disk",
                                directory, std::strerror(error)));
}

bool OutboxMailer::write(const std::string& name, const std::string& mail) {
  std::error_code error;
  const std::filesystem::path temporary = directory_ / (name + ".tmp");
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(mail.data(), static_cast<std::streamsize>(mail.size()));
    file.close();
    if (!file) {
      const int reason = errno;
      std::filesystem::remove(temporary, error);
      errno = reason;
      return false;
    }
  }
  std::filesystem::rename(temporary, directory_ / (name + ".eml"), error);
  if (error) errno = error.value();
  return !error;
}

}  // namespace os
