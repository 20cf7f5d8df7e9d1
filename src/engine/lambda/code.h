// Code: one deployment package, as chunks in the store and, once needed, unpacked in a directory by the FunctionHost.
// Shared by the function and its instances; the directory goes when the last of them does. Safe from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "aws/body.h"
#include "base/result.h"
#include "runtime/function_host.h"
#include "store/kv_store.h"

namespace engine::lambda {

class Code {
 public:
  // The code `id`, to be unpacked below `root`. The references outlive it.
  Code(store::KvStore& store, runtime::FunctionHost& host, uint64_t id, const std::string& root);
  ~Code();  // deletes the directory
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

  // A package that is in the store before anything refers to it, so that what makes it count is a small write: it is
  // erased again unless it is kept. What a crash leaves behind erase_unused() finds.
  class Draft {
   public:
    Draft(store::KvStore& store, uint64_t id, std::string_view zip);
    ~Draft();
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    void keep() { kept_ = true; }

   private:
    store::KvStore& store_;
    const uint64_t id_;
    bool kept_ = false;
  };
  // Erases the packages that are not among `used`, by a look at each of those that are in the store. At start.
  static void erase_unused(store::KvStore& store, const std::set<uint64_t>& used);
  static void erase(store::WriteBatch& batch, uint64_t id);
  // The package `id` of that many bytes, as the store holds it now; nullopt if it is gone.
  static std::optional<aws::Body> read(store::KvStore& store, uint64_t id, uint64_t bytes);

  // Unpacks `zip` now, which is how a package is checked before it is accepted.
  base::Result<void> stage(std::string_view zip);
  // Unpacks what the store holds unless it is unpacked already; for the first instance after a restart.
  base::Result<void> stage_once();
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  store::KvStore& store_;
  runtime::FunctionHost& host_;
  const uint64_t id_;
  const std::string directory_;
  std::mutex mutex_;  // held while unpacking: whoever comes second waits for the first
  bool staged_ = false;
};

}  // namespace engine::lambda
