// What Lambda itself writes into a function's log: INIT_START, START, END, REPORT and their kin, or the same as JSON
// records of the levels that the function asks for ("Lambda Developer Guide, Configuring advanced logging controls").
// Pure functions; each returns the events in their order, as many as there are. Safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "engine/lambda/function_record.h"
#include "runtime/function_host.h"

namespace engine::lambda {

using LogEvents = std::vector<std::string>;

LogEvents init_start_events(const FunctionRecord& record, base::Timestamp now);
LogEvents init_end_events(const FunctionRecord& record, const runtime::InitReport& report, base::Timestamp now);
LogEvents start_events(const FunctionRecord& record, std::string_view request_id, base::Timestamp now);
// How an invocation ended.
LogEvents end_events(const FunctionRecord& record, std::string_view request_id, const runtime::InvokeOutcome& outcome,
                     base::Timestamp now);

// Whether what a function has written belongs into its log: a JSON object with a "level" below the function's
// ApplicationLogLevel does not. Everything else does.
bool passes_level(std::string_view line, std::string_view application_log_level);

}  // namespace engine::lambda
