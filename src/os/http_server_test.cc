#include "os/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <thread>

namespace os {
namespace {

using aws::http::Request;
using aws::http::Responder;
using aws::http::Response;
using std::chrono::milliseconds;

// A socket that speaks whatever a test wants. A read gives up after 10 s, so that a bug fails instead of hanging.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    is_open_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool is_open() const { return is_open_; }
  void send(std::string_view bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void end_sending() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  // Whether anything, or the end, has come; waits a millisecond for it.
  bool is_readable() {
    pollfd waiting{socket_, POLLIN, 0};
    return ::poll(&waiting, 1, 1) == 1;
  }
  // Everything up to `size` bytes or the end.
  std::string receive(std::size_t size = SIZE_MAX) {
    std::string all;
    std::string piece(64 * 1024, '\0');
    while (all.size() < size) {
      const ssize_t got = ::recv(socket_, piece.data(), std::min(piece.size(), size - all.size()), 0);
      if (got <= 0) return all + (got < 0 && errno == EAGAIN ? "<timed out>" : "");
      all.append(piece, 0, static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  int socket_;
  bool is_open_ = false;
};

// Calls a function, and lets the test wait for what it kept.
class TestHandler final : public aws::http::Handler {
 public:
  using Function = std::function<void(Request, Responder)>;
  explicit TestHandler(Function function) : function_(std::move(function)) {}
  void handle(Request request, Responder respond) override {
    calls.fetch_add(1);
    function_(std::move(request), std::move(respond));
  }
  aws::http::Admission admit(const Request& head, std::optional<uint64_t> body_bytes) override {
    return on_admit ? on_admit(head, body_bytes) : aws::http::Admission();
  }
  std::atomic<int> calls{0};
  std::function<aws::http::Admission(const Request&, std::optional<uint64_t>)> on_admit;  // set before any request

 private:
  Function function_;
};

// Responders kept for later.
class Shelf {
 public:
  void put(Responder respond) {
    const std::lock_guard lock(mutex_);
    kept_.push_back(std::move(respond));
    changed_.notify_all();
  }
  Responder take() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return !kept_.empty(); }));
    Responder first = std::move(kept_.front());
    kept_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Responder> kept_;
};

// Has a Date of its own, so that the server adds none and whole replies can be compared.
Response with_body(std::string body) {
  Response reply;
  reply.headers.add("Date", "now");
  reply.body = std::move(body);
  return reply;
}

void echo(Request request, Responder respond) {
  respond(with_body(request.method + " " + request.target + " " + std::move(request.body)));
}

std::string reply_of(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

struct Fixture {
  explicit Fixture(TestHandler::Function function, const ListenLimits& limits = {},
                   uint64_t bodies_bytes_max = 64 << 20)
      : handler(std::move(function)),
        server(std::move(*HttpServer::start(
            {.io_threads = 2, .sweep_interval = milliseconds(5), .bodies_bytes_max = bodies_bytes_max}))),
        port(*server->listen("127.0.0.1", 0, handler, limits)) {}
  // What comes back for `bytes` until the server closes.
  std::string converse(std::string_view bytes) const {
    RawClient client(port);
    client.send(bytes);
    return client.receive();
  }
  TestHandler handler;
  std::unique_ptr<HttpServer> server;
  uint16_t port;
};

TEST(HttpServer, KeepsAliveAndPipelinesInOrder) {
  Fixture fixture(echo);
  RawClient client(fixture.port);
  client.send("GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string first = reply_of("GET /1 ");
  EXPECT_EQ(client.receive(first.size()), first);
  client.send(
      "POST /2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"
      "POST /3 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nyo\r\n0\r\n\r\n"
      "GET http://localhost/4 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      "GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.receive(),
            reply_of("POST /2 hi") + reply_of("POST /3 yo") +
                "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 7\r\nConnection: close\r\n\r\nGET /4 ");
  EXPECT_EQ(fixture.handler.calls, 4);
}

TEST(HttpServer, ManyPipelinedRequestsAnsweredElsewhereKeepTheirOrder) {
  std::vector<std::thread> threads;
  Fixture fixture([&](Request request, Responder respond) {
    threads.emplace_back([target = request.target, respond] { respond(with_body(target)); });
  });
  RawClient client(fixture.port);
  std::string requests;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    expected += reply_of("/" + std::to_string(i));
  }
  client.send(requests);
  EXPECT_EQ(client.receive(expected.size()), expected);
  fixture.server->stop(milliseconds(0));
  for (std::thread& thread : threads) thread.join();
}

TEST(HttpServer, HeadHasALengthAndNoBody) {
  Fixture fixture([](const Request& request, const Responder& respond) {
    Response reply = with_body("12345");
    if (request.target == "/sized") {
      reply.body.clear();
      reply.headers.add("Content-Length", "999");
    }
    respond(std::move(reply));
  });
  EXPECT_EQ(fixture.converse("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n"
                             "HEAD /sized HTTP/1.1\r\nHost: localhost\r\n\r\n"
                             "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\n"
            "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 999\r\n\r\n"
            "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\nConnection: close\r\n\r\n12345");
}

TEST(HttpServer, ContinuesWhenAskedAndRefusesAtOnce) {
  ListenLimits limits;
  limits.message.body_bytes_max = 10;
  Fixture fixture(echo, limits);
  RawClient client(fixture.port);
  client.send("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(client.receive(go_on.size()), go_on);
  client.send("hi");
  const std::string reply = reply_of("PUT / hi");
  EXPECT_EQ(client.receive(reply.size()), reply);
  client.send("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n");
  const std::string empty = go_on + reply_of("PUT / ");
  EXPECT_EQ(client.receive(empty.size()), empty);
  client.send("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 413 Content Too Large\r\n"));
  EXPECT_EQ(fixture.handler.calls, 2);
}

TEST(HttpServer, TellsOfBodiesThatAreTooLarge) {
  ListenLimits limits;
  limits.message.body_bytes_max = 10;
  std::vector<std::string> told;
  limits.on_too_large = [&](const Request& head) { told.push_back(head.target); };
  Fixture fixture(echo, limits);
  const std::string host = " HTTP/1.1\r\nHost: localhost\r\n";
  for (const std::string& text : {"PUT /length" + host + "Content-Length: 11\r\n\r\n12345678901",
                                  "PUT /chunked" + host + "Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n"}) {
    EXPECT_TRUE(fixture.converse(text).starts_with("HTTP/1.1 413 ")) << text;
  }
  EXPECT_EQ(told, (std::vector<std::string>{"/length", "/chunked"}));
  EXPECT_EQ(fixture.handler.calls, 0);
}

TEST(HttpServer, RefusalsCloseAndReachNoHandler) {
  ListenLimits limits;
  limits.message.body_bytes_max = 100;
  Fixture fixture(echo, limits);
  const std::pair<std::string, std::string_view> cases[] = {
      {"GET / HTTP/1.1\nHost: localhost\n\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: evil\r\n\r\n", "403"},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", "403"},
      {"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'), "413"},
      {"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'), "413"},
      {"PUT / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", "413"},
      {"PUT / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", "400"},
      {"GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\n", "414"},
      {"GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x'), "431"},
      {"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
  };
  for (const auto& [bytes, status] : cases) {
    const std::string reply = fixture.converse(bytes + "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 " + std::string(status))) << bytes.substr(0, 100) << "\n" << reply;
    EXPECT_NE(reply.find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(reply.find("HTTP/1.1", 1), std::string::npos) << "one reply only";
  }
  EXPECT_EQ(fixture.handler.calls, 0);
}

TEST(HttpServer, BodyLimitIsExact) {
  ListenLimits limits;
  limits.message.body_bytes_max = 3'000'000;
  Fixture fixture(
      [](const Request& request, const Responder& respond) { respond(with_body(std::to_string(request.body.size()))); },
      limits);
  for (const std::size_t size : {2'999'999U, 3'000'000U, 3'000'001U}) {
    const std::string reply = fixture.converse(
        "PUT / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + std::to_string(size) +
        "\r\n\r\n" + std::string(size, 'x'));
    EXPECT_TRUE(reply.ends_with(size <= 3'000'000 ? "\r\n\r\n" + std::to_string(size) : "too large.\n")) << reply;
  }
}

class CountingSource final : public aws::http::BodySource {
 public:
  CountingSource(uint64_t announced, uint64_t given) : announced_(announced), left_(given) {}
  uint64_t size() const override { return announced_; }
  void read(std::string& out) override {
    const uint64_t count = std::min<uint64_t>(left_, 300'000);
    for (uint64_t i = 0; i < count; ++i) out.push_back(static_cast<char>('a' + (left_ - i) % 23));
    left_ -= count;
  }

 private:
  const uint64_t announced_;
  uint64_t left_;
};

TEST(HttpServer, StreamsBodiesAndClosesWhenASourceLies) {
  static constexpr uint64_t kSize = 20'000'000;
  Fixture fixture([](const Request& request, const Responder& respond) {
    Response reply = with_body("");
    const uint64_t given = request.target == "/short" ? kSize - 1 : request.target == "/long" ? kSize + 1 : kSize;
    reply.stream = std::make_shared<CountingSource>(kSize, given);
    respond(std::move(reply));
  });
  const std::string head = "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 20000000\r\n\r\n";
  const std::string request = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  RawClient client(fixture.port);
  client.send("GET /" + request + "HEAD /" + request + "GET /" + request);
  std::string body;
  CountingSource source(kSize, kSize);
  while (body.size() < kSize) source.read(body);
  EXPECT_TRUE(client.receive(head.size() + kSize) == head + body);
  EXPECT_TRUE(client.receive(2 * head.size() + kSize) == head + head + body);
  for (const std::string target : {"/short", "/long"}) {
    EXPECT_LT(fixture.converse("GET " + target + request).size(), head.size() + kSize) << target;
  }
}

TEST(HttpServer, AnswersLaterFromAnotherThread) {
  Shelf shelf;
  Fixture fixture([&](const Request&, Responder respond) { shelf.put(std::move(respond)); });
  RawClient client(fixture.port);
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  Responder respond = shelf.take();
  std::thread([&] {
    respond(with_body("later"));
    respond(with_body("twice"));
  }).join();
  const std::string reply = reply_of("later");
  EXPECT_EQ(client.receive(reply.size()), reply);

  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  shelf.take() = nullptr;  // never answered
  EXPECT_EQ(client.receive(), "");
}

TEST(HttpServer, ALateAnswerToAClientThatHasGoneIsHarmless) {
  Shelf shelf;
  ListenLimits limits;
  limits.connections_max = 1;
  Fixture fixture([&](const Request&, Responder respond) { shelf.put(std::move(respond)); }, limits);
  // Knocks until it is let in: a connection that has ended holds the only place until the server has noticed.
  const auto enter = [&] {
    while (true) {
      auto client = std::make_unique<RawClient>(fixture.port);
      const int calls = fixture.handler.calls;
      client->send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      while (fixture.handler.calls == calls && !client->is_readable()) {
      }
      if (fixture.handler.calls != calls) return client;
    }
  };
  Responder late;
  for (int i = 0; i < 3; ++i) {
    auto client = enter();
    Responder respond = shelf.take();
    RawClient second(fixture.port);
    EXPECT_TRUE(second.receive().starts_with("HTTP/1.1 503 ")) << "one connection too many";
    client.reset();
    const auto next = enter();  // so the server has noticed
    late = shelf.take();
    respond(with_body("nobody there"));
  }
  fixture.server.reset();
  late(with_body("nor a server"));
}

TEST(HttpServer, TellsAHandlerThatItsClientHasGone) {
  std::promise<std::shared_ptr<aws::http::Hangup>> told;
  Shelf shelf;
  Fixture fixture([&](const Request& request, Responder respond) {
    shelf.put(std::move(respond));
    told.set_value(request.hangup);
  });
  auto client = std::make_unique<RawClient>(fixture.port);
  client->send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto hangup = told.get_future().get();
  ASSERT_NE(hangup, nullptr);
  EXPECT_FALSE(hangup->is_gone());
  std::promise<void> called;
  hangup->on_gone([&] { called.set_value(); });
  client.reset();
  called.get_future().wait();
  EXPECT_TRUE(hangup->is_gone());
  bool at_once = false;
  hangup->on_gone([&] { at_once = true; });
  EXPECT_TRUE(at_once);
}

// What waits for a hangup often holds the request, which holds the Hangup.
TEST(HttpServer, ForgetsWhoWaitsForAHangupWhenTheRequestIsAnswered) {
  std::weak_ptr<int> kept;
  bool called = false;
  Fixture fixture([&](const Request& request, Responder respond) {
    const auto held = std::make_shared<int>(1);
    kept = held;
    request.hangup->on_gone([&called, held, hangup = request.hangup] { called = true; });
    respond(with_body("x"));
  });
  EXPECT_TRUE(
      fixture.converse("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200"));
  fixture.server.reset();
  EXPECT_TRUE(kept.expired());
  EXPECT_FALSE(called);
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(HttpServer, TheLongestIdleConnectionMakesRoom) {
  ListenLimits limits;
  limits.connections_max = 8;
  Fixture fixture(echo, limits);
  const std::string reply = reply_of("GET / ");
  std::vector<std::unique_ptr<RawClient>> silent;  // more than there may be, and none of them ever says a thing
  for (int i = 0; i < 50; ++i) silent.push_back(std::make_unique<RawClient>(fixture.port));
  for (int i = 0; i < 50; ++i) {
    RawClient client(fixture.port);
    client.send(kGet);
    EXPECT_EQ(client.receive(reply.size()), reply) << i;
  }
  EXPECT_EQ(silent.front()->receive(), "") << "closed";
}

TEST(HttpServer, WhenAllAreBusyANewConnectionIsToldSo) {
  ListenLimits limits;
  limits.connections_max = 2;
  Shelf shelf;
  Fixture fixture([&](const Request&, Responder respond) { shelf.put(std::move(respond)); }, limits);
  RawClient first(fixture.port);
  RawClient second(fixture.port);
  first.send(kGet);
  const Responder respond = shelf.take();
  second.send(kGet);
  const Responder respond_second = shelf.take();
  const std::string refusal = fixture.converse("");
  EXPECT_TRUE(refusal.starts_with("HTTP/1.1 503 ")) << refusal;
  EXPECT_TRUE(refusal.ends_with("Too many open connections."));
  respond(with_body("1"));
  EXPECT_EQ(first.receive(reply_of("1").size()), reply_of("1"));
}

std::string put(std::string_view path, std::size_t size, std::string_view more = "") {
  return "PUT " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) +
         "\r\n" + std::string(more) + "\r\n";
}

TEST(HttpServer, BodiesWaitForRoomInMemory) {
  constexpr std::size_t kSize = 1 << 20;
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto count = [](const Request& request, const Responder& respond) {
    respond(with_body(std::to_string(request.body.size())));
  };
  const std::string reply = reply_of("1048576");
  Fixture fixture(count, {}, kSize + kSize / 2);
  RawClient first(fixture.port);
  first.send(put("/1", kSize, "Expect: 100-continue\r\n"));
  EXPECT_EQ(first.receive(go_on.size()), go_on);
  RawClient second(fixture.port);
  second.send(put("/2", kSize, "Expect: 100-continue\r\n"));
  EXPECT_EQ(fixture.converse(put("/small", 5, "Connection: close\r\n") + "hello").back(), '5') << "not counted";
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(second.is_readable());
  auto third = std::make_unique<RawClient>(fixture.port);
  third->send(put("/3", kSize, "Expect: 100-continue\r\n"));
  third.reset();  // leaves the line
  first.send(std::string(kSize, 'x'));
  EXPECT_EQ(first.receive(reply.size()), reply);
  EXPECT_EQ(second.receive(go_on.size()), go_on);
  second.send(std::string(kSize, 'x'));
  EXPECT_EQ(second.receive(reply.size()), reply);
  EXPECT_TRUE(fixture.converse(put("/larger", 2 * kSize, "Connection: close\r\n") + std::string(2 * kSize, 'x'))
                  .ends_with("2097152"))
      << "a body larger than the budget has it alone";
}

TEST(HttpServer, ABodyDoesNotWaitForEver) {
  ListenLimits limits;
  limits.body_wait_timeout = milliseconds(20);
  Fixture fixture(echo, limits, 1 << 20);
  RawClient first(fixture.port);
  first.send(put("/1", 1 << 20, "Expect: 100-continue\r\n"));
  (void)first.receive(1);
  EXPECT_TRUE(fixture.converse(put("/2", 1 << 20)).starts_with("HTTP/1.1 503 "));
}

// Takes pieces on a thread of its own; says no to a piece with an 'n'.
class TestSink final : public aws::http::BodySink {
 public:
  ~TestSink() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void take(std::string piece, Taken taken) override {
    EXPECT_FALSE(busy_.exchange(true));
    EXPECT_LE(piece.size(), 320U * 1024);
    threads_.emplace_back([this, piece = std::move(piece), taken = std::move(taken)] {
      bytes_ += piece;
      busy_ = false;
      taken(piece.find('n') == std::string::npos ? std::nullopt : std::optional(with_body("no")));
    });
  }
  void end(Request request, Responder respond) override {
    EXPECT_EQ(request.body, "");
    respond(with_body(request.target + " " + std::to_string(std::hash<std::string>()(bytes_))));
  }

 private:
  std::atomic<bool> busy_ = false;
  std::string bytes_;
  std::vector<std::thread> threads_;
};

TEST(HttpServer, ASinkTakesALargeBodyInPieces) {
  ListenLimits limits;
  limits.held_body_bytes_max = 100'000;
  limits.unasked_body_bytes_max = 10;
  Fixture fixture(echo, limits);
  std::vector<std::shared_ptr<TestSink>> sinks;  // kept, so that no I/O thread waits for their threads
  std::mutex mutex;
  fixture.handler.on_admit = [&](const Request& head, std::optional<uint64_t> body_bytes) -> aws::http::Admission {
    if (head.target == "/held") return {};
    if (head.target == "/refused") return {with_body(std::to_string(body_bytes.value_or(0))), nullptr};
    const std::lock_guard lock(mutex);
    return {std::nullopt, sinks.emplace_back(std::make_shared<TestSink>())};
  };
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i);
  const std::string reply = reply_of("/s " + std::to_string(std::hash<std::string>()(body)));
  RawClient client(fixture.port);
  client.send(put("/s", body.size()) + body);
  EXPECT_EQ(client.receive(reply.size()), reply);
  std::string chunks;
  for (std::size_t at = 0; at < body.size(); at += 1000) {
    const std::string chunk = body.substr(at, 1000);
    chunks.append(chunk.size() == 1000 ? "3e8"
                                       : "0" + std::string(1, "0123456789abcdef"[chunk.size() / 256]) +
                                             std::string(1, "0123456789abcdef"[chunk.size() / 16 % 16]) +
                                             std::string(1, "0123456789abcdef"[chunk.size() % 16]));
    chunks.append("\r\n").append(chunk).append("\r\n");
  }
  client.send("PUT /s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n");
  EXPECT_EQ(client.receive(reply.size()), reply);
  EXPECT_TRUE(fixture.converse(put("/s", 3'000'000) + "n").ends_with("\r\n\r\nno"));
  EXPECT_TRUE(fixture.converse(put("/refused", 3'000'000)).ends_with("\r\n\r\n3000000"));
  EXPECT_TRUE(fixture.converse(put("/held", 100'001)).starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(fixture.handler.calls, 0);
  fixture.server.reset();
}

// It is cut off only when it takes nothing at all for minutes, whatever the window for uploads.
TEST(HttpServer, AReaderThatPausesGetsTheWholeReply) {
  static constexpr uint64_t kSize = 15'000'000;
  ListenLimits limits;
  limits.progress_window = milliseconds(1);
  limits.head_timeout = milliseconds(20);
  std::mutex mutex;
  std::vector<std::thread> threads;
  std::set<std::thread::id> io_threads;
  std::set<std::thread::id> readers;
  limits.work = [&](std::function<void()> work) {
    const std::lock_guard lock(mutex);
    threads.emplace_back([&, work = std::move(work)] {
      {
        const std::lock_guard inner(mutex);
        readers.insert(std::this_thread::get_id());
      }
      work();
    });
    return true;
  };
  Fixture fixture(
      [&](const Request&, const Responder& respond) {
        Response reply = with_body("");
        reply.stream = std::make_shared<CountingSource>(kSize, kSize);
        respond(std::move(reply));
        const std::lock_guard lock(mutex);
        io_threads.insert(std::this_thread::get_id());
      },
      limits);
  RawClient client(fixture.port);
  client.send(kGet);
  std::string got = client.receive(1);
  // Each takes a timeout, so many sweeps go by.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(fixture.converse("GET").starts_with("HTTP/1.1 408"));
  got += client.receive(kSize + 10);
  EXPECT_GE(got.size(), kSize + 10);
  client.close();
  fixture.server.reset();
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(readers.empty());
  for (const std::thread::id& id : io_threads) EXPECT_FALSE(readers.contains(id));
}

TEST(HttpServer, AConnectionThatNeverSaysAThingIsClosed) {
  ListenLimits limits;
  limits.idle_timeout = milliseconds(20);
  EXPECT_EQ(Fixture(echo, limits).converse(""), "");
}

TEST(HttpServer, TimeoutsCloseWhatDoesNotMove) {
  ListenLimits limits;
  limits.head_timeout = limits.progress_window = limits.reply_stall_timeout = milliseconds(20);
  Shelf shelf;
  Fixture fixture(
      [&](const Request& request, Responder respond) {
        if (request.target == "/wait") return shelf.put(std::move(respond));
        Response reply;
        reply.stream = std::make_shared<CountingSource>(1'000'000'000, 1'000'000'000);
        respond(std::move(reply));
      },
      limits);
  const auto time_out = [&] { return fixture.converse("GET / HTTP/1.1\r\nHos").starts_with("HTTP/1.1 408"); };
  EXPECT_TRUE(time_out());
  EXPECT_TRUE(
      fixture.converse("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx").starts_with("HTTP/1.1 408"));
  RawClient slow(fixture.port);
  slow.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  RawClient patient(fixture.port);
  patient.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(time_out());  // so it has for the slow reader and the handler, too
  EXPECT_LT(slow.receive().size(), 1'000'000'000U);
  shelf.take()(with_body("x"));
  EXPECT_EQ(patient.receive(reply_of("x").size()), reply_of("x")) << "handlers may take their time";
}

TEST(HttpServer, CloseListenerEndsItsConnectionsOnly) {
  Shelf shelf;
  Fixture fixture([&](const Request&, Responder respond) { shelf.put(std::move(respond)); });
  TestHandler other(echo);
  const uint16_t other_port = *fixture.server->listen("127.0.0.1", 0, other);
  RawClient waiting(fixture.port);
  RawClient idle(fixture.port);
  RawClient staying(other_port);
  waiting.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  Responder respond = shelf.take();
  EXPECT_TRUE(fixture.server->close_listener(fixture.port));
  EXPECT_FALSE(fixture.server->close_listener(fixture.port));
  EXPECT_EQ(waiting.receive(), "");
  EXPECT_EQ(idle.receive(), "");
  EXPECT_FALSE(RawClient(fixture.port).is_open());
  respond(with_body("x"));
  staying.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(staying.receive(reply_of("GET / ").size()), reply_of("GET / "));
}

TEST(HttpServer, StopGivesGraceToRepliesInFlight) {
  Shelf shelf;
  Fixture fixture([&](const Request&, Responder respond) { shelf.put(std::move(respond)); });
  RawClient answered(fixture.port);
  std::vector<std::unique_ptr<RawClient>> idle;  // some of them with each I/O thread
  for (int i = 0; i < 8; ++i) {
    idle.push_back(std::make_unique<RawClient>(fixture.port));
    idle.back()->send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    shelf.take()(with_body("here"));  // so it is with its thread, and not the listener's to close
    EXPECT_TRUE(idle.back()
                    ->receive(std::string_view("HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 4\r\n\r\nhere").size())
                    .ends_with("here"));
  }
  answered.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  Responder respond = shelf.take();
  std::thread stopper([&] { fixture.server->stop(std::chrono::seconds(10)); });
  for (const auto& client : idle) EXPECT_EQ(client->receive(), "");  // so stopping has begun, on every thread
  respond(with_body("last"));
  EXPECT_EQ(answered.receive(), "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlast");
  stopper.join();
  EXPECT_FALSE(RawClient(fixture.port).is_open());
  EXPECT_FALSE(fixture.server->listen("127.0.0.1", 0, fixture.handler).has_value());

  Fixture stuck([&](const Request&, Responder later) { shelf.put(std::move(later)); });
  RawClient unanswered(stuck.port);
  unanswered.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  Responder never = shelf.take();
  stuck.server->stop(milliseconds(1));
  EXPECT_EQ(unanswered.receive(), "");
}

TEST(HttpServer, ListenFailsWithTheSystemsWords) {
  Fixture fixture(echo);
  const auto taken = fixture.server->listen("127.0.0.1", fixture.port, fixture.handler);
  ASSERT_FALSE(taken.has_value());
  EXPECT_NE(taken.error().find("Address already in use"), std::string::npos) << taken.error();
  EXPECT_FALSE(fixture.server->listen("localhost", 0, fixture.handler).has_value()) << "numeric addresses only";
  EXPECT_TRUE(fixture.server->listen("::1", 0, fixture.handler).has_value());
}

TEST(HttpServer, SixtyFourConnectionsAtOnce) {
  Fixture fixture(echo);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(std::make_unique<RawClient>(fixture.port));
  for (int round = 0; round < 10; ++round) {
    for (auto& client : clients) client->send("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (auto& client : clients) ASSERT_EQ(client->receive(reply_of("GET /x ").size()), reply_of("GET /x "));
  }
  EXPECT_EQ(fixture.handler.calls, 640);
}

TEST(HttpServer, RepliesHaveADate) {
  Fixture fixture([](const Request&, const Responder& respond) { respond(Response()); });
  const std::string reply = fixture.converse("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const std::size_t date = reply.find("\r\nDate: ");
  ASSERT_NE(date, std::string::npos) << reply;
  EXPECT_TRUE(base::parse_http_date(std::string_view(reply).substr(date + 8, 29)).has_value()) << reply;
}

}  // namespace
}  // namespace os
