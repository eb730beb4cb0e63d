#pragma once

#include <cstdint>

/// The code of an answer's header. Source: apache/rocketmq remoting/protocol/ResponseCode.java.
namespace sluice::wire::remoting {

enum ResponseCode : std::int32_t {
  kSuccess = 0,
  kSystemError = 1,
  kSystemBusy = 2,
  kNotSupported = 3,
  kFlushDiskTimeout = 10,
  kMessageIllegal = 13,
  kServiceNotAvailable = 14,
  kNoPermission = 16,
  kTopicNotExist = 17,
  kPullNotFound = 19,
  kPullRetryImmediately = 20,
  kPullOffsetMoved = 21,
  kQueryNotFound = 22,
  kConsumerNotOnline = 206,
  kConsumeMessageTimeout = 207,
  kNoMessage = 208,
  kPollingFull = 209,
  kPollingTimeout = 210,
  kIllegalOperation = 604,
};

}  // namespace sluice::wire::remoting
