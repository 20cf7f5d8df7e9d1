// PatientServices: the services of a stack, whose calls wait by themselves for what AWS grants in a while (patience.h).
// Apart from Patience, which the functions have, too: who links this links every service's client. Made by a Stack and
// owned by it; used from one thread.
#pragma once

#include <memory>

#include "pipeline/patience.h"

namespace pipeline {

struct Services;  // stack_resource.h

class PatientServices {
 public:
  // `services` and `patience` outlive this object.
  PatientServices(const Services& services, Patience& patience);
  ~PatientServices();
  [[nodiscard]] Services services() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace pipeline
