// Whether the pipeline that is up works by the definition that a command has found. Who works in another directory must
// neither put another definition in force without a word nor count orders by another one. Used from one thread.
#pragma once

#include "cli/session.h"

namespace cli {

// kUsage, and told why, if the code that the definition names for a stage cannot be had.
int check_packages(const Session& session);

// kUsage, and told why, if a function of the session's stack has more variables than Lambda takes.
int check_environments(Session& session);

// Of a plan: kUsage, and told why, if carrying it out would take the definition away that the functions work by, and
// nobody said `--file none`.
int check_definition_stays(const pipeline::Plan& plan, const Session& session);

// Of a plan: kFailed, and told why, if carrying it out would undo code that was deployed by hand, and `replace_code`
// does not allow that.
int check_hand_deployed(const pipeline::Plan& plan, bool replace_code);

// kUsage, and told why, if the functions work by another definition than the session's. kOk also if there are
// none; the exit code of a failure if nobody can be asked.
int check_same_definition(Session& session);

// Of a plan: kUsage, and told why, if neither the function nor this command knows the secret of [intake].
int check_secret_is_there(const pipeline::Plan& plan, Session& session);

}  // namespace cli
