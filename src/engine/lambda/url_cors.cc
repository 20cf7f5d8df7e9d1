#include "engine/lambda/url_cors.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace engine::lambda {
namespace {

using aws::http::Headers;
using aws::http::Request;
using aws::http::Response;
using aws::lambda::Cors;
using Strings = std::optional<std::vector<std::string>>;

bool has(const Strings& list, std::string_view item) {
  return list && std::ranges::any_of(*list, [item](const std::string& each) { return each == item; });
}

std::string joined(const Strings& list) {
  std::string out;
  for (const std::string& item : list.value_or(std::vector<std::string>())) out += (out.empty() ? "" : ",") + item;
  return out;
}

// A list that is not there adds no header.
void add_list(Headers& headers, const char* name, const Strings& list) {
  if (std::string value = joined(list); !value.empty()) headers.add(name, std::move(value));
}

// False if the page's origin is not allowed: then no header is added.
bool add_origin(const Cors& cors, const Request& request, Headers& headers) {
  const std::string_view origin = request.headers.get("Origin");
  const bool any = has(cors.allow_origins, "*");
  if (origin.empty() || (!any && !has(cors.allow_origins, origin))) return false;
  const bool with_credentials = cors.allow_credentials.value_or(false);
  // Browsers refuse "*" for requests with credentials.
  headers.add("Access-Control-Allow-Origin", any && !with_credentials ? "*" : std::string(origin));
  headers.add("Vary", "Origin");
  if (with_credentials) headers.add("Access-Control-Allow-Credentials", "true");
  return true;
}

}  // namespace

std::optional<Response> preflight(const std::optional<Cors>& cors, const Request& request) {
  const bool asks = request.method == "OPTIONS" && request.headers.contains("Origin") &&
                    request.headers.contains("Access-Control-Request-Method");
  if (!cors || !asks) return std::nullopt;
  Response out;
  if (!add_origin(*cors, request, out.headers)) return out;
  add_list(out.headers, "Access-Control-Allow-Methods", cors->allow_methods);
  add_list(out.headers, "Access-Control-Allow-Headers", cors->allow_headers);
  if (cors->max_age) out.headers.add("Access-Control-Max-Age", std::to_string(*cors->max_age));
  return out;
}

void add_cors_headers(const std::optional<Cors>& cors, const Request& request, Response& response) {
  if (!cors || !add_origin(*cors, request, response.headers)) return;
  add_list(response.headers, "Access-Control-Expose-Headers", cors->expose_headers);
}

}  // namespace engine::lambda
