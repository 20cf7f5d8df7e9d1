#include "load_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kGrace{10};

// The value of a header in a head whose lines end in CRLF; names are compared without case.
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
    return value == std::string_view::npos ? std::string_view() : line.substr(value);
  }
  return {};
}

template <class T>
T number(std::string_view digits) {
  T value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

class Connection {
 public:
  enum class State { waiting, answered, broken };

  explicit Connection(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string_view body() const { return std::string_view(received_).substr(head_size_); }

  // Blocks until the kernel has all of it; requests are a few kilobytes.
  bool send(std::string_view request) {
    received_.clear();
    head_size_ = 0;
    while (!request.empty()) {
      const ssize_t sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EINTR) return false;
      if (sent > 0) request.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // To be called when the socket is readable.
  State receive() {
    std::array<char, 16384> piece;
    const ssize_t got = ::recv(socket_, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return State::waiting;
    if (got <= 0) return State::broken;
    received_.append(piece.data(), static_cast<std::size_t>(got));
    if (head_size_ == 0) {
      const std::size_t end = received_.find("\r\n\r\n");
      if (end == std::string::npos) return State::waiting;
      head_size_ = end + 4;
      const std::string_view head = std::string_view(received_).substr(0, end + 2);
      status_ = head.size() > 12 ? number<int>(head.substr(9, 3)) : 0;
      body_size_ = number<std::size_t>(header(head, "Content-Length"));
    }
    return received_.size() >= head_size_ + body_size_ ? State::answered : State::waiting;
  }

 private:
  const int socket_;
  bool connected_ = false;
  std::string received_;
  std::size_t head_size_ = 0;  // 0: not complete yet
  std::size_t body_size_ = 0;
  int status_ = 0;
};

// One run: owns the connections and the count.
class Run {
 public:
  Run(uint16_t port, std::size_t connections, Load& load) : load_(load), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < connections; ++i) {
      Connection& made = *connections_.emplace_back(std::make_unique<Connection>(port));
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      if (!made.connected() || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, made.socket(), &event) != 0)
        fail(std::string("connect: ") + std::strerror(errno));
    }
  }
  ~Run() { ::close(epoll_); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  LoadResult measure(std::chrono::milliseconds duration) {
    if (!result_.failure.empty()) return result_;
    const Clock::time_point begin = Clock::now();
    end_ = begin + duration;
    for (std::size_t i = 0; i < connections_.size(); ++i) send_next(i);
    std::array<epoll_event, 64> events;
    while (under_way_ > 0 && Clock::now() < end_ + kGrace) {
      const int ready = ::epoll_wait(epoll_, events.data(), events.size(), 100);
      for (int i = 0; i < ready; ++i) read(events[static_cast<std::size_t>(i)].data.u64);
    }
    if (under_way_ > 0) fail("no answer within ten seconds");
    result_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return result_;
  }

 private:
  void fail(std::string why) {
    if (result_.failure.empty()) result_.failure = std::move(why);
  }

  void send_next(std::size_t index) {
    if (Clock::now() >= end_) return;
    const auto request = load_.next(index);
    if (!request.has_value()) return;
    if (!connections_[index]->send(*request)) return fail("the connection was closed");
    ++under_way_;
  }

  void read(std::size_t index) {
    Connection& connection = *connections_[index];
    const Connection::State state = connection.receive();
    if (state == Connection::State::waiting) return;
    --under_way_;
    if (state == Connection::State::broken) {
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.socket(), nullptr);
      return fail("the connection was closed");
    }
    if (!load_.answered(index, connection.status(), connection.body())) {
      return fail(std::to_string(connection.status()) + " " + std::string(connection.body().substr(0, 300)));
    }
    ++result_.calls;
    send_next(index);
  }

  Load& load_;
  const int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Clock::time_point end_;
  std::size_t under_way_ = 0;
  LoadResult result_;
};

}  // namespace

bool Load::answered(std::size_t /*connection*/, int status, std::string_view /*body*/) {
  return status / 100 == 2;
}

LoadResult run_load(uint16_t port, std::size_t connections, std::chrono::milliseconds duration, Load& load) {
  return Run(port, connections, load).measure(duration);
}

}  // namespace bench
