#include "store/memory/held_store.h"

#include <utility>

#include "base/check.h"
#include "store/memory/memory_store.h"

namespace store {

HeldStore::HeldStore(base::Executor& executor) : memory_(make_memory_store()), gate_(executor, 0) {}
HeldStore::~HeldStore() = default;

void HeldStore::release(CommitSequence sequence) {
  CHECK(sequence <= last_written(), "releases a sequence that was never written");
  gate_.advance(sequence);
}
void HeldStore::release_all() {
  release(last_written());
}

std::optional<std::string> HeldStore::get(std::string_view key) {
  return memory_->get(key);
}
std::unique_ptr<Cursor> HeldStore::scan(std::string_view begin, std::string_view end, Direction direction) {
  return memory_->scan(begin, end, direction);
}
CommitSequence HeldStore::write(const WriteBatch& batch) {
  return memory_->write(batch);
}
CommitSequence HeldStore::last_written() {
  return memory_->last_written();
}
CommitSequence HeldStore::durable() {
  return gate_.durable();
}
void HeldStore::wait_durable(CommitSequence sequence) {
  CHECK(sequence <= last_written(), "waits for a sequence that was never written");
  gate_.wait(sequence);
}
void HeldStore::when_durable(CommitSequence sequence, std::function<void()> done) {
  CHECK(sequence <= last_written(), "waits for a sequence that was never written");
  gate_.when(sequence, std::move(done));
}

}  // namespace store
