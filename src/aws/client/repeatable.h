// Which operations may be carried out twice without harm. When a connection is lost, or a server fails, with a request
// on its way, nobody knows whether it took effect; the client sends it again only if that makes no difference. Pure
// functions over generated descriptions, safe from any thread.
#pragma once

#include "aws/shape.h"

namespace aws::client {

// True for reads; for writes that name what they make, change or remove (a second one finds it done, and may say so by
// an error); and for those that carry a token by which the service knows the second one (MessageDeduplicationId,
// ReceiveRequestAttemptId, ClientToken and the like). What is not known by its name is not repeatable.
bool is_repeatable(const OperationDesc& operation, const void* in);

// Those that change nothing, so that it is all the same whether one was carried out.
bool only_reads(const OperationDesc& operation);

}  // namespace aws::client
