// The profile of the AWS CLI's shared files that a command works with. Used at the start of a command, from one thread.
#pragma once

#include <optional>
#include <string>

#include "aws/client/shared_files.h"
#include "cli/definition_file.h"
#include "cli/session.h"

namespace cli {

// A profile, and who named it.
struct NamedProfile {
  std::string name = {};
  std::string origin = {};  // as of a Setting (settings.h); empty: nobody has named one, it is `default`
  bool means_aws = false;   // --profile or the definition names it, so it is for what the command works on
  aws::client::SharedFiles files = {};
  std::string fault = {};  // of the files, for people; empty: they are sound

  [[nodiscard]] std::string value(std::string_view key) const;
  // What to say where no file has it, in the AWS CLI's words.
  [[nodiscard]] std::string not_found() const;
};

// AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/config and ~/.aws/credentials.
NamedProfile find_profile(const GlobalOptions& options, const std::optional<DefinitionFile>& file);

}  // namespace cli
