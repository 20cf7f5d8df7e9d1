// The commands of `till`, one function each. Each prints for people on stdout (progress and errors on stderr) or, with
// --json, one object, and answers the exit code. main.cc maps the command line to them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/session.h"

namespace cli {

struct ServeOptions {
  uint16_t port = 4566;
  bool in_memory = false;
  bool accept_data_loss = false;
  std::string clock = "system";  // or "virtual"
};
int serve(const GlobalOptions& global, const ServeOptions& options);

struct UpOptions {
  std::string threshold;  // empty: the default
  std::vector<std::string> emails;
};
// Puts the options into the session's stack; kUsage if one is malformed.
int apply(const UpOptions& options, Session& session);
int up(const GlobalOptions& global, const UpOptions& options);
int down(const GlobalOptions& global);
int status(const GlobalOptions& global);

// Makes the stack if it is not there, then does what ingest() does.
int run(const GlobalOptions& global, const UpOptions& options, const std::string& file);
// Uploads the file and follows it until every order is accounted for.
int ingest(const GlobalOptions& global, const std::string& file);

// `queue` is a URL, a queue's name, or empty for the stack's orders queue.
int send(const GlobalOptions& global, const std::string& queue, const std::string& text);
int receive(const GlobalOptions& global, const std::string& queue, int messages_max, int wait_seconds);
int delete_message(const GlobalOptions& global, const std::string& queue, const std::string& receipt_handle);

int tx_get(const GlobalOptions& global, const std::string& transaction_id);
int tx_list(const GlobalOptions& global, bool quarantined, uint64_t rows_max);

int generate(uint64_t orders, uint64_t seed, bool array);

int bench(uint64_t orders, uint64_t seed, bool keep_data, const std::string& data_directory);

}  // namespace cli
