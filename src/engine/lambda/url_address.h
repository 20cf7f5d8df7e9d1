// How function URLs are written and recognised. AWS has https://<url-id>.lambda-url.<region>.on.aws/; here the engine's
// own port serves them, by two names: <url-id>.lambda-url.<region>.<any host of the engine>, and, because not every
// machine resolves names below localhost, a path: /_till/url/<url-id>/. Pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "aws/http/message.h"

namespace engine::lambda {

constexpr std::size_t kUrlIdLength = 32;

// The one with the path, which works wherever `endpoint` (scheme://host:port) does.
std::string function_url(std::string_view endpoint, std::string_view url_id);

// What a request for a function URL addresses; views of the request.
struct UrlTarget {
  std::string_view url_id;    // as long as ids are; nobody may have it
  std::string_view region;    // empty: by the path, which names none
  std::string_view raw_path;  // the function's part of it, as sent; begins with "/", or is empty
};
// nullopt: the request is for none. Quick.
std::optional<UrlTarget> url_target(const aws::http::Request& request);

}  // namespace engine::lambda
