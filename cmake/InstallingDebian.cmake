# Read by CPack for each kind of package: the .deb has its files below /usr, and a file of settings in /etc.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
endif()
