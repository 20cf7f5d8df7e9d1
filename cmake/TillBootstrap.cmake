# till_bootstrap(<target> <directory> <source>...): a Lambda function in C++ for the runtime provided.al2023, as the
# file `bootstrap` in <directory>, which needs libc, libm and the loader of glibc 2.34 and nothing else. The directory is a
# package: zip it, or name it as `code` in a definition. Works in any project that has added this one by add_subdirectory.
set(TILL_GLIBC_2_34 ${CMAKE_CURRENT_LIST_DIR}/../src/functions/glibc_2_34.cc CACHE INTERNAL "")
set(TILL_TERMINATE ${CMAKE_CURRENT_LIST_DIR}/../src/functions/terminate.cc CACHE INTERNAL "")

# Makes an executable of the release preset need the C library of glibc 2.34 alone.
function(till_needs_libc_alone target)
  target_link_options(${target} PRIVATE -Wl,--as-needed -Wl,--gc-sections)
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_sources(${target} PRIVATE ${TILL_GLIBC_2_34} ${TILL_TERMINATE})
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
    if(MOLD)  # of functions whose addresses nobody compares, equal ones are kept once
      target_link_options(${target} PRIVATE -Wl,--icf=safe)
    endif()
  endif()
endfunction()

function(till_bootstrap target directory)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" LIBRARY "")
  if(NOT arg_LIBRARY)
    set(arg_LIBRARY tillstream::function)
  endif()
  add_executable(${target} ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME bootstrap RUNTIME_OUTPUT_DIRECTORY ${directory} SKIP_BUILD_RPATH ON)
  target_link_libraries(${target} PRIVATE ${arg_LIBRARY})
  till_needs_libc_alone(${target})
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    # At a fixed address, as Lambda functions in Go are: 0.1 MB less, and 20,000 fewer relocations at each start.
    target_link_options(${target} PRIVATE -s -no-pie)
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")  # 127 MB otherwise, which every test of a stack sends and unpacks
    target_link_options(${target} PRIVATE -Wl,--strip-debug)
  endif()
endfunction()
