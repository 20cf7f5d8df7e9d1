#include "cli/written_endpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <filesystem>
#include <fstream>

#include "aws/http/message.h"
#include "os/data_directory.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

std::string endpoint_file(const std::string& data_directory) {
  return data_directory + "/endpoint";
}

os::FileDescriptor open_endpoint(const std::string& data_directory) {
  return os::FileDescriptor(::open(endpoint_file(data_directory).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

WrittenEndpoint read_endpoint(const std::string& data_directory) {
  std::ifstream file(endpoint_file(data_directory));
  WrittenEndpoint out;
  std::getline(file, out.url);
  std::getline(file, out.instance);
  RootCredentials root;
  if (std::getline(file, root.access_key_id) && std::getline(file, root.secret_access_key)) out.root = std::move(root);
  std::string use;
  out.serves = !std::getline(file, use);
  out.works = use != "looks";
  return out;
}

bool answers(aws::http::Transport& transport, const WrittenEndpoint& written) {
  const auto endpoint = aws::http::parse_endpoint(written.url);
  if (!endpoint.has_value() || written.instance.empty()) return false;
  const auto health = transport.round_trip(*endpoint, {"GET", "/_till/health", {}, {}}, std::chrono::seconds(2));
  return health.has_value() && health->body.contains("\"instance\":\"" + written.instance + "\"");
}

bool may_write_endpoint(const std::string& data_directory) {
  std::error_code error;
  const fs::file_status found = fs::symlink_status(endpoint_file(data_directory), error);
  if (found.type() == fs::file_type::not_found) return true;
  if (found.type() != fs::file_type::regular) return false;
  const bool torn = fs::file_size(endpoint_file(data_directory), error) == 0 && !error;
  return torn || read_endpoint(data_directory).url.starts_with("http://");
}

EndpointOffer::EndpointOffer(std::string data_directory, const WrittenEndpoint& endpoint)
    : directory_(std::move(data_directory)), instance_(endpoint.instance) {
  os::replace_file(endpoint_file(directory_), fmt::format("{}\n{}\n{}\n{}\n{}", endpoint.url, endpoint.instance,
                                                          endpoint.root.access_key_id, endpoint.root.secret_access_key,
                                                          !endpoint.works   ? "looks\n"
                                                          : endpoint.serves ? ""
                                                                            : "works\n"));
  file_ = open_endpoint(directory_);
}

void EndpointOffer::withdraw() {
  std::error_code ignored;
  if (!instance_.empty() && read_endpoint(directory_).instance == instance_)
    fs::remove(endpoint_file(directory_), ignored);
}

// Who has opened the file and holds it not yet will not get it any more.
bool EndpointOffer::is_unused() const {
  return !file_.valid() || ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

EngineVisit EngineVisit::begin(const std::string& data_directory) {
  EngineVisit out;
  out.file_ = open_endpoint(data_directory);
  if (out.file_.valid() && ::flock(out.file_.get(), LOCK_SH | LOCK_NB) == 0)
    out.engine_ = read_endpoint(data_directory);
  return out;
}

}  // namespace cli
