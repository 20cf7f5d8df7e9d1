#include "cli/embedded_functions.h"

#include "cli/embed.h"

// FUNCTION_ZIPS is the directory of the zips, given by CMake.
EMBED(till_ingest_zip, FUNCTION_ZIPS "/ingest.zip")
EMBED(till_process_zip, FUNCTION_ZIPS "/process.zip")
EMBED(till_sweep_zip, FUNCTION_ZIPS "/sweep.zip")
EMBED(till_intake_zip, FUNCTION_ZIPS "/intake.zip")

namespace cli {

std::string_view ingest_zip() {
  return {till_ingest_zip_begin, till_ingest_zip_end};
}
std::string_view process_zip() {
  return {till_process_zip_begin, till_process_zip_end};
}
std::string_view intake_zip() {
  return {till_intake_zip_begin, till_intake_zip_end};
}
std::string_view sweep_zip() {
  return {till_sweep_zip_begin, till_sweep_zip_end};
}

}  // namespace cli
