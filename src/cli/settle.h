// Waiting for orders that a command has put on the queue. Used from one thread.
#pragma once

#include "cli/interruption.h"
#include "cli/session.h"

namespace cli {

// An engine that ends with a command, this or another one: waits until it has nothing left to do with the orders queue,
// for at most half a minute, and tells the user on stderr of what it leaves there; kCheckFailed then, else kOk.
// Elsewhere somebody else works on it.
int settle_orders(Session& session, Interruption& interruption);

}  // namespace cli
