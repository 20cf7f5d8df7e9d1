// The chain of ways to credentials, in the AWS CLI's order. Used at the start of a command, from one thread. Source:
// botocore 1.43, credentials.py (create_credential_resolver), and AWS SDKs and Tools Reference Guide, "Standardized
// credential providers".
#pragma once

#include <memory>
#include <string>

#include "aws/client/credentials.h"

namespace aws::client {

struct CredentialChain {
  std::string profile = "default";
  bool passes_over_environment = false;  // --profile names the profile, which wins over variables
  bool asks_machine = true;              // the container's agent and the instance's metadata, too
};

// The first of these that has any: the environment; the profile's role, web identity, SSO, keys, or program; the
// container; the instance. Nothing is asked yet but what stands in files; `from` outlives the provider. nullptr: nobody
// has any. The error, for people, says what is wrong with a way that the user has begun to go.
base::Result<std::shared_ptr<CredentialProvider>> find_credentials(const Surroundings& from,
                                                                   const CredentialChain& chain);

}  // namespace aws::client
