# The licences and copyrights of what `till` carries in itself, as files NAME.txt below OUTPUT, NAME being Debian's package
# or the source's. Run by cmake -P with ROOT (where Debian's packages are unpacked; empty: installed), BUILD (where
# scripts/bootstrap has put the rest) and OUTPUT. Fails with the name of what has none.
set(debian
  liblz4-dev libzstd-dev zlib1g-dev libre2-dev libcsv-dev
  libfmt-dev libspdlog-dev libboost1.81-dev libcli11-dev nlohmann-json3-dev libtomlplusplus-dev libstdc++-12-dev libgcc-12-dev)
set(sources curl/COPYING libzip/LICENSE openssl/LICENSE.txt pugixml/LICENSE.md rocksdb/LICENSE.Apache simdjson/LICENSE)

# Debian's files name the texts of well-known licences instead of having them. The same texts are in every release, so
# that those of this machine do for packages of another.
set(common /usr/share/common-licenses)
set(licences LGPL-2.1)  # of libcsv, whose file does not say where it is

function(take name file hint)
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "${name} has no notice, which the packages need: ${file} is not there. ${hint}")
  endif()
  file(READ ${file} text)
  file(WRITE ${OUTPUT}/${name}.txt "${text}")
  string(REGEX MATCHALL "${common}/[A-Za-z0-9.+-]*[A-Za-z0-9+]" named "${text}")
  foreach(path ${named})
    get_filename_component(licence ${path} NAME)
    list(APPEND licences ${licence})
  endforeach()
  set(licences ${licences} PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${OUTPUT})
foreach(package ${debian})
  take(${package} ${ROOT}/usr/share/doc/${package}/copyright
    "Where dpkg leaves such files out (path-exclude in /etc/dpkg/dpkg.cfg.d), take that away and install ${package} anew.")
endforeach()
foreach(source ${sources})
  get_filename_component(name ${source} DIRECTORY)
  take(${name} ${BUILD}/sources/${source} "Remove ${BUILD}/sources and run scripts/bootstrap.")
endforeach()
take(rocksdb-leveldb ${BUILD}/sources/rocksdb/LICENSE.leveldb "Remove ${BUILD}/sources and run scripts/bootstrap.")
take(libvalijson-dev ${BUILD}/headers/usr/share/doc/libvalijson-dev/copyright
  "Remove ${BUILD}/headers and run scripts/bootstrap.")
list(REMOVE_DUPLICATES licences)
foreach(licence ${licences})
  if(NOT EXISTS ${common}/${licence})
    message(FATAL_ERROR "The licence ${licence}, which notices name, is not there: install base-files, which has ${common}/${licence}")
  endif()
  configure_file(${common}/${licence} ${OUTPUT}/common-licenses/${licence} COPYONLY)
endforeach()
file(WRITE ${OUTPUT}/README "What till and its functions carry in themselves that is by others: a file for each, with its copyrights and licences.
Where one names a file below ${common}, that file is below common-licenses here, too.
")
