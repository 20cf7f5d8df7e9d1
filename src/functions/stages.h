// The pipeline's functions. One bootstrap has all of them (bootstrap_main.cc), so that their packages are the same.
#pragma once

namespace functions {

// Each serves its function's invocations as long as the process lives, and answers main's exit status.
int run_ingest();
int run_process();
int run_sweep();
int run_intake();

}  // namespace functions
