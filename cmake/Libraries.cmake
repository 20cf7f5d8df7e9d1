# Libraries that `till` carries in itself, so that it needs the C library alone, made by scripts/bootstrap: `zip`, `curl`
# and OpenSSL, which the functions carry too, and `rocksdb`, with the LZ4 of Debian's package.
set(TILL_LIBRARIES ${PROJECT_SOURCE_DIR}/build/libraries CACHE PATH "where libzip, libcurl, OpenSSL and RocksDB are")
set(libraries ${TILL_LIBRARIES})
foreach(library libzip libcurl libssl libcrypto librocksdb)
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
foreach(pair "SSL;libssl" "Crypto;libcrypto")
  list(GET pair 0 target)
  list(GET pair 1 library)
  add_library(OpenSSL::${target} STATIC IMPORTED GLOBAL)
  set_target_properties(OpenSSL::${target} PROPERTIES IMPORTED_LOCATION ${libraries}/lib/${library}.a
    INTERFACE_INCLUDE_DIRECTORIES ${libraries}/include)
endforeach()
set_target_properties(OpenSSL::SSL PROPERTIES INTERFACE_LINK_LIBRARIES OpenSSL::Crypto)
target_link_libraries(OpenSSL::Crypto INTERFACE Threads::Threads)

find_library(TILL_lz4 liblz4.a REQUIRED)
add_library(rocksdb STATIC IMPORTED GLOBAL)
set_target_properties(rocksdb PROPERTIES IMPORTED_LOCATION ${libraries}/lib/librocksdb.a
  INTERFACE_INCLUDE_DIRECTORIES ${libraries}/include)
target_link_libraries(rocksdb INTERFACE ${TILL_lz4} Threads::Threads)
