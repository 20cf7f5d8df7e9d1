# What of libcurl is built: SMTP, over OpenSSL, and as little else as goes. Settings of curl's own build (cmake -C), for
# scripts/bootstrap and scripts/package-arm64. HTTP has to stay, though nothing asks for it: Debian's patch for
# CVE-2023-38039 has SMTP call a function of it.
foreach(protocol DICT FILE FTP GOPHER IMAP LDAP LDAPS MQTT POP3 RTSP SMB TELNET TFTP)
  set(CURL_DISABLE_${protocol} ON CACHE BOOL "")
endforeach()
foreach(part ALTSVC COOKIES DOH HSTS HTTP_AUTH MIME NETRC NTLM PROXY PARSEDATE PROGRESS_METER)
  set(CURL_DISABLE_${part} ON CACHE BOOL "")
endforeach()
foreach(part BUILD_CURL_EXE BUILD_SHARED_LIBS BUILD_TESTING CURL_ZLIB CURL_BROTLI CURL_ZSTD
             CURL_USE_LIBPSL CURL_USE_LIBSSH CURL_USE_LIBSSH2 CURL_USE_GSSAPI USE_LIBIDN2 USE_NGHTTP2 ENABLE_MANUAL
             ENABLE_UNIX_SOCKETS)
  set(${part} OFF CACHE BOOL "")
endforeach()
set(CURL_ENABLE_EXPORT_TARGET ON CACHE BOOL "")  # else nothing is installed
set(CURL_USE_OPENSSL ON CACHE BOOL "")
set(OPENSSL_USE_STATIC_LIBS ON CACHE BOOL "")
# Who is trusted is decided by os/authorities.
set(CURL_CA_BUNDLE none CACHE STRING "")
set(CURL_CA_PATH none CACHE STRING "")
set(CURL_CA_FALLBACK OFF CACHE BOOL "")
set(HAVE_POLL_FINE ON CACHE BOOL "")  # curl runs a program to find out, which cannot be where it is built for arm64
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)  # its sources name themselves in what is built
set(CMAKE_C_FLAGS "-fPIC -ffunction-sections -fdata-sections -ffile-prefix-map=${root}/=/" CACHE STRING "")
set(CMAKE_INSTALL_LIBDIR lib CACHE STRING "")
