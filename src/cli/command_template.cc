// till export.
#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "os/new_file.h"
#include "pipeline/template.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using pipeline::TemplateLanguage;

struct File {
  std::string name;
  std::string_view bytes;
};

constexpr std::string_view kPolicy = "deployer-policy";

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

// What there is to do with the directory, line by line.
std::vector<std::string> next_steps(std::string_view kind, const std::string& output, std::string_view file,
                                    const pipeline::Stack& stack) {
  const std::string directory = shell_word(output);
  const std::string& name = stack.options().name;
  const bool has_secret =
      stack.options().intake.has_value() && stack.options().intake->verify != pipeline::IntakeSettings::Verify::nobody;
  const std::string secret = has_secret ? " IntakeSecret=SECRET" : "";
  if (kind == kPolicy)
    return {fmt::format("aws iam create-policy --policy-name {}-deployer --policy-document file://{}/{}", name,
                        directory, file)};
  if (kind == "terraform")
    return {fmt::format("terraform -chdir={} init", directory),
            fmt::format("terraform -chdir={} apply{}", directory, has_secret ? " -var intake_secret=SECRET" : "")};
  if (kind == "sam")
    return {
        fmt::format("sam deploy --template-file {}/{} --stack-name {} --resolve-s3 --capabilities "
                    "CAPABILITY_NAMED_IAM{}",
                    directory, file, cloudformation_name(name), has_secret ? " --parameter-overrides" + secret : "")};
  return {fmt::format("aws s3 cp {} s3://BUCKET/ --recursive --exclude \"*\" --include \"functions-*.zip\"", directory),
          fmt::format("aws cloudformation deploy --template-file {}/{} --stack-name {} --capabilities "
                      "CAPABILITY_NAMED_IAM --parameter-overrides CodeBucket=BUCKET{}",
                      directory, file, cloudformation_name(name), secret)};
}

// Nothing of theirs is written over; the first fault for people, or empty.
std::string write_files(const std::string& directory, const std::vector<File>& files) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fmt::format("cannot create {}: {}", directory, error.message());
  std::vector<os::NewFile> made;
  for (const File& file : files) {
    auto opened = os::NewFile::make((fs::path(directory) / file.name).string());
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
  const std::string_view file = file_of(options.kind, language);
  if (options.directory.empty()) {
    print_text(text);
    if (options.kind != kPolicy)
      print_error("the packages of the functions, which the template names, are written beside it by --output DIR");
    return kOk;
  }
  std::vector<File> files;
  if (options.kind != kPolicy)
    for (const auto& package : pipeline::template_packages(stack)) files.push_back({package.file, package.bytes});
  files.push_back({std::string(file), text});
  if (const std::string fault = write_files(options.directory, files); !fault.empty()) {
    print_error("export: " + fault);
    return kFailed;
  }
  const auto steps = next_steps(options.kind, options.directory, file, stack);
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
