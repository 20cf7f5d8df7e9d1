// SharedFiles: the sections of the files `config` and `credentials` that the AWS CLI and the SDKs share. A value; its
// texts are the caller's business. Source: AWS SDKs and Tools Reference Guide, "Using shared config and credentials
// files to globally configure AWS SDKs and tools".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace aws::client {

class SharedFiles {
 public:
  // By key, in small letters; a nested one ("s3 =" and indented lines below it) as "s3.endpoint_url".
  using Section = std::map<std::string, std::string, std::less<>>;

  // Keys and sections that nobody knows are passed over. A line that is none of the format is a fault, as for the AWS
  // CLI, and so is a section or a key that stands twice in a file: which of them counts nobody can tell. A byte order
  // mark says nothing.
  // Where both files have a key of a profile, that of `credentials` counts.
  static SharedFiles parse(std::string_view config, std::string_view credentials);

  struct Fault {
    bool is_in_credentials = false;  // else in `config`
    std::string text;                // for people, with the line
  };
  // The first of both files; nullopt: they are sound.
  [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }

  // nullptr: neither file has it.
  [[nodiscard]] const Section* profile(std::string_view name) const { return find(profiles_, name); }
  // The same of `credentials` alone.
  [[nodiscard]] const Section* in_credentials(std::string_view name) const { return find(credentials_, name); }
  // The sections [sso-session NAME] and [services NAME] of `config`.
  [[nodiscard]] const Section* sso_session(std::string_view name) const { return find(sso_sessions_, name); }
  [[nodiscard]] const Section* services(std::string_view name) const { return find(services_, name); }

 private:
  using Sections = std::map<std::string, Section, std::less<>>;
  enum class Kind { config, credentials };
  class Reader;
  void read(std::string_view text, Kind kind);
  Section* section_of(std::string_view heading, Kind kind);
  static const Section* find(const Sections& sections, std::string_view name);

  Sections profiles_;     // of both files
  Sections credentials_;  // of `credentials`
  Sections sso_sessions_;
  Sections services_;
  std::optional<Fault> fault_;
};

// The value of a key; empty if the section is null or has it not.
std::string value_of(const SharedFiles::Section* section, std::string_view key);

}  // namespace aws::client
