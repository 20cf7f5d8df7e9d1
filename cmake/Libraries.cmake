# Libraries that `till` carries in itself, so that it needs the C library alone: `zip` and
# `curl` (made by scripts/bootstrap) and `rocksdb` with what it packs blocks by (static libraries of Debian's packages).
set(TILL_LIBRARIES ${PROJECT_SOURCE_DIR}/build/libraries CACHE PATH "where libzip and libcurl are")
set(libraries ${TILL_LIBRARIES})
foreach(library libzip libcurl)
  if(NOT EXISTS ${libraries}/lib/${library}.a)
    message(FATAL_ERROR "${libraries}/lib/${library}.a is not there: run scripts/bootstrap (of arm64: scripts/package-arm64)")
  endif()
endforeach()
add_library(zip STATIC IMPORTED GLOBAL)
set_target_properties(zip PROPERTIES IMPORTED_LOCATION ${libraries}/lib/libzip.a
  INTERFACE_INCLUDE_DIRECTORIES ${libraries}/include INTERFACE_LINK_LIBRARIES ZLIB::ZLIB)
add_library(curl STATIC IMPORTED GLOBAL)
set_target_properties(curl PROPERTIES IMPORTED_LOCATION ${libraries}/lib/libcurl.a
  INTERFACE_INCLUDE_DIRECTORIES ${libraries}/include INTERFACE_COMPILE_DEFINITIONS CURL_STATICLIB)
target_link_libraries(curl INTERFACE OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

function(till_static_library name)
  find_library(TILL_${name} lib${name}.a REQUIRED)
  add_library(${name} STATIC IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${TILL_${name}})
endfunction()
foreach(packer gflags snappy lz4 bz2)
  till_static_library(${packer})
endforeach()
till_static_library(rocksdb)
find_library(TILL_zstd libzstd.a REQUIRED)
target_link_libraries(rocksdb INTERFACE gflags snappy lz4 bz2 ${TILL_zstd} ZLIB::ZLIB Threads::Threads)
