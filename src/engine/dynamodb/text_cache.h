// TextCache: what was parsed from the texts used lately. A program sends the same few texts over and over with other
// values, so a hit saves nearly all of the parsing. Owned by the service; safe from any thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace engine::dynamodb {

template <class Parsed>
class TextCache {
 public:
  explicit TextCache(std::size_t entries_max) : entries_max_(entries_max) {}

  // What the cache has for `key`, or what `parse()` makes of it now. Never null.
  template <class Parse>
  std::shared_ptr<const Parsed> get(std::string_view key, Parse parse) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = by_key_.find(key); found != by_key_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        return found->second->parsed;
      }
    }
    auto parsed = std::make_shared<const Parsed>(parse());
    const std::lock_guard lock(mutex_);
    if (by_key_.contains(key)) return parsed;  // another thread was faster
    entries_.push_front({std::string(key), parsed});
    by_key_.emplace(entries_.front().key, entries_.begin());
    if (entries_.size() > entries_max_) {
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
    return parsed;
  }
  [[nodiscard]] std::size_t size() {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const Parsed> parsed;
  };
  const std::size_t entries_max_;
  std::mutex mutex_;
  std::list<Entry> entries_;                                                          // the one used last is first
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> by_key_;  // views Entry::key
};

}  // namespace engine::dynamodb
