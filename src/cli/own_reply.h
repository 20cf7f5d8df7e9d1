// Answers of the routes below /_till/ that are the engine's own. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/http/message.h"

namespace cli {

aws::http::Response json_reply(int status, std::string body);
// {"message": ...}, for people.
aws::http::Response refusal_reply(int status, std::string_view message);

}  // namespace cli
