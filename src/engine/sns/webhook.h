// Webhook: an http(s) endpoint of a subscription, and the requests that SNS makes of it. Plain values; pure functions.
// Layouts: SNS Developer Guide, "Parsing Amazon SNS message formats"; protocols.md 4.2 items 12, 15 and 16.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/http/message.h"
#include "base/result.h"
#include "engine/sns/records.h"
#include "engine/sns/signer.h"

namespace engine::sns {

struct Webhook {
  aws::http::Endpoint endpoint;
  std::string target;                           // path and query
  std::optional<std::string> credentials = {};  // "user:password" of the URL, decoded
};

// Takes an endpoint of a subscription apart. Fails with InvalidParameter unless it is a URL of that scheme, without a
// fragment.
base::Result<Webhook> parse_webhook(std::string_view protocol, std::string_view url);

// The POST for a notification or a confirmation request, ready for a Transport.
aws::http::Request webhook_request(const Webhook& webhook, const DeliveryRecord& delivery,
                                   const SubscriptionRecord& subscription, const std::string& content_type,
                                   const Signer& signer);

// The value of Authorization with which to send it again that was answered so: 401 with a challenge by Basic, which
// names a realm, to a URL with a user (SNS Developer Guide, "Fanout Amazon SNS notifications to HTTPS endpoints"). AWS
// sends nothing of a user before it is asked. Empty: the answer stands.
std::string webhook_authorization(const Webhook& webhook, const aws::http::Response& answer);

// What an answer with this status means: taken, not now, or never (429 is "not now"; redirects are not followed).
enum class WebhookVerdict { done, failed, refused };
WebhookVerdict webhook_verdict(int status);

}  // namespace engine::sns
