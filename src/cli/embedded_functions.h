// The deployment packages of the pipeline's functions, which `till` carries in itself so that it is one file.
#pragma once

#include <string_view>

namespace cli {

std::string_view ingest_zip();
std::string_view process_zip();
std::string_view sweep_zip();
std::string_view intake_zip();

}  // namespace cli
