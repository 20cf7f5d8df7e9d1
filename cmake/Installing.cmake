# What `cmake --install` and CPack put on a machine: `till` without its debugging information, the manual pages and
# completions that it writes itself, the service, documents, the notices of what it carries. Paths are those below a prefix (/usr of the .deb).
set(stage ${PROJECT_BINARY_DIR}/stage)
# Of another machine when this is for a foreign processor: it only has to know the same commands.
set(TILL_HOST_PROGRAM "" CACHE FILEPATH "a `till` that runs here, to write the manual pages; empty: the one that is built")
set(writer $<TARGET_FILE:till>)
if(TILL_HOST_PROGRAM)
  set(writer ${TILL_HOST_PROGRAM})
endif()
add_custom_command(OUTPUT ${stage}/stamp
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${stage}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${stage}/bin ${stage}/completions
  COMMAND ${CMAKE_STRIP} -o ${stage}/bin/till $<TARGET_FILE:till>
  COMMAND ${writer} man --directory ${stage}/man
  COMMAND ${writer} completion bash > ${stage}/completions/till
  COMMAND ${writer} completion zsh > ${stage}/completions/_till
  COMMAND ${writer} completion fish > ${stage}/completions/till.fish
  COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SYSROOT} -DBUILD=${PROJECT_SOURCE_DIR}/build -DOUTPUT=${stage}/third-party
    -P ${PROJECT_SOURCE_DIR}/cmake/Notices.cmake
  COMMAND ${CMAKE_COMMAND} -E touch ${stage}/stamp
  DEPENDS till ${PROJECT_SOURCE_DIR}/cmake/Notices.cmake VERBATIM)
add_custom_target(installable DEPENDS ${stage}/stamp)

include(GNUInstallDirs)
install(PROGRAMS ${stage}/bin/till DESTINATION bin)
install(DIRECTORY ${stage}/man/ DESTINATION share/man/man1)
install(FILES ${stage}/completions/till DESTINATION share/bash-completion/completions)
install(FILES ${stage}/completions/_till DESTINATION share/zsh/vendor-completions)
install(FILES ${stage}/completions/till.fish DESTINATION share/fish/vendor_completions.d)
install(FILES packaging/tillstream.service DESTINATION lib/systemd/system)
install(FILES packaging/environment DESTINATION share/tillstream)
install(DIRECTORY ${stage}/third-party DESTINATION share/doc/tillstream)
install(FILES README.md ARCHITECTURE.md packaging/copyright DESTINATION share/doc/tillstream)
install(DIRECTORY docs/ DESTINATION share/doc/tillstream/docs)
install(DIRECTORY examples/ DESTINATION share/doc/tillstream/examples)

set(CPACK_PACKAGE_NAME tillstream)
set(CPACK_PACKAGE_VENDOR Tillstream)
set(CPACK_PACKAGE_CONTACT "Tillstream <tillstream@example.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "pipeline for orders on the AWS API, on one machine or on AWS")
set(CPACK_PACKAGE_DESCRIPTION "Orders come in, each is validated, stored exactly once, and the ones that matter raise a
notification. One program runs the pipeline on an embedded engine that speaks the AWS
wire protocols (S3, SQS, SNS, Lambda, DynamoDB, CloudWatch), or deploys it on AWS.")
set(CPACK_PACKAGE_FILE_NAME tillstream-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX "")
set(CPACK_DEBIAN_PACKAGE_NAME tillstream)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.34)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3, nodejs")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL aarch64)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
endif()
foreach(script postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/${script})
endforeach()
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/InstallingDebian.cmake)
include(CPack)
