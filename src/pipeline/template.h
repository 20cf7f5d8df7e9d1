// Templates: a stack written down for the tools that teams deploy with (CloudFormation, SAM, Terraform), from the same
// list of resources that `till plan` compares and `till up` makes (stack.h), so that `till` works on what they have
// made. A kind of resource that is not translated does not compile. Pure functions; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/stack.h"

namespace pipeline {

// These stand for the account and the region of a stack that is written down: whoever deploys it has both. They are of
// Unicode's private use area, so that no text of a user's has them.
inline constexpr std::string_view kAnyAccount = "\uE000account\uE000";
inline constexpr std::string_view kAnyRegion = "\uE000region\uE000";

enum class TemplateLanguage { yaml, json };

// What a template has a parameter for, because nobody shall read it there: the secret of the intake, and each URL of a
// webhook with a user or a password. `name` is in small letters and digits with "-" between its words.
struct TemplateSecret {
  std::string name;
  std::string what;  // for people
};
std::vector<TemplateSecret> template_secrets(const Stack& stack);
// What its parameter is called: "IntakeSecret" for CloudFormation and SAM, "intake_secret" for Terraform.
std::string cloudformation_name(const TemplateSecret& secret);
std::string terraform_name(const TemplateSecret& secret);

// The templates. REQUIRES: the stack's account and region are kAnyAccount and kAnyRegion. The same stack gives the same
// text. No secret is in it: each has a parameter. The packages of the functions are files beside it
// (template_packages).
std::string cloudformation_template(const Stack& stack, TemplateLanguage language);
std::string sam_template(const Stack& stack, TemplateLanguage language);
// In Terraform's JSON syntax.
std::string terraform_template(const Stack& stack);

// A deployment package, by the file name that templates know it by, which begins with the name of who it is for and has
// its hash, so that a changed one has another name.
struct TemplatePackage {
  std::string file;
  std::string_view bytes;  // of the stack's options
};
std::vector<TemplatePackage> template_packages(const Stack& stack);

// What whoever runs `till plan`, `up`, `run`, `ingest`, `status` and `down` on AWS may do, and nothing else, as a
// policy document for IAM: on the resources of stacks of this name, in any account and region that it is attached in.
std::string deployer_policy(std::string_view stack_name);

}  // namespace pipeline
