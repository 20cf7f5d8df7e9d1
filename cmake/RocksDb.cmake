# What of RocksDB is built, and how (cmake -C), for scripts/bootstrap and scripts/package-arm64: what a store of
# store/rocksdb needs, whose blocks are packed by LZ4. Debian's static library is one of assertions and of every packer,
# in which nothing can be left out (docs/installing.md, "Sizes").
foreach(part ROCKSDB_BUILD_SHARED FAIL_ON_WARNINGS
             WITH_GFLAGS WITH_SNAPPY WITH_ZLIB WITH_ZSTD WITH_BZ2 WITH_LIBURING WITH_JEMALLOC
             WITH_TESTS WITH_ALL_TESTS WITH_TOOLS WITH_CORE_TOOLS WITH_TRACE_TOOLS WITH_BENCHMARK_TOOLS)
  set(${part} OFF CACHE BOOL "")
endforeach()
set(WITH_LZ4 ON CACHE BOOL "")
set(PORTABLE ON CACHE STRING "")  # for any processor, not for this one
set(USE_RTTI ON CACHE STRING "")  # store/rocksdb derives from its classes
set(CMAKE_PROJECT_INCLUDE ${CMAKE_CURRENT_LIST_DIR}/RocksDbSources.cmake CACHE FILEPATH "")
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(CMAKE_C_COMPILER clang-19 CACHE STRING "")
set(CMAKE_CXX_COMPILER clang++-19 CACHE STRING "")
get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)  # its sources name themselves in what is built
# Inlining as in till_inline.
set(CMAKE_CXX_FLAGS "-fPIC -ffunction-sections -fdata-sections -fstack-protector-strong -ffile-prefix-map=${root}/=/ \
-mllvm -inline-threshold=25 -mllvm -inlinehint-threshold=50" CACHE STRING "")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "")
set(CMAKE_INSTALL_LIBDIR lib CACHE STRING "")
