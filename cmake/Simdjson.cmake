# simdjson::simdjson: from the source of Debian's package (scripts/bootstrap), as a static library, which Debian has not
# built. The functions have to bring it along, and the shared one would bring a second libstdc++ with it.
set(simdjson_source ${PROJECT_SOURCE_DIR}/build/sources/simdjson)
if(NOT EXISTS ${simdjson_source}/simdjson.cpp)
  message(FATAL_ERROR "${simdjson_source} is not there: run scripts/bootstrap")
endif()
add_library(simdjson STATIC ${simdjson_source}/simdjson.cpp)
target_include_directories(simdjson SYSTEM PUBLIC ${simdjson_source})
target_compile_options(simdjson PRIVATE -w -O2)  # also in the sanitizer preset: it reads every request
add_library(simdjson::simdjson ALIAS simdjson)
