// What IAM asks of the text of a policy document, in IAM's order and with its texts. Asked when a document is given,
// never of one that is stored. Pure functions. Texts and order: the answers of IAM that are recorded in
// document_check_test.cc.
#pragma once

#include <string_view>

#include "base/result.h"

namespace engine::iam {

enum class DocumentUse {
  managed,  // a managed policy, which has the present Version
  inlined,  // a policy of a role's own, which may have none
  trust,    // who may assume a role: its principals, actions and resources are aws::auth::Policy's to refuse
};

// MalformedPolicyDocument for the first of these that is wrong: the syntax; the Version; what IAM's old parser asks
// (effects, dates, ARNs that are cut off); that there is no principal; Sids; that there are actions; the form of
// resources; the form of actions; that there are resources.
base::Result<void> check_document(std::string_view document, DocumentUse use);

}  // namespace engine::iam
