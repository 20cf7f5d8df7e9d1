# till_bootstrap(<target> <directory> <source>...): a Lambda function in C++ for the runtime provided.al2023, as the
# file `bootstrap` in <directory>, with what Amazon Linux 2023 may lack: libstdc++ and OpenSSL inside, libsimdjson beside
# it under lib/. The directory is a package: zip it, or name it as `code` in a definition. Works in any project that has
# added this one by add_subdirectory.
set(TILL_GLIBC_2_34 ${CMAKE_CURRENT_LIST_DIR}/../src/functions/glibc_2_34.cc CACHE INTERNAL "")

function(till_bootstrap target directory)
  find_package(simdjson REQUIRED)
  get_target_property(simdjson_file simdjson::simdjson IMPORTED_LOCATION_NONE)
  if(NOT simdjson_file)
    get_target_property(simdjson_file simdjson::simdjson LOCATION)
  endif()
  get_filename_component(simdjson_real ${simdjson_file} REALPATH)
  add_executable(${target} ${ARGN})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME bootstrap RUNTIME_OUTPUT_DIRECTORY ${directory}
    BUILD_RPATH "$ORIGIN/lib" BUILD_RPATH_USE_ORIGIN ON SKIP_BUILD_RPATH OFF)
  target_link_libraries(${target} PRIVATE tillstream::function)
  target_link_options(${target} PRIVATE -Wl,--as-needed -Wl,--gc-sections)
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_sources(${target} PRIVATE ${TILL_GLIBC_2_34})
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -s)
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")  # 127 MB otherwise, which every test of a stack sends and unpacks
    target_link_options(${target} PRIVATE -Wl,--strip-debug)
  endif()
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E make_directory ${directory}/lib
    COMMAND ${CMAKE_COMMAND} -E copy ${simdjson_real} ${directory}/lib/libsimdjson.so.14 VERBATIM)
endfunction()
