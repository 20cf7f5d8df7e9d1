// Three symbols of glibc 2.35 and 2.36 that GCC's static runtime libraries and libzip want and Amazon Linux 2023 (glibc
// 2.34) does not have. With them here the bootstraps and `till`, built on Debian 12, start there
// (reference/users.md 6.1; tests/e2e/test_bootstrap.py and test_installing.py check that nothing newer is needed).
#include <link.h>
#include <sys/random.h>

#include <cstdint>

namespace {

struct Search {
  uintptr_t address;
  dl_find_object* found;
};

// Called for each loaded object; 1 ends the walk.
int visit(dl_phdr_info* object, std::size_t /*size*/, void* data) {
  auto* search = static_cast<Search*>(data);
  uintptr_t low = UINTPTR_MAX;
  uintptr_t high = 0;
  uintptr_t frames = 0;
  bool inside = false;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    const uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_GNU_EH_FRAME) frames = begin;
    if (segment.p_type != PT_LOAD) continue;
    const uintptr_t end = begin + segment.p_memsz;
    inside = inside || (search->address >= begin && search->address < end);
    low = begin < low ? begin : low;
    high = end > high ? end : high;
  }
  if (!inside || frames == 0) return 0;
  *search->found = {};
  search->found->dlfo_map_start = reinterpret_cast<void*>(low);
  search->found->dlfo_map_end = reinterpret_cast<void*>(high);
  search->found->dlfo_eh_frame = reinterpret_cast<void*>(frames);
  return 1;
}

}  // namespace

extern "C" {

// The unwinder asks which object holds a program counter.
int _dl_find_object(void* address, dl_find_object* result) noexcept {
  Search search{reinterpret_cast<uintptr_t>(address), result};
  return dl_iterate_phdr(visit, &search) == 1 ? 0 : -1;
}

// libzip draws from it.
void arc4random_buf(void* buffer, size_t size) noexcept {
  auto* next = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = getrandom(next, size, 0);
    if (got <= 0) continue;  // a signal came; there is no other way to fail
    next += got;
    size -= static_cast<size_t>(got);
  }
}

// std::random_device draws from it.
unsigned int arc4random(void) noexcept {
  unsigned int value = 0;
  arc4random_buf(&value, sizeof value);
  return value;
}
}
