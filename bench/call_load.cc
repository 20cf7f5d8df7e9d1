// call_load: how many single calls per second the engine answers over HTTP, beside a bare echo through the same server
// in the same run. Prints one JSON object. The engine runs in this process on a directory of its own (durable commits),
// or elsewhere with --endpoint; the echo always runs here, and so does the client, whose requests are signed before the
// clock starts. Only DeleteMessage, which needs the handle just received, is signed while it runs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "aws/auth/sigv4.h"
#include "aws/http/message.h"
#include "base/encoding.h"
#include "cli/local_engine.h"
#include "load_client.h"
#include "os/env.h"
#include "os/http_server.h"
#include "os/http_transport.h"

namespace bench {
namespace {

constexpr std::string_view kName = "call-load";  // of every resource
constexpr std::size_t kPutItemsPerSecondMax = 40'000;
constexpr std::size_t kKeys = 1'000;  // that GetItem and PutObject go round

struct Options {
  std::string endpoint;
  std::string directory = ".";
  std::size_t connections = 16;
  double seconds = 2;
  bool in_memory = false;
};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "call_load: {}\n", why);
  std::exit(1);
}

class EchoHandler final : public aws::http::Handler {
 public:
  void handle(aws::http::Request request, aws::http::Responder respond) override {
    aws::http::Response response;
    response.headers.add("Content-Type", "application/octet-stream");
    response.body = std::move(request.body);
    respond(std::move(response));
  }
};

// Makes signed requests, as the SDKs send them.
class Requests {
 public:
  Requests(aws::http::Endpoint endpoint, base::Clock& clock)
      : endpoint_(std::move(endpoint)), host_(aws::http::host_header(endpoint_)), clock_(clock) {}

  aws::http::Request json(std::string_view service, std::string_view target, std::string body) const {
    aws::http::Request request{"POST", "/", {}, std::move(body)};
    request.headers.add("Content-Type", "application/x-amz-json-1.0");
    request.headers.add("X-Amz-Target", std::string(target));
    return sign(service, std::move(request));
  }
  aws::http::Request form(std::string_view service, std::string body) const {
    aws::http::Request request{"POST", "/", {}, std::move(body)};
    request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    return sign(service, std::move(request));
  }
  aws::http::Request put(std::string target, std::string body) const {
    return sign("s3", {"PUT", std::move(target), {}, std::move(body)});
  }
  [[nodiscard]] const aws::http::Endpoint& endpoint() const { return endpoint_; }

 private:
  aws::http::Request sign(std::string_view service, aws::http::Request request) const {
    request.headers.add("Host", host_);
    request.headers.add("User-Agent", "call_load");
    request.headers.add("Content-Length", std::to_string(request.body.size()));
    aws::auth::sign(request, {.credentials = {"test", "test", ""},
                              .region = "us-east-1",
                              .service = std::string(service),
                              .now = clock_.now(),
                              .payload = aws::auth::SignedPayload::hashed});
    return request;
  }

  const aws::http::Endpoint endpoint_;
  const std::string host_;
  base::Clock& clock_;
};

std::string wire(const aws::http::Request& request) {
  std::string out = request.method + " " + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers.fields()) out.append(name).append(": ").append(value).append("\r\n");
  return out.append("\r\n").append(request.body);
}

// The text between two marks, or empty.
std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  const std::size_t from = begin + before.size();
  return std::string(text.substr(from, text.find(after, from) - from));
}

// Goes round a list of requests, or through it once.
class ListLoad final : public Load {
 public:
  ListLoad(std::vector<std::string> requests, bool once) : requests_(std::move(requests)), once_(once) {}
  std::optional<std::string_view> next(std::size_t /*connection*/) override {
    if (at_ == requests_.size()) {
      if (once_) return std::nullopt;
      at_ = 0;
    }
    return requests_[at_++];
  }

 private:
  const std::vector<std::string> requests_;
  const bool once_;
  std::size_t at_ = 0;
};

// Receives one message and deletes it, until a receive finds nothing.
class ReceiveDeleteLoad final : public Load {
 public:
  ReceiveDeleteLoad(const Requests& requests, std::string queue, std::size_t connections)
      : requests_(requests), queue_(std::move(queue)), deletes_(connections), drained_(connections) {
    receive_ = wire(requests_.json("sqs", "AmazonSQS.ReceiveMessage", R"({"QueueUrl":")" + queue_ + R"("})"));
  }
  std::optional<std::string_view> next(std::size_t connection) override {
    if (drained_[connection]) return std::nullopt;
    return deletes_[connection].empty() ? receive_ : deletes_[connection];
  }
  bool answered(std::size_t connection, int status, std::string_view body) override {
    if (status != 200) return false;
    if (!deletes_[connection].empty()) {
      deletes_[connection].clear();
      return true;
    }
    const std::string handle = between(body, R"("ReceiptHandle":")", "\"");
    drained_[connection] = handle.empty();
    if (!handle.empty()) {
      deletes_[connection] = wire(requests_.json(
          "sqs", "AmazonSQS.DeleteMessage", R"({"QueueUrl":")" + queue_ + R"(","ReceiptHandle":")" + handle + R"("})"));
    }
    return true;
  }

 private:
  const Requests& requests_;
  const std::string queue_;
  std::string receive_;
  std::vector<std::string> deletes_;  // by connection: what to send next, or empty
  std::vector<bool> drained_;
};

class Bench {
 public:
  Bench(Options options, const Requests& requests) : options_(std::move(options)), requests_(requests) {
    auto transport = os::HttpTransport::make();
    if (!transport.has_value()) give_up(transport.error());
    transport_ = std::move(*transport);
    auto server = os::HttpServer::start({});
    if (!server.has_value()) give_up(server.error());
    echo_server_ = std::move(*server);
    const auto port = echo_server_->listen("127.0.0.1", 0, echo_);
    if (!port.has_value()) give_up(port.error());
    echo_port_ = *port;
  }

  int run() {
    make_resources();
    const std::vector<std::string> send = {wire(send_message())};
    const auto echo = [&] { return measure("echo", echo_port_, *std::make_unique<ListLoad>(send, false)); };
    const double first_echo = echo();
    add("SendMessage", list(send));
    ReceiveDeleteLoad receive_delete(requests_, queue_, options_.connections);
    add("ReceiveMessage+DeleteMessage",
        measure("ReceiveMessage+DeleteMessage", requests_.endpoint().port, receive_delete));
    ListLoad puts(put_items(), /*once=*/true);
    add("PutItem", measure("PutItem", requests_.endpoint().port, puts));
    add("GetItem", list(get_items()));
    add("Publish", list({wire(publish())}));
    add("PutObject", list(put_objects()));
    // The machine may have been busier at one end of the run than at the other; the better echo is the one to beat.
    const double bare = std::max(first_echo, echo());
    print(bare);
    remove_resources();
    return failed_ ? 1 : 0;
  }

 private:
  struct Line {
    std::string name;
    double per_second;
  };

  std::string call(const aws::http::Request& request) {
    const auto answer = transport_->round_trip(requests_.endpoint(), request, std::chrono::seconds(10));
    if (!answer.has_value()) give_up(answer.error().message);
    if (answer->status / 100 != 2) give_up(fmt::format("{} {}", answer->status, answer->body));
    return answer->body;
  }

  aws::http::Request dynamodb(std::string_view operation, std::string body) const {
    return requests_.json("dynamodb", "DynamoDB_20120810." + std::string(operation), std::move(body));
  }

  void make_resources() {
    const std::string name(kName);
    queue_ = between(call(requests_.json("sqs", "AmazonSQS.CreateQueue", R"({"QueueName":")" + name + R"("})")),
                     R"("QueueUrl":")", "\"");
    topic_ =
        between(call(requests_.form("sns", "Action=CreateTopic&Version=2010-03-31&Name=" + name)), "<TopicArn>", "<");
    if (queue_.empty() || topic_.empty()) give_up("the queue or the topic was not made");
    call(requests_.put("/" + name, ""));
    call(dynamodb("CreateTable",
                  R"({"TableName":")" + name +
                      R"(","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"transaction_id",)"
                      R"("AttributeType":"S"}],"KeySchema":[{"AttributeName":"transaction_id","KeyType":"HASH"}]})"));
    // Every question takes a round trip; a table is made long before these many have passed.
    for (int left = 10'000; left > 0; --left) {
      const std::string table = call(dynamodb("DescribeTable", R"({"TableName":")" + name + R"("})"));
      if (table.find(R"("TableStatus":"ACTIVE")") != std::string::npos) return;
    }
    give_up("the table did not become active");
  }

  // Of an engine elsewhere; one of our own goes with its directory. The bucket and its objects stay.
  void remove_resources() {
    if (options_.endpoint.empty()) return;
    call(requests_.json("sqs", "AmazonSQS.DeleteQueue", R"({"QueueUrl":")" + queue_ + R"("})"));
    call(requests_.form("sns", "Action=DeleteTopic&Version=2010-03-31&TopicArn=" + topic_));
    call(dynamodb("DeleteTable", fmt::format(R"({{"TableName":"{}"}})", kName)));
  }

  aws::http::Request send_message() const {
    return requests_.json("sqs", "AmazonSQS.SendMessage",
                          R"({"QueueUrl":")" + queue_ +
                              R"(","MessageBody":"{\"transaction_id\":\"g1-100001\",\"amount\":12345.67,)"
                              R"(\"item\":\"espresso machine\"}"})");
  }
  aws::http::Request publish() const {
    return requests_.form("sns", "Action=Publish&Version=2010-03-31&TopicArn=" + topic_ +
                                     "&Subject=Large%20order&Message=%7B%22event_id%22%3A%22g1-100001%22%7D");
  }
  std::vector<std::string> put_items() const {
    std::vector<std::string> out;
    const auto count = static_cast<std::size_t>(options_.seconds * kPutItemsPerSecondMax);
    for (std::size_t i = 0; i < count; ++i) {
      std::string body = fmt::format(
          R"({{"TableName":"{}","Item":{{"transaction_id":{{"S":"{}"}},"amount":{{"N":"12345.67"}},"item":)"
          R"({{"S":"espresso machine"}},"source":{{"S":"u-0123456789abcdef0123#{}"}}}},"ConditionExpression":)",
          kName, i, i);
      body += R"j("attribute_not_exists(transaction_id)"})j";
      out.push_back(wire(dynamodb("PutItem", std::move(body))));
    }
    return out;
  }
  std::vector<std::string> get_items() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < kKeys; ++i) {
      out.push_back(wire(dynamodb(
          "GetItem", fmt::format(R"({{"TableName":"{}","Key":{{"transaction_id":{{"S":"{}"}}}}}})", kName, i))));
    }
    return out;
  }
  std::vector<std::string> put_objects() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < kKeys; ++i)
      out.push_back(wire(requests_.put(fmt::format("/{}/object-{}", kName, i), std::string(1024, 'o'))));
    return out;
  }

  double measure(std::string_view name, uint16_t port, Load& load) {
    const auto duration = std::chrono::milliseconds(static_cast<int64_t>(options_.seconds * 1000));
    const LoadResult result = run_load(port, options_.connections, duration, load);
    if (!result.failure.empty()) {
      fmt::print(stderr, "call_load: {}: {}\n", name, result.failure);
      failed_ = true;
    }
    return result.per_second();
  }
  double list(std::vector<std::string> requests) {
    ListLoad load(std::move(requests), /*once=*/false);
    return measure("call", requests_.endpoint().port, load);
  }
  void add(std::string name, double per_second) { lines_.push_back({std::move(name), per_second}); }

  void print(double echo) const {
    fmt::print("{{\"connections\":{},\"seconds\":{},\"echo\":{:.0f}", options_.connections, options_.seconds, echo);
    for (const Line& line : lines_) {
      fmt::print(",\"{}\":{{\"calls_per_second\":{:.0f},\"of_echo\":{:.3f}}}", line.name, line.per_second,
                 line.per_second / echo);
    }
    fmt::print("}}\n");
  }

  const Options options_;
  const Requests& requests_;
  EchoHandler echo_;
  std::unique_ptr<os::HttpServer> echo_server_;
  std::unique_ptr<os::HttpTransport> transport_;
  uint16_t echo_port_ = 0;
  std::string queue_, topic_;
  std::vector<Line> lines_;
  bool failed_ = false;
};

int run(const Options& options) {
  os::SystemEnv system;
  std::string url = options.endpoint;
  std::unique_ptr<cli::LocalEngine> engine;
  const std::filesystem::path scratch =
      options.directory + "/call-load-" + base::random_string(system.env().random, 8, "0123456789abcdef");
  if (url.empty()) {
    auto opened = cli::LocalEngine::open({.data_directory = scratch.string(), .in_memory = options.in_memory});
    if (!opened.has_value()) give_up(opened.error().message);
    engine = std::move(*opened);
    url = engine->endpoint_url();
  }
  const auto endpoint = aws::http::parse_endpoint(url);
  if (!endpoint.has_value() || endpoint->tls || endpoint->host != "127.0.0.1")
    give_up("--endpoint: expected http://127.0.0.1:<port>");
  const Requests requests(*endpoint, system.env().clock);
  const int code = Bench(options, requests).run();
  engine.reset();
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  return code;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Calls per second of the engine over HTTP, beside a bare echo through the same server.", "call_load");
  bench::Options options;
  app.add_option("--endpoint", options.endpoint, "A running engine, http://127.0.0.1:<port> (one in this process)");
  app.add_option("--data", options.directory, "Where the engine in this process makes its directory (.)");
  app.add_option("--connections", options.connections, "Connections at the same time (16)")->check(CLI::Range(1, 512));
  app.add_option("--seconds", options.seconds, "How long each call is measured (2)")->check(CLI::Range(0.1, 60.0));
  app.add_flag("--memory", options.in_memory, "Without a disk");
  CLI11_PARSE(app, argc, argv);
  return bench::run(options);
}
