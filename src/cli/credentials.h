// Whose keys a command signs with: those of the environment, or of a profile of the AWS CLI's shared files. Used at the
// start of a command, from one thread.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "aws/auth/sigv4.h"
#include "aws/client/shared_files.h"
#include "cli/definition_file.h"
#include "cli/session.h"

namespace cli {

// A profile, and who named it.
struct NamedProfile {
  std::string name = {};
  std::string origin = {};  // as of a Setting (settings.h); empty: nobody has named one, it is `default`
  bool means_aws = false;   // --profile or the definition names it, so it is for what the command works on
  aws::client::SharedFiles::Profile values = {};
  bool is_there = false;

  [[nodiscard]] std::string value(std::string_view key) const;
};

// AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/config and ~/.aws/credentials.
NamedProfile find_profile(const GlobalOptions& options, const std::optional<DefinitionFile>& file);

// For an endpoint that the user named, or "aws". Those of a profile named by --profile; else of the environment; else
// of the profile. nullopt: nobody has said any. The error, for people, names a profile that is not there or has its
// credentials in a way that is not read.
std::expected<std::optional<aws::auth::Credentials>, std::string> find_credentials(const GlobalOptions& options,
                                                                                   const NamedProfile& profile);

}  // namespace cli
