// Every key that Lambda keeps in the store. Code lies under a number that is never used again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::lambda::keys {

constexpr std::string_view kFunctionTable = "lambda/function";  // account, region, name -> FunctionRecord
constexpr std::string_view kVersionTable = "lambda/version";    // account, region, name, number -> FunctionRecord
constexpr std::string_view kAliasTable = "lambda/alias";        // account, region, name, alias -> AliasRecord
constexpr std::string_view kEventInvokeTable = "lambda/event_invoke";  // account, region, name, qualifier -> record
constexpr std::string_view kFunctionUrlTable = "lambda/function_url";  // account, region, name, alias -> record
constexpr std::string_view kCodeTable = "lambda/code";          // code id, chunk -> bytes of the deployment package
constexpr std::string_view kMappingTable = "lambda/mapping";    // account, region, uuid -> MappingRecord
constexpr std::string_view kAsyncTable = "lambda/async";        // the outbox of asynchronous invocations
constexpr std::string_view kNextIdKey{"lambda/next_id\0", 15};  // the next function or code id

inline std::string scope(std::string_view table, std::string_view account, std::string_view region) {
  return store::KeyWriter(table).text(account).text(region).take();
}
inline std::string function(std::string_view account, std::string_view region, std::string_view name) {
  return store::KeyWriter(kFunctionTable).text(account).text(region).text(name).take();
}
inline std::string version(std::string_view account, std::string_view region, std::string_view name, uint64_t number) {
  return store::KeyWriter(kVersionTable).text(account).text(region).text(name).number(number).take();
}
inline std::string alias(std::string_view account, std::string_view region, std::string_view name,
                         std::string_view alias_name) {
  return store::KeyWriter(kAliasTable).text(account).text(region).text(name).text(alias_name).take();
}
inline std::string event_invoke(std::string_view account, std::string_view region, std::string_view name,
                                std::string_view qualifier) {
  return store::KeyWriter(kEventInvokeTable).text(account).text(region).text(name).text(qualifier).take();
}
inline std::string function_url(std::string_view account, std::string_view region, std::string_view name,
                                std::string_view alias) {
  return store::KeyWriter(kFunctionUrlTable).text(account).text(region).text(name).text(alias).take();
}
// What all keys of one function in `table` begin with.
inline std::string of_function(std::string_view table, std::string_view account, std::string_view region,
                               std::string_view name) {
  return store::KeyWriter(table).text(account).text(region).text(name).take();
}
inline std::string mapping(std::string_view account, std::string_view region, std::string_view uuid) {
  return store::KeyWriter(kMappingTable).text(account).text(region).text(uuid).take();
}
inline std::string code_chunk(uint64_t code_id, uint64_t chunk) {
  return store::KeyWriter(kCodeTable).number(code_id).number(chunk).take();
}
inline std::string code(uint64_t code_id) {
  return store::KeyWriter(kCodeTable).number(code_id).take();
}

}  // namespace engine::lambda::keys
