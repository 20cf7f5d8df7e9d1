# Every directory of src/ is one library, named after its path with '_' for '/', made of the .cc files in it. Files
# ending in _test.cc become one test program of the directory, files in testing/ a library for tests.
#
#   till_layer(engine_sqs DEPS base store aws_sqs [TEST_DEPS ...])
#
# clang's own thresholds of inlining are 225, and 325 for what is declared inline. With 50 code is a quarter to two fifths
# smaller, nearly as with -Os, and as fast (measured: docs/installing.md, "Sizes"). What no order and no call of a data
# plane passes through has less of it still.
set(TILL_BUSY_LAYERS base aws_shape aws_auth aws_codec aws_http aws_filter aws_dynamodb aws_s3 aws_sns aws_sqs store_rocksdb
  store_memory runtime os server engine_core engine_dynamodb engine_s3 engine_sns engine_sqs)
set(TILL_RELEASED_BY_CLANG $<AND:$<CXX_COMPILER_ID:Clang>,$<CONFIG:RelWithDebInfo>>)
function(till_inline target)
  if(target IN_LIST TILL_BUSY_LAYERS)
    set(thresholds "SHELL:-mllvm -inline-threshold=50")
  else()
    set(thresholds "SHELL:-mllvm -inline-threshold=25 -mllvm -inlinehint-threshold=50")
  endif()
  target_compile_options(${target} PRIVATE "$<${TILL_RELEASED_BY_CLANG}:${thresholds}>")
endfunction()

# A layer links only what it names, so an include that the design forbids does not link either.
include(GoogleTest)

# What is tested is optimised as the product is; the tests themselves compile a quarter faster with less of it.
set(TILL_TEST_OPTIONS $<$<CONFIG:RelWithDebInfo>:-O1>)

# A target that others take these headers from, compiled once. Parsing them is a quarter of a test's compile time.
function(till_precompile name)
  file(GENERATE OUTPUT ${name}.cc CONTENT "")
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()

function(till_layer name)
  cmake_parse_arguments(arg "" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC ${arg_DEPS})
    till_inline(${name})
    # Not by GCC: so that one preset checks that every file includes what it needs, and because GCC 12's warnings see
    # bounds broken that are not (-Warray-bounds) when it optimises what comes from a precompiled header.
    if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
      target_precompile_headers(${name} REUSE_FROM till_library_headers)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${arg_DEPS})
  endif()
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${arg_TEST_DEPS})
    till_test(${name})
  endif()
endfunction()

# Makes ${name}_test a program of GoogleTest whose tests ctest knows as ${name}.Suite.Test.
function(till_test name)
  target_compile_options(${name}_test PRIVATE ${TILL_TEST_OPTIONS})
  target_precompile_headers(${name}_test REUSE_FROM till_test_headers)
  target_link_libraries(${name}_test PRIVATE GTest::gtest_main)
  gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST)
endfunction()
