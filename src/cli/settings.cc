#include "cli/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "aws/client/client_settings.h"
#include "aws/http/shown_url.h"
#include "cli/output.h"
#include "os/environment.h"

namespace cli {
namespace {

constexpr std::string_view kDefault = "default";

// The first of the flag, the variables and the file that says something, else the default.
Setting first_of(const GlobalOptions& options, std::string_view flag, const std::string& given,
                 std::initializer_list<const char*> variables, const std::optional<DefinitionFile>& file,
                 std::string_view key, const std::optional<std::string>& of_file, std::string_view otherwise) {
  if (!given.empty()) return {given, fmt::format("flag {}", flag)};
  for (const char* name : variables) {
    auto value = options.ignore_environment ? std::nullopt : os::environment(name);
    if (value.has_value() && !value->empty()) return {std::move(*value), fmt::format("environment {}", name)};
  }
  if (file.has_value() && of_file.has_value()) return {*of_file, file->origin_of(key)};
  return {std::string(otherwise), std::string(kDefault)};
}

std::string list_json(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ",") + json_text(value);
  return "[" + out + "]";
}

// JSON with what its URLs say of users and passwords taken out.
std::string without_users(std::string_view json) {
  std::string out;
  while (!json.empty()) {
    const std::size_t end = std::min(json.find('"'), json.size() - 1) + 1;
    const std::string_view piece = json.substr(0, end - 1);
    out += piece.starts_with("http") && piece.contains("://") ? aws::http::without_user(piece) : std::string(piece);
    out += json[end - 1];
    json.remove_prefix(end);
  }
  return out;
}

Setting data_directory(const GlobalOptions& options) {
  const std::string json = json_text(options.data_directory);
  if (options.data_directory_is_given) return {json, "flag --data"};
  const auto set = os::environment("TILL_DATA");
  return {json, set.has_value() && !set->empty() ? "environment TILL_DATA" : std::string(kDefault)};
}

Setting definition_file(const GlobalOptions& options, const std::optional<DefinitionFile>& file) {
  const auto set = os::environment("TILL_FILE");
  std::string origin(kDefault);
  if (set.has_value() && !set->empty()) origin = "environment TILL_FILE";
  if (!options.file.empty()) origin = "flag --file";
  return {file.has_value() ? json_text(file->path) : "", std::move(origin)};
}

}  // namespace

Places find_places(const GlobalOptions& options, const std::optional<DefinitionFile>& file) {
  const pipeline::StackSettings stack = file.has_value() ? file->definition.stack : pipeline::StackSettings();
  const aws::client::ClientSettings client{.variable = [&](const std::string& name) {
    return options.ignore_environment ? std::string() : os::environment(name).value_or("");
  }};
  Places places{.endpoint = {},
                .region = first_of(options, "--region", options.region, {"AWS_REGION", "AWS_DEFAULT_REGION"}, file,
                                   "stack.region", stack.region, ""),
                .stack = first_of(options, "--stack", options.stack, {}, file, "stack.name", stack.name, "tillstream"),
                .profile = find_profile(options, file)};
  const NamedProfile& profile = places.profile;
  aws::client::ClientSettings of_profile = client;
  of_profile.profile = profile.means_aws ? profile.files.profile(profile.name) : nullptr;
  const bool ignores = of_profile.ignores_endpoints();
  const std::initializer_list<const char*> url = {"AWS_ENDPOINT_URL"};
  places.endpoint =
      first_of(options, "--endpoint", options.endpoint, ignores ? std::initializer_list<const char*>{} : url, file,
               "stack.endpoint", stack.endpoint, "");
  if (places.endpoint.value.empty() && profile.means_aws) {
    const std::string configured = ignores ? "" : profile.value("endpoint_url");
    places.endpoint = {configured.empty() ? "aws" : configured, "profile " + profile.name};
  }
  // A region in the AWS CLI's default profile says nothing of an engine on this machine.
  const bool asks_profile = places.endpoint.value == "aws" || profile.means_aws;
  if (places.region.value.empty() && asks_profile && !profile.value("region").empty())
    places.region = {profile.value("region"), "profile " + profile.name};
  if (places.region.value.empty() && places.endpoint.value != "aws")
    places.region = {"us-east-1", std::string(kDefault)};
  return places;
}

std::vector<NamedSetting> all_settings(const GlobalOptions& options, const UpOptions& up,
                                       const std::optional<DefinitionFile>& file) {
  std::vector<NamedSetting> out{{"file", definition_file(options, file)}, {"data", data_directory(options)}};
  Setting threshold{"", "default: as the stack has it, 50000 for a new one"};
  if (!up.threshold.empty()) threshold = {up.threshold, "flag --threshold"};
  const bool has_rules = file.has_value() && !file->definition.rules.empty();
  if (!has_rules) out.push_back({"threshold", std::move(threshold)});
  const Places places = find_places(options, file);
  const auto shown = [](const std::string& place) {
    return place.empty() ? "" : json_text(aws::http::without_user(place));
  };
  const auto entries = file.has_value() ? file->entries : entries_without_file();
  for (const pipeline::DefinitionEntry& entry : entries) {
    Setting setting{entry.json, entry.line == 0 ? std::string(kDefault) : file->origin_of(entry.key)};
    for (const auto& [key, place] : {std::pair("stack.name", &places.stack), std::pair("stack.region", &places.region),
                                     std::pair("stack.endpoint", &places.endpoint)})
      if (entry.key == key) setting = {shown(place->value), place->origin};
    if (entry.key == "stack.profile" && !places.profile.origin.empty())
      setting = {json_text(places.profile.name), places.profile.origin};
    if (entry.key == "notifications.emails" && !up.emails.empty()) setting = {list_json(up.emails), "flag --email"};
    if (entry.key == "notifications.webhooks" && !up.webhooks.empty())
      setting = {list_json(up.webhooks), "flag --webhook"};
    setting.value = without_users(setting.value);
    out.push_back({entry.key, std::move(setting)});
  }
  return out;
}

}  // namespace cli
