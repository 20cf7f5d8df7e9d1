#include "os/smtp_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "os/authorities.h"

namespace os {
namespace {

constexpr long kConnectSeconds = 30;
constexpr long kReplySeconds = 300;  // until each answer (RFC 5321 section 4.5.3.2)
constexpr long kLeaveSeconds = 2;
constexpr int kPollMilliseconds = 1000;
constexpr std::size_t kReplyBytesMax = 500;
constexpr int kStorageExceeded = 552;  // also the answer to a size that is too large (RFC 1870)
constexpr std::array<std::string_view, 7> kCommands{"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"};

// curl's own state, made once for the process.
bool has_curl() {
  static const bool made = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return made;
}

// Printable ASCII, whatever the server has sent.
void append_line(std::string& out, std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.empty() || out.size() + line.size() > kReplyBytesMax) return;
  if (!out.empty()) out += ' ';
  for (const char c : line) out += c >= ' ' && c <= '~' ? c : '?';
}

}  // namespace

struct SmtpClient::Connections {
  CURLM* multi = curl_multi_init();
  CURL* easy = curl_easy_init();

  Connections() = default;
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  ~Connections() {
    // Each connection takes leave, and waits for the answer. How long is what the newest handle says; its own would be
    // minutes.
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, kLeaveSeconds);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (curl_multi_add_handle(multi, easy) == CURLM_OK) curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  [[nodiscard]] bool valid() const { return multi != nullptr && easy != nullptr; }
};

// One mail on its way, and how far it has come. What is sent is never kept: there are passwords in it.
struct SmtpClient::Exchange {
  std::string_view rest;          // of the mail
  std::string_view command = {};  // the last one
  int code = 0;                   // of the answer to it
  bool is_over = false;           // what follows is only leave
  std::string reply = {};
  std::string authorities = {};  // what is wrong with those of this machine
  std::array<char, CURL_ERROR_SIZE> error = {};

  static std::size_t read(char* out, std::size_t size, std::size_t count, void* self) {
    std::string_view& rest = static_cast<Exchange*>(self)->rest;
    const std::size_t taken = std::min(size * count, rest.size());
    std::memcpy(out, rest.data(), taken);
    rest.remove_prefix(taken);
    return taken;
  }

  static int watch(CURL*, curl_infotype what, char* bytes, std::size_t size, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const std::string_view text(bytes, size);
    if (what == CURLINFO_HEADER_OUT && text.starts_with("QUIT")) exchange.is_over = true;
    if (exchange.is_over) return 0;
    if (what == CURLINFO_HEADER_OUT) exchange.sent(text);
    if (what == CURLINFO_HEADER_IN) exchange.answered(text);
    if (what == CURLINFO_DATA_OUT) exchange.forget_answer();  // 354 to DATA; what comes is about the mail
    return 0;
  }

  // Asked when anything has happened, also a wakeup; and each second while curl waits for the answer to a mail.
  static int is_cancelled(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return *static_cast<const std::atomic<bool>*>(cancelled) ? 1 : 0;
  }

  static CURLcode trust(CURL*, void* context, void* self) {
    const auto trusted = trust_authorities(static_cast<ssl_ctx_st*>(context), "");
    if (trusted.has_value()) return CURLE_OK;
    static_cast<Exchange*>(self)->authorities = trusted.error();
    return CURLE_SSL_CACERT_BADFILE;
  }

  void sent(std::string_view text) {
    const auto found =
        std::ranges::find_if(kCommands, [&](std::string_view candidate) { return text.starts_with(candidate); });
    if (found != kCommands.end()) command = *found;
    forget_answer();
  }

  void forget_answer() {
    code = 0;
    reply.clear();
  }

  // "550-5.1.1 Nobody\r\n", "550 here\r\n"
  void answered(std::string_view line) {
    const bool numbered =
        line.size() >= 3 && std::ranges::all_of(line.substr(0, 3), [](char c) { return c >= '0' && c <= '9'; });
    if (numbered) code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    append_line(reply, line);
  }

  [[nodiscard]] Verdict verdict() const {
    const bool final = code >= 500 && code < 600;
    if (command == "MAIL" && code == kStorageExceeded) return Verdict::refused;
    // Of what comes before, and of the sender's own address, every other mail would meet the same.
    if (command != "RCPT" && command != "DATA") return Verdict::unreachable;
    // A connection that is lost from here on, by a 421 or without a word, may be due to this mail alone. Were it the
    // server's, the next mail would tell when it connects.
    return final ? Verdict::refused : Verdict::later;
  }

  // curl's words for a connection that ended are about its own calls ("errno: 115").
  [[nodiscard]] std::string_view cause(CURLcode result) const {
    if (result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR || result == CURLE_GOT_NOTHING)
      return "the server closed the connection";
    if (result == CURLE_OPERATION_TIMEDOUT) return "the server does not answer in time";  // curl counts milliseconds
    return error[0] != '\0' ? error.data() : curl_easy_strerror(result);
  }

  [[nodiscard]] std::string reason(CURLcode result) const {
    if (!authorities.empty()) return authorities;
    const std::string_view own = cause(result);
    if (code < 400) return fmt::format("{}{}", own, command.empty() ? "" : fmt::format(" (after {})", command));
    const bool about_login = command == "AUTH" || result == CURLE_LOGIN_DENIED;
    return fmt::format("{} (answer to {}{})", reply, command.empty() ? "the connection" : command,
                       about_login ? "; TILL_SMTP_USER and TILL_SMTP_PASSWORD say who we are" : "");
  }
};

SmtpClient::SmtpClient(SmtpServer server) : server_(std::move(server)) {}

SmtpClient::~SmtpClient() {
  rest();
}

SmtpClient::Connections* SmtpClient::connections() {
  const std::lock_guard lock(mutex_);
  if (connections_ == nullptr && has_curl()) connections_ = std::make_unique<Connections>();
  return connections_ != nullptr && connections_->valid() ? connections_.get() : nullptr;
}

void SmtpClient::prepare(CURL* easy, Exchange& exchange) {
  curl_easy_setopt(easy, CURLOPT_URL, server_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_USE_SSL, static_cast<long>(server_.starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, Exchange::trust);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, &exchange);
  if (!server_.user.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, server_.user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, server_.password.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, Exchange::read);
  curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange.rest.size()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, kReplySeconds);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a name that does not resolve holds up no end
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, Exchange::is_cancelled);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &cancelled_);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange.error.data());
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, Exchange::watch);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &exchange);
}

MailRelay::Answer SmtpClient::send(const std::string& from, const std::string& to, std::string_view mail) {
  Connections* own = connections();
  if (own == nullptr) return {Verdict::unreachable, "the mail client cannot be started: out of memory"};
  Exchange exchange{.rest = mail};
  CURL* easy = own->easy;
  curl_easy_reset(easy);
  prepare(easy, exchange);
  curl_slist* recipients = curl_slist_append(nullptr, fmt::format("<{}>", to).c_str());
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, fmt::format("<{}>", from).c_str());
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);

  curl_multi_add_handle(own->multi, easy);
  // Ends by is_cancelled(), too. To take the handle out before would have curl finish the mail where it is.
  int running = 1;
  while (running > 0) {
    if (curl_multi_perform(own->multi, &running) != CURLM_OK) break;
    if (running > 0) curl_multi_poll(own->multi, nullptr, 0, kPollMilliseconds, nullptr);
  }
  CURLcode result = CURLE_ABORTED_BY_CALLBACK;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(own->multi, &left))
    if (message->msg == CURLMSG_DONE) result = message->data.result;
  // Nothing of this call is looked at when the connection ends later.
  curl_multi_remove_handle(own->multi, easy);
  curl_easy_reset(easy);
  curl_slist_free_all(recipients);
  if (result == CURLE_OK) return {Verdict::taken, {}};
  return {exchange.verdict(), exchange.reason(result)};
}

void SmtpClient::rest() {
  std::unique_ptr<Connections> ended;
  const std::lock_guard lock(mutex_);
  ended = std::move(connections_);
}

void SmtpClient::cancel() {
  cancelled_ = true;
  const std::lock_guard lock(mutex_);
  if (connections_ != nullptr && connections_->multi != nullptr) curl_multi_wakeup(connections_->multi);
}

}  // namespace os
