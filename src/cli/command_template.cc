// till export.
#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "os/new_file.h"
#include "pipeline/notification_rule.h"
#include "pipeline/stack_kinds.h"
#include "pipeline/template.h"
#include "pipeline/template_parts.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using pipeline::TemplateLanguage;

struct File {
  std::string name;
  std::string_view bytes;
  bool is_secret = false;  // or will be, when people have filled it in
};

constexpr std::string_view kPolicy = "deployer-policy";
constexpr std::string_view kParameters = "parameters.json";

// CloudFormation's quotas of a template's size: in a call, and in a bucket.
constexpr std::size_t kResourcesMax = 500;  // CloudFormation User Guide, "Understand CloudFormation quotas"
constexpr std::size_t kTemplateInCallMax = 51'200;
constexpr std::size_t kTemplateMax = 1 << 20;

bool is_cloudformation(std::string_view kind) {
  return kind == "cloudformation" || kind == "sam";
}
bool has_secret(const pipeline::Stack& stack) {
  return !pipeline::template_secrets(stack).empty();
}

// A list of KEY=VALUE is the one form that both versions of the AWS CLI read from a file. The template takes no empty
// secret, so that one which nobody has filled in is refused.
std::string parameters_text(const pipeline::Stack& stack) {
  std::string text = "[\"CodeBucket=BUCKET\"";
  for (const pipeline::TemplateSecret& secret : pipeline::template_secrets(stack))
    text += fmt::format(", \"{}=\"", pipeline::cloudformation_name(secret));
  return text + "]\n";
}

// A text of the definition that CloudFormation would put another in the place of, whatever function it is in: the words
// for people that say where it is, or empty.
std::string dynamic_reference(const pipeline::Stack& stack) {
  constexpr std::string_view kReference = "{{resolve:";
  for (const auto& resource : stack.resources()) {
    const pipeline::ResourceSpec spec = resource->spec();
    if (const auto* function = std::get_if<pipeline::FunctionSpec>(&spec.of))
      for (const auto& [name, value] : function->environment)
        if (value.find(kReference) != std::string::npos)
          return fmt::format("the environment of {} has {} with {}", function->name, name, kReference);
    if (const auto* subscription = std::get_if<pipeline::SubscriptionSpec>(&spec.of))
      if (subscription->endpoint.find(kReference) != std::string::npos)
        return fmt::format("{} has the subscriber {}", subscription->topic,
                           pipeline::shown_address(subscription->endpoint));
  }
  return "";
}

std::size_t resources_of(const pipeline::Stack& stack) {
  const std::string text = pipeline::cloudformation_template(stack, pipeline::TemplateLanguage::json);
  return pipeline::parse_template_json(text).value("Resources", pipeline::TemplateJson::object()).size();
}

// Why nobody can deploy it, for people, or empty.
std::string obstacle(std::string_view kind, const pipeline::Stack& stack, std::string_view text) {
  if (!is_cloudformation(kind)) return "";
  if (const std::string where = dynamic_reference(stack); !where.empty())
    return where + ", which CloudFormation does not leave as it is; `till up` and `till export terraform` do";
  if (const std::size_t count = resources_of(stack); count > kResourcesMax)
    return fmt::format(
        "the template would have {} resources, and CloudFormation takes {}: have fewer rules and addresses, or take "
        "`till up` or `till export terraform`",
        count, kResourcesMax);
  if (text.size() > kTemplateMax)
    return fmt::format(
        "the template would have {} bytes, and CloudFormation takes {}: have fewer or shorter tags, "
        "addresses and rules, or take `till up` or `till export terraform`",
        text.size(), kTemplateMax);
  return "";
}

std::string template_of(const pipeline::Stack& stack, std::string_view kind, TemplateLanguage language) {
  if (kind == "terraform") return pipeline::terraform_template(stack);
  if (kind == "sam") return pipeline::sam_template(stack, language);
  if (kind == kPolicy) return pipeline::deployer_policy(stack.options().name);
  return pipeline::cloudformation_template(stack, language);
}

std::string_view file_of(std::string_view kind, TemplateLanguage language) {
  if (kind == "terraform") return "main.tf.json";
  if (kind == kPolicy) return "deployer-policy.json";
  return language == TemplateLanguage::json ? "template.json" : "template.yaml";
}

// As one word of a shell.
std::string shell_word(const std::string& text) {
  const bool is_plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-") == std::string::npos;
  if (is_plain && !text.empty()) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// CloudFormation wants a letter first.
std::string cloudformation_name(const std::string& stack) {
  const bool has_letter = stack.front() >= 'a' && stack.front() <= 'z';
  return has_letter ? stack : "till-" + stack;
}

// What there is to do with the directory, line by line, for a shell. The secret stands on no command line, which others
// on the machine can read.
std::vector<std::string> next_steps(std::string_view kind, const std::string& output, const File& file,
                                    const pipeline::Stack& stack) {
  const std::string directory = shell_word(output);
  const std::string& name = stack.options().name;
  if (kind == kPolicy)
    return {fmt::format("aws iam create-policy --policy-name {}-deployer --policy-document file://{}/{}", name,
                        directory, file.name)};
  std::vector<std::string> steps;
  if (kind == "terraform") {
    steps.push_back(fmt::format("terraform -chdir={} init", directory));
    for (const pipeline::TemplateSecret& secret : pipeline::template_secrets(stack))
      steps.push_back(fmt::format("printf '{0}: '; IFS= read -rs TF_VAR_{0} && export TF_VAR_{0}",
                                  pipeline::terraform_name(secret)));
    steps.push_back(fmt::format("terraform -chdir={} apply", directory));
    return steps;
  }
  if (kind == "sam")  // which asks for the secret, without showing it
    return {fmt::format("sam deploy {} --template-file {}/{} --stack-name {} --capabilities CAPABILITY_NAMED_IAM",
                        has_secret(stack) ? "--guided" : "--resolve-s3", directory, file.name,
                        cloudformation_name(name))};
  if (has_secret(stack)) steps.push_back(fmt::format("\"${{EDITOR:-vi}}\" {}/{}", directory, kParameters));
  steps.push_back(
      fmt::format("aws s3 cp {} s3://BUCKET/ --recursive --exclude \"*\" --include \"functions-*.zip\"", directory));
  steps.push_back(fmt::format(
      "aws cloudformation deploy --template-file {}/{} --stack-name {}{} --capabilities CAPABILITY_NAMED_IAM "
      "--parameter-overrides {}",
      directory, file.name, cloudformation_name(name),
      file.bytes.size() > kTemplateInCallMax ? " --s3-bucket BUCKET" : "",
      has_secret(stack) ? fmt::format("file://{}/{}", directory, kParameters) : "CodeBucket=BUCKET"));
  return steps;
}

// Nothing of theirs is written over; the first fault for people, or empty.
std::string write_files(const std::string& directory, const std::vector<File>& files) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fmt::format("cannot create {}: {}", directory, error.message());
  std::vector<os::NewFile> made;
  for (const File& file : files) {
    auto opened = os::NewFile::make((fs::path(directory) / file.name).string(),
                                    file.is_secret ? os::NewFile::kForOwner : os::NewFile::kForAll);
    if (!opened.has_value()) return opened.error();
    if (const auto written = opened->write(file.bytes); !written.has_value()) return written.error();
    made.push_back(std::move(*opened));
  }
  for (os::NewFile& file : made)
    if (const auto done = file.commit(); !done.has_value()) return done.error();
  return "";
}

}  // namespace

int template_export(const GlobalOptions& global, const UpOptions& up, const TemplateOptions& options) {
  for (const auto& [flag, value] : {std::pair("--endpoint", &global.endpoint), std::pair("--region", &global.region),
                                    std::pair("--profile", &global.profile)}) {
    if (value->empty()) continue;
    print_error(fmt::format("export: {} is not for it: account and region are those that it is deployed in", flag));
    return kUsage;
  }
  const auto session = Session::without_engine(global);
  if (!session.has_value()) {
    print_error(session.error().message);
    return session.error().exit_code;
  }
  if (const int wrong = apply(up, **session); wrong != kOk) return wrong;
  const pipeline::Stack& stack = (*session)->stack();
  const TemplateLanguage language = global.json ? TemplateLanguage::json : TemplateLanguage::yaml;
  const std::string text = template_of(stack, options.kind, language);
  if (const std::string why = obstacle(options.kind, stack, text); !why.empty()) {
    print_error("export: " + why);
    return kFailed;
  }
  if (options.directory.empty()) {
    print_text(text);
    if (options.kind != kPolicy)
      print_error("the packages of the functions, which the template names, are written beside it by --output DIR");
    return kOk;
  }
  std::vector<File> files;
  const std::string parameters = parameters_text(stack);
  if (options.kind != kPolicy)
    for (const auto& package : pipeline::template_packages(stack)) files.push_back({package.file, package.bytes});
  if (options.kind == "cloudformation" && has_secret(stack))
    files.push_back({std::string(kParameters), parameters, /*is_secret=*/true});
  files.push_back({std::string(file_of(options.kind, language)), text});
  if (const std::string fault = write_files(options.directory, files); !fault.empty()) {
    print_error("export: " + fault);
    return kFailed;
  }
  const auto steps = next_steps(options.kind, options.directory, files.back(), stack);
  std::string names;
  std::string commands;
  for (const File& each : files) names += (names.empty() ? "" : ",") + json_text(each.name);
  for (const std::string& step : steps) commands += (commands.empty() ? "" : ",") + json_text(step);
  if (global.json) {
    print_line(fmt::format("{{\"directory\":{},\"files\":[{}],\"deploy\":[{}]}}", json_text(options.directory), names,
                           commands));
    return kOk;
  }
  for (const File& each : files) print_line(fmt::format("{}: {} bytes", each.name, each.bytes.size()));
  print_line("To deploy:");
  for (const std::string& step : steps) print_line("  " + step);
  return kOk;
}

}  // namespace cli
