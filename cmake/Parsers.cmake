# simdjson::simdjson and pugixml, from the sources of Debian's packages (scripts/bootstrap), as static libraries: the
# functions have to bring them along. Of simdjson Debian has a shared one only, which would bring a second libstdc++ with it;
# of pugixml one with XPath, which is half of it and which nothing here asks for.
set(sources ${PROJECT_SOURCE_DIR}/build/sources)
foreach(file simdjson/singleheader/simdjson.cpp pugixml/src/pugixml.cpp)
  if(NOT EXISTS ${sources}/${file})
    message(FATAL_ERROR "${sources}/${file} is not there: run scripts/bootstrap")
  endif()
endforeach()
add_library(simdjson STATIC ${sources}/simdjson/singleheader/simdjson.cpp)
target_include_directories(simdjson SYSTEM PUBLIC ${sources}/simdjson/singleheader)
add_library(simdjson::simdjson ALIAS simdjson)
add_library(pugixml STATIC ${sources}/pugixml/src/pugixml.cpp)
target_include_directories(pugixml SYSTEM PUBLIC ${sources}/pugixml/src)
target_compile_definitions(pugixml PUBLIC PUGIXML_NO_XPATH)
# Of its four ways to parse on x86-64 the one for AVX2, and plain code for processors from before 2013.
target_compile_definitions(simdjson PRIVATE SIMDJSON_IMPLEMENTATION_WESTMERE=0 SIMDJSON_IMPLEMENTATION_ICELAKE=0)
foreach(parser simdjson pugixml)
  target_compile_options(${parser} PRIVATE -w -O2)  # also in the sanitizer preset: they read every request
endforeach()
