// The quotas of STS and the bounds of this implementation. Quotas: API reference, AssumeRole and GetSessionToken.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace engine::sts {

// --- AWS's quotas.
constexpr int32_t kSessionSecondsDefault = 3'600;
constexpr int32_t kSessionSecondsMin = 900;
constexpr int32_t kSessionTokenSecondsMax = 129'600;  // GetSessionToken; AssumeRole: the role's MaxSessionDuration
constexpr int32_t kRootSessionSecondsMax = 3'600;     // what root gets of GetSessionToken if it asks for more
constexpr int32_t kChainedSessionSecondsMax = 3'600;  // a role assumed by a session of a role
constexpr std::size_t kSessionNameLengthMin = 2;      // RoleSessionName
constexpr std::size_t kSessionNameLengthMax = 64;     //

// --- Our bounds.
constexpr std::size_t kCredentialsMax = 20'000;  // in force at once; about 1 KiB of memory each
// Expired credentials are known for a while longer, so that their users hear that they have expired.
constexpr base::Duration kExpiredKeptFor = std::chrono::hours(1);
constexpr base::Duration kSweepInterval = std::chrono::minutes(1);
constexpr std::size_t kSweptPerStep = 200;  // credentials removed with the lock held

}  // namespace engine::sts
