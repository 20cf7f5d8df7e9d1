// SharedFiles: the profiles in the files `config` and `credentials` that the AWS CLI and the SDKs share. A value; its
// texts are the caller's business. Source: AWS SDKs and Tools Reference Guide, "Using shared config and credentials
// files to globally configure AWS SDKs and tools".
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace aws::client {

class SharedFiles {
 public:
  using Profile = std::map<std::string, std::string, std::less<>>;  // by key, in small letters

  // Lines that are none of the format are passed over, as the AWS CLI's SDKs do with keys that they do not know.
  // Where both files have a key of a profile, that of `credentials` counts. Nested settings (`s3 =`) are left out.
  static SharedFiles parse(std::string_view config, std::string_view credentials);

  // nullptr: neither file has it.
  [[nodiscard]] const Profile* find(std::string_view name) const;

 private:
  enum class Kind { config, credentials };
  void read(std::string_view text, Kind kind);
  std::map<std::string, Profile, std::less<>> profiles_;
};

}  // namespace aws::client
