// Webhook: an http(s) endpoint of a subscription, and the requests that SNS makes of it. Plain values; pure functions.
// Layouts: SNS Developer Guide, "Parsing Amazon SNS message formats"; protocols.md 4.2 items 12, 15 and 16.
#pragma once

#include <string>
#include <string_view>

#include "aws/http/message.h"
#include "base/result.h"
#include "engine/sns/records.h"
#include "engine/sns/signer.h"

namespace engine::sns {

struct Webhook {
  aws::http::Endpoint endpoint;
  std::string target;  // path and query
};

// Takes an endpoint of a subscription apart. Fails with InvalidParameter unless it is a URL of that scheme, without a
// user, password or fragment (AWS takes the first two; they are refused by name).
base::Result<Webhook> parse_webhook(std::string_view protocol, std::string_view url);

// The POST for a notification or a confirmation request, ready for a Transport.
aws::http::Request webhook_request(const Webhook& webhook, const DeliveryRecord& delivery,
                                   const SubscriptionRecord& subscription, const std::string& content_type,
                                   const Signer& signer);

// What an answer with this status means: taken, not now, or never (429 is "not now"; redirects are not followed).
enum class WebhookVerdict { done, failed, refused };
WebhookVerdict webhook_verdict(int status);

}  // namespace engine::sns
