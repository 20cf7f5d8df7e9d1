// What libstdc++ calls when an exception is not caught. Its own version prints the type's name by a demangler, which is
// 40 KB of every function and of till; this one prints what the exception says, in the function's log, and is linked
// in its place because it has its name.
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace __gnu_cxx {

void __verbose_terminate_handler() {
  try {
    if (std::current_exception() != nullptr) throw;
    std::fputs("terminate called without an exception\n", stderr);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "an exception that nobody caught: %s\n", exception.what());
  } catch (...) {
    std::fputs("an exception that nobody caught, of no known kind\n", stderr);
  }
  std::abort();
}

}  // namespace __gnu_cxx
