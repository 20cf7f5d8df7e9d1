// Call: one call of a service on its way through the behaviours of this layer, and Behaviour, what each kind of fault
// is: something that stands around the call. A Call lives on the stack of the thread that carries it out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "aws/context.h"
#include "aws/shape.h"
#include "base/result.h"

namespace like_aws {

struct Call {
  const aws::ServiceDesc& service;
  const aws::OperationDesc& operation;
  aws::Context& context;
  void* in;   // consumed when the call has been carried out
  void* out;  // filled by then
  // Who calls, as far as counting goes: calls of one caller are counted apart from those of others, so that what a
  // client sees does not depend on what functions do meanwhile.
  std::string caller;
  uint64_t count;  // of this operation by this caller, from 1
  // The call has waited (aws/parking.h) and goes on: its input is gone, and what was decided stands.
  bool is_resumed = false;

  [[nodiscard]] bool is(std::string_view name) const { return operation.name == name; }
  template <class T>
  [[nodiscard]] T& input() const {
    return *static_cast<T*>(in);
  }
  template <class T>
  [[nodiscard]] T& output() const {
    return *static_cast<T*>(out);
  }
  // The string member of that name in the input; empty if there is none.
  [[nodiscard]] std::string text(std::string_view member) const;
  // Names a resource of the caller's account, in the caller's region or, of services without regions, in none.
  [[nodiscard]] std::string regional(std::string_view name) const {
    return context.account + '/' + context.region + '/' + std::string(name);
  }
  [[nodiscard]] std::string global(std::string_view name) const { return context.account + '/' + std::string(name); }
};

// True of an error that is none: the call waits, or goes on elsewhere.
bool is_unfinished(const base::AwsError& error);

using CarryOut = std::function<base::Result<void>()>;

class Behaviour {
 public:
  virtual ~Behaviour() = default;
  // Answers the call, by carry_out() (at most once) or otherwise. Safe from any thread; holds no lock meanwhile.
  virtual base::Result<void> around(Call& call, const CarryOut& carry_out) = 0;
  // True if it is asked again when a call goes on that has waited (Call::is_resumed).
  [[nodiscard]] virtual bool goes_on() const { return false; }
};

}  // namespace like_aws
