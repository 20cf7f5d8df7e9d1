// not_yet: what AWS refuses now and grants in a while: a role that Lambda does not know yet, a table between two
// states, a rate that is used up. The one place that knows which answers to which operations mean that, by AWS's codes
// and texts. A function without state.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace pipeline {

struct NotYet {
  std::string_view reason;  // for people, after the name of a resource: "Lambda cannot assume its role yet"
  base::Duration patience;  // how long after the first refusal it may go on, by what AWS documents
};

// nullopt: waiting does not help. `service` is the service's id ("lambda"). REQUIRES: what the operation is about was
// made or seen before, unless the operation reads or removes: of those "not found" is an answer, of all others it is a
// service that has not heard of it yet.
std::optional<NotYet> not_yet(std::string_view service, std::string_view operation, const base::AwsError& error);

// CreateFunction's refusal of a role that is new. not_yet() leaves it to who has the function's code, since that would
// be sent along with every try.
std::optional<NotYet> role_not_yet(const base::AwsError& error);

}  // namespace pipeline
