#include "cli/metrics_route.h"

#include "metrics/open_metrics.h"

namespace cli {
namespace {

bool is_signed(const aws::http::Request& request) {
  const std::string_view query = request.query();
  return request.headers.contains("Authorization") || query.find("X-Amz-") != std::string_view::npos ||
         query.find("AWSAccessKeyId=") != std::string_view::npos;
}

bool is_asked(const aws::http::Request& request) {
  if (request.method != "GET") return false;
  const std::string_view path = request.path();
  return path == "/_till/metrics" || (path == "/metrics" && !is_signed(request));
}

// IPv4 in IPv6 is shown as ::ffff:127.0.0.1.
bool is_this_machine(std::string_view peer) {
  if (peer.starts_with("::ffff:")) peer.remove_prefix(7);
  return peer.empty() || aws::http::is_loopback(peer);
}

}  // namespace

void MetricsRoute::handle(aws::http::Request request, aws::http::Responder respond) {
  if (!is_asked(request)) return next_.handle(std::move(request), std::move(respond));
  if (!for_all_ && !is_this_machine(request.peer)) {
    aws::http::Response refused;
    refused.status = 403;
    refused.headers.add("Content-Type", "text/plain");
    refused.body = "Metrics are for this machine alone; `till serve --open-metrics` gives them to others, too.\n";
    return respond(std::move(refused));
  }
  work_([this, respond = std::move(respond)] {
    aws::http::Response response;
    response.headers.add("Content-Type", std::string(metrics::Writer::kContentType));
    response.body = text_();
    respond(std::move(response));
  });
}

}  // namespace cli
