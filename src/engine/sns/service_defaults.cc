// SnsService: reads of what this engine has none of (telephones, platform applications, data protection), answered as
// AWS answers them for an account that has none either, because infrastructure tools ask on every refresh.
#include <algorithm>

#include "aws/sns/errors.h"
#include "engine/sns/message_checks.h"
#include "engine/sns/service.h"

namespace engine::sns {

using namespace aws::sns;

namespace {

constexpr std::size_t kPhoneDigitsMax = 15;  // E.164

// Nothing is listed, so no page had a token.
base::Result<void> check_token(const std::optional<std::string>& token) {
  return token.value_or("").empty() ? base::Result<void>() : base::Result<void>(invalid_parameter("NextToken"));
}

bool is_phone_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.size() <= kPhoneDigitsMax &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

base::Result<CheckIfPhoneNumberIsOptedOutResponse> SnsService::check_if_phone_number_is_opted_out(
    aws::Context&, CheckIfPhoneNumberIsOptedOutInput in) {
  const std::string number = in.phone_number.value_or("");
  if (!is_phone_number(number)) {
    return invalid_parameter("PhoneNumber Reason: " + number + " is not valid to check");
  }
  return CheckIfPhoneNumberIsOptedOutResponse{false};
}

base::Result<GetDataProtectionPolicyResponse> SnsService::get_data_protection_policy(aws::Context& context,
                                                                                     GetDataProtectionPolicyInput in) {
  const std::lock_guard lock(mutex_);
  TRY(find_topic(context, in.resource_arn, "ResourceArn", "sns:GetDataProtectionPolicy"));
  return GetDataProtectionPolicyResponse{""};
}

base::Result<GetEndpointAttributesResponse> SnsService::get_endpoint_attributes(aws::Context&,
                                                                                GetEndpointAttributesInput) {
  return base::fail(errors::not_found_exception("Endpoint does not exist"));
}

base::Result<GetPlatformApplicationAttributesResponse> SnsService::get_platform_application_attributes(
    aws::Context&, GetPlatformApplicationAttributesInput) {
  return base::fail(errors::not_found_exception("PlatformApplication does not exist"));
}

base::Result<ListEndpointsByPlatformApplicationResponse> SnsService::list_endpoints_by_platform_application(
    aws::Context&, ListEndpointsByPlatformApplicationInput) {
  return base::fail(errors::not_found_exception("PlatformApplication does not exist"));
}

base::Result<GetSMSAttributesResponse> SnsService::get_sms_attributes(aws::Context&, GetSMSAttributesInput in) {
  // The one setting that an account has which never set any, in US dollars.
  constexpr std::string_view kSpendLimit = "MonthlySpendLimit";
  GetSMSAttributesResponse out;
  auto& attributes = out.attributes.emplace();
  const auto names = in.attributes.value_or(std::vector<std::string>());
  if (names.empty() || std::ranges::count(names, kSpendLimit) != 0)
    attributes[kSpendLimit] = std::string(1, '1');  // not "1": GCC bug 105329
  return out;
}

base::Result<GetSMSSandboxAccountStatusResult> SnsService::get_sms_sandbox_account_status(
    aws::Context&, GetSMSSandboxAccountStatusInput) {
  return GetSMSSandboxAccountStatusResult{true};  // as every account that has not asked to leave it
}

base::Result<ListOriginationNumbersResult> SnsService::list_origination_numbers(aws::Context&,
                                                                                ListOriginationNumbersRequest in) {
  TRY(check_token(in.next_token));
  ListOriginationNumbersResult out;
  out.phone_numbers.emplace();
  return out;
}

base::Result<ListPhoneNumbersOptedOutResponse> SnsService::list_phone_numbers_opted_out(aws::Context&,
                                                                                        ListPhoneNumbersOptedOutInput) {
  ListPhoneNumbersOptedOutResponse out;
  out.phone_numbers.emplace();
  return out;
}

base::Result<ListPlatformApplicationsResponse> SnsService::list_platform_applications(
    aws::Context&, ListPlatformApplicationsInput in) {
  TRY(check_token(in.next_token));
  ListPlatformApplicationsResponse out;
  out.platform_applications.emplace();
  return out;
}

base::Result<ListSMSSandboxPhoneNumbersResult> SnsService::list_sms_sandbox_phone_numbers(
    aws::Context&, ListSMSSandboxPhoneNumbersInput in) {
  TRY(check_token(in.next_token));
  ListSMSSandboxPhoneNumbersResult out;
  out.phone_numbers.emplace();
  return out;
}

}  // namespace engine::sns
