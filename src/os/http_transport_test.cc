#include "os/http_transport.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <latch>
#include <thread>

#include "os/http_server.h"

namespace os {
namespace {

using aws::http::Endpoint;
using aws::http::Request;
using aws::http::Responder;
using aws::http::Response;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Echo final : public aws::http::Handler {
 public:
  void handle(Request request, Responder respond) override {
    Response reply;
    reply.headers.add("X-Method", request.method);
    reply.headers.add("X-Host", std::string(request.headers.get("Host")));
    reply.headers.add("X-Length", std::string(request.headers.get("Content-Length")));
    reply.headers.add("X-Fields", std::to_string(request.headers.fields().size()));
    reply.close = request.target == "/close";
    reply.body = std::move(request.body);
    respond(std::move(reply));
  }
};

// A server that does what it is told to each accepted socket, one after the other. Its destructor joins.
class ScriptedServer {
 public:
  using Script = std::function<void(int socket, int connection_number)>;
  explicit ScriptedServer(Script script) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    endpoint = {false, "127.0.0.1", ntohs(address.sin_port)};
    thread_ = std::thread([this, script = std::move(script)] {
      for (int socket = 0; (socket = ::accept(listener_, nullptr, nullptr)) >= 0;) {
        script(socket, ++connections);
        ::close(socket);
      }
    });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  Endpoint endpoint;
  std::atomic<int> connections{0};

 private:
  int listener_;
  std::thread thread_;
};

// Reads one request's head; empty if the client closed.
std::string read_head(int socket) {
  std::string head;
  for (char byte = 0; !head.ends_with("\r\n\r\n") && ::recv(socket, &byte, 1, 0) == 1;) head.push_back(byte);
  return head;
}

void send_all(int socket, std::string_view bytes) {
  ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void wait_for_close(int socket) {
  for (char byte = 0; ::recv(socket, &byte, 1, 0) == 1;) {
  }
}

std::unique_ptr<HttpTransport> make_transport(const HttpTransportOptions& options = {}) {
  return std::move(*HttpTransport::make(options));
}

Request make_request(std::string method, std::string target, std::string body = {}) {
  Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  return request;
}

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct Loopback {
  Loopback() {
    server = std::move(*HttpServer::start({.io_threads = 2, .sweep_interval = milliseconds(5)}));
    ListenLimits limits;
    limits.idle_timeout = milliseconds(20);
    endpoint = {false, "127.0.0.1", *server->listen("127.0.0.1", 0, echo)};
    impatient = {false, "127.0.0.1", *server->listen("127.0.0.1", 0, echo, limits)};
  }
  Echo echo;
  std::unique_ptr<HttpServer> server;
  Endpoint endpoint;
  Endpoint impatient;  // closes idle connections after 20 ms
};

TEST(HttpTransport, RoundTripsBodiesOfEverySize) {
  Loopback loopback;
  const auto transport = make_transport();
  for (const std::size_t size : {0U, 1U, 16'384U, 16'385U, 100'000U, 30'000'000U}) {
    const std::string body(size, 'b');
    const auto reply = transport->round_trip(loopback.endpoint, make_request("POST", "/", body), seconds(20));
    ASSERT_TRUE(reply.has_value()) << reply.error().message;
    EXPECT_TRUE(reply->body == body) << size;
    EXPECT_EQ(reply->headers.get("X-Length"), std::to_string(size));
    EXPECT_EQ(reply->headers.get("X-Host"), aws::http::host_header(loopback.endpoint));
  }
  const auto head = transport->round_trip(loopback.endpoint, make_request("HEAD", "/"), seconds(5));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->headers.get("X-Length"), "") << "GET, HEAD and DELETE announce no empty body";
  Request expecting = make_request("PUT", "/", "x");
  expecting.headers.add("Expect", "100-continue");
  expecting.headers.add("Host", "localhost");
  const auto reply = transport->round_trip(loopback.endpoint, expecting, seconds(5));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->headers.get("X-Fields"), "2") << "Host and Content-Length only";
}

TEST(HttpTransport, ReusesConnectionsUntilEitherSideCloses) {
  ScriptedServer server([](int socket, int number) {
    while (!read_head(socket).empty()) {
      if (number == 1) {
        send_all(socket, kOk);
      } else {
        send_all(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
      }
    }
  });
  {
    const auto transport = make_transport();
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(transport->round_trip(server.endpoint, make_request("GET", "/"), seconds(5)).has_value());
    }
    EXPECT_EQ(server.connections, 1);
  }
  const auto transport = make_transport();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(transport->round_trip(server.endpoint, make_request("GET", "/"), seconds(5)).has_value());
  }
  EXPECT_EQ(server.connections, 4);
}

TEST(HttpTransport, ReconnectsAfterTheServerClosedAnIdleConnection) {
  Loopback loopback;
  const auto transport = make_transport();
  ASSERT_TRUE(transport->round_trip(loopback.impatient, make_request("GET", "/"), seconds(5)).has_value());
  std::this_thread::sleep_for(milliseconds(50));
  ASSERT_TRUE(transport->round_trip(loopback.impatient, make_request("GET", "/"), seconds(5)).has_value());
}

// The server may have done what it answers no more, on a kept connection as on a fresh one.
TEST(HttpTransport, NeverSendsAgainWhatItHasSent) {
  // Each connection answers so many requests, then cuts the next after reading it and sending `partial`.
  struct Case {
    std::string method;
    std::string partial;
    int answers_first;
  };
  const Case cases[] = {{"POST", "", 1}, {"POST", "H", 1}, {"POST", "", 0}, {"GET", "", 1}};
  for (const Case& c : cases) {
    std::atomic<int> requests = 0;
    ScriptedServer server([&](int socket, int) {
      for (int i = 0; i <= c.answers_first; ++i) {
        if (read_head(socket).empty()) return;
        ++requests;
        send_all(socket, i < c.answers_first ? kOk : std::string_view(c.partial));
      }
    });
    const auto transport = make_transport();
    for (int i = 0; i < c.answers_first; ++i)
      ASSERT_TRUE(transport->round_trip(server.endpoint, make_request("GET", "/"), seconds(5)).has_value());
    const auto lost = transport->round_trip(server.endpoint, make_request(c.method, "/"), seconds(5));
    ASSERT_FALSE(lost.has_value()) << c.partial;
    EXPECT_EQ(lost.error().code, "ConnectionError");
    EXPECT_EQ(lost.error().http_status, 0);
    EXPECT_EQ(lost.error().fault, base::Fault::receiver);
    EXPECT_EQ(requests, c.answers_first + 1);
    EXPECT_EQ(server.connections, 1);
  }
}

// A kept connection whose end has come is seen before it is used, however the server ended it; so is one that is old.
TEST(HttpTransport, DoesNotUseAKeptConnectionThatIsClosedOrOld) {
  for (const bool reset : {false, true}) {
    std::latch closed(1);
    ScriptedServer server([&](int socket, int number) {
      if (read_head(socket).empty()) return;
      send_all(socket, kOk);
      if (number > 1) return wait_for_close(socket);
      const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
      if (reset) {
        ::connect(socket, &nobody, sizeof nobody);
      } else {
        ::shutdown(socket, SHUT_WR);
      }
      closed.count_down();
    });
    const auto transport = make_transport();
    ASSERT_TRUE(transport->round_trip(server.endpoint, make_request("POST", "/"), seconds(5)).has_value());
    closed.wait();
    ASSERT_TRUE(transport->round_trip(server.endpoint, make_request("POST", "/"), seconds(5)).has_value()) << reset;
    EXPECT_EQ(server.connections, 2);
  }
  ScriptedServer server([](int socket, int) {
    while (!read_head(socket).empty()) send_all(socket, kOk);
  });
  const auto transport = make_transport({.idle_timeout = milliseconds(0)});
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(transport->round_trip(server.endpoint, make_request("GET", "/"), seconds(5)).has_value());
  EXPECT_EQ(server.connections, 2) << "older than it may become";
}

TEST(HttpTransport, TimesOutWhereverThePeerStalls) {
  const std::string_view stalls[] = {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
                                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"};
  for (const std::string_view stall : stalls) {
    ScriptedServer server([stall](int socket, int) {
      if (read_head(socket).empty()) return;
      send_all(socket, stall);
      wait_for_close(socket);
    });
    const auto transport = make_transport();
    const auto start = std::chrono::steady_clock::now();
    const auto reply = transport->round_trip(server.endpoint, make_request("GET", "/"), milliseconds(30));
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code, "RequestTimeout") << stall;
    EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(30));
  }
  // Never reads, until the test lets it go.
  std::latch done(1);
  ScriptedServer deaf([&](int, int) { done.wait(); });
  const auto transport = make_transport();
  const auto reply =
      transport->round_trip(deaf.endpoint, make_request("PUT", "/", std::string(50'000'000, 'x')), milliseconds(20));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, "RequestTimeout");
  done.count_down();
}

TEST(HttpTransport, CancelEndsCallsThatWaitAndLaterOnes) {
  std::latch waits(1);
  ScriptedServer server([&](int socket, int) {
    if (read_head(socket).empty()) return;
    waits.count_down();
    wait_for_close(socket);
  });
  const auto transport = make_transport();
  std::thread canceller([&] {
    waits.wait();
    transport->cancel();
  });
  for (const auto code : {"ConnectionError", "ConnectError"}) {
    const auto reply = transport->round_trip(server.endpoint, make_request("GET", "/"), std::chrono::hours(1));
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code, code);
  }
  canceller.join();
}

TEST(HttpTransport, RefusesBadResponsesAndBadRequests) {
  const std::string_view responses[] = {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
                                        "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok"};
  for (const std::string_view response : responses) {
    ScriptedServer server([response](int socket, int) {
      if (!read_head(socket).empty()) send_all(socket, response);
    });
    const auto transport = make_transport({.response_body_bytes_max = 100});
    const auto reply = transport->round_trip(server.endpoint, make_request("GET", "/"), seconds(5));
    ASSERT_FALSE(reply.has_value()) << response;
    EXPECT_EQ(reply.error().code, "ConnectionError") << reply.error().message;
  }
  const auto transport = make_transport();
  const Endpoint nobody{false, "127.0.0.1", 1};
  EXPECT_NE(transport->round_trip(nobody, make_request("GET", "/"), seconds(5)).error().message.find("refused"),
            std::string::npos);
  const Endpoint unknown{false, "no-such-host.invalid", 80};
  EXPECT_EQ(transport->round_trip(unknown, make_request("GET", "/"), seconds(5)).error().code, "ConnectError");

  Request split = make_request("GET", "/");
  split.headers.add("X", "a\r\nY: b");
  Request length = make_request("PUT", "/", "abc");
  length.headers.add("Content-Length", "4");
  Request chunked = make_request("PUT", "/", "abc");
  chunked.headers.add("Transfer-Encoding", "chunked");
  for (const Request& bad : {split, length, chunked, make_request("GET", "/a b"), make_request("G T", "/"),
                             make_request("GET", "/\r\n"), make_request("GET", "")}) {
    const auto reply = transport->round_trip(nobody, bad, seconds(5));
    ASSERT_FALSE(reply.has_value());
    EXPECT_NE(reply.error().message.find("no valid form"), std::string::npos);
    EXPECT_EQ(reply.error().code, "InvalidRequest");
    EXPECT_FALSE(reply.error().message.contains("Y: b")) << "it may be a secret";
  }
}

TEST(HttpTransport, PrefersTheAnswerOfAServerThatRefusesTheBody) {
  auto server = std::move(*HttpServer::start({}));
  Echo echo;
  ListenLimits limits;
  limits.message.body_bytes_max = 1000;
  const Endpoint endpoint{false, "127.0.0.1", *server->listen("127.0.0.1", 0, echo, limits)};
  const auto transport = make_transport();
  const auto reply = transport->round_trip(endpoint, make_request("PUT", "/", std::string(5'000'000, 'x')), seconds(5));
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(reply->status, 413);
}

TEST(HttpTransport, ManyThreadsShareThePool) {
  Loopback loopback;
  const auto transport = make_transport({.idle_per_endpoint_max = 4});
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string body = std::to_string(t) + "-" + std::to_string(i);
        const auto target = i % 7 == 0 ? "/close" : "/";
        const auto reply = transport->round_trip(loopback.endpoint, make_request("POST", target, body), seconds(10));
        good += reply && reply->body == body ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 800);
}

// A key and a certificate for "localhost", signed by itself, in files of their own.
class Certificate {
 public:
  Certificate() {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_PrivateKey(context, key);
    SSL_CTX_use_certificate(context, certificate);
    std::FILE* const out = std::fopen(file.c_str(), "w");
    PEM_write_X509(out, certificate);
    std::fclose(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Certificate() {
    SSL_CTX_free(context);
    std::filesystem::remove(file);
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  SSL_CTX* context = nullptr;
  const std::string file =
      std::filesystem::temp_directory_path() / ("till-transport-test-" + std::to_string(::getpid()) + ".pem");
};

TEST(HttpTransport, TlsVerifiesAuthorityAndName) {
  Certificate certificate;
  ScriptedServer server([&](int socket, int) {
    SSL* const tls = SSL_new(certificate.context);
    SSL_set_fd(tls, socket);
    if (SSL_accept(tls) == 1) {
      std::string input(65'536, '\0');
      std::size_t seen = 0;
      for (int got = 0; (got = SSL_read(tls, input.data(), 65'536)) > 0;) {
        seen += static_cast<std::size_t>(got);
        if (seen < 100'000) continue;
        seen = 0;
        SSL_write(tls, kOk.data(), static_cast<int>(kOk.size()));
      }
    }
    SSL_free(tls);
  });
  const Endpoint localhost{true, "localhost", server.endpoint.port};
  const Endpoint numeric{true, "127.0.0.1", server.endpoint.port};
  const auto trusting = make_transport({.ca_file = certificate.file});
  const auto body = std::string(100'000, 'x');
  for (int i = 0; i < 2; ++i) {
    const auto reply = trusting->round_trip(localhost, make_request("PUT", "/", body), seconds(5));
    ASSERT_TRUE(reply.has_value()) << reply.error().message;
    EXPECT_EQ(reply->body, "ok");
  }
  const int before = server.connections;
  EXPECT_EQ(before, 1) << "kept alive";
  const auto stalled = trusting->round_trip(localhost, make_request("GET", "/"), milliseconds(30));
  ASSERT_FALSE(stalled.has_value());
  EXPECT_EQ(stalled.error().code, "RequestTimeout");

  const auto wrong_name = trusting->round_trip(numeric, make_request("PUT", "/", body), seconds(5));
  ASSERT_FALSE(wrong_name.has_value());
  EXPECT_NE(wrong_name.error().message.find("IP address mismatch"), std::string::npos) << wrong_name.error().message;
  const auto untrusted = make_transport()->round_trip(localhost, make_request("PUT", "/", body), seconds(5));
  ASSERT_FALSE(untrusted.has_value());
  EXPECT_NE(untrusted.error().message.find("self-signed"), std::string::npos) << untrusted.error().message;
  EXPECT_EQ(untrusted.error().code, "HandshakeError") << "somebody is there";
  EXPECT_FALSE(HttpTransport::make({.ca_file = "/no/such/file"}).has_value());
  // The variables that name other authorities than the machine's.
  for (const char* variable : {"AWS_CA_BUNDLE", "SSL_CERT_FILE"}) {
    ::setenv(variable, certificate.file.c_str(), 1);
    const auto reply = make_transport()->round_trip(localhost, make_request("PUT", "/", body), seconds(5));
    EXPECT_TRUE(reply.has_value()) << variable << ": " << reply.error().message;
    ::setenv(variable, "/no/such/file", 1);
    EXPECT_FALSE(make_transport()->round_trip(localhost, make_request("PUT", "/", body), seconds(5)).has_value());
    ::unsetenv(variable);
  }
}

}  // namespace
}  // namespace os
