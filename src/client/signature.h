#pragma once

#include <sluice/client.h>

#include "base/buffer.h"

namespace sluice::client {

/// The request with the fields AccessKey, SecurityToken (if there is one) and Signature: the
/// HMAC-SHA1 of the values of all fields in the order of their names, and of the body. Source:
/// apache/rocketmq client/src/main/java/org/apache/rocketmq/acl/common/AclUtils.java.
Buffer signed_frame(Buffer frame, const Credentials& credentials);

}  // namespace sluice::client
