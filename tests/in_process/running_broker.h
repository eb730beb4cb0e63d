#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "app/serve/options.h"
#include "base/log.h"
#include "base/os/system_clock.h"
#include "store/testing/temp_folder.h"

namespace sluice::in_process {

/// A whole broker in this process, with one reactor and a store of its own.
class RunningBroker : public testing::Test {
 protected:
  void start(std::vector<std::pair<std::string, std::string>> extra = {}) {
    log::set_level(log::Level::error);
    Settings settings;
    extra.insert(extra.end(), {{"listenPort", "0"},
                               {"brokerIP1", "127.0.0.1"},
                               {"mappedFileSizeCommitLog", "268435456"},
                               {"storePathRootDir", folder_.path()}});
    for (const auto& [key, value] : extra) ASSERT_TRUE(settings.set(key, value));
    auto options = app::broker_options(settings);
    ASSERT_TRUE(options) << options.error().remark();
    auto started =
        app::BrokerService::start(reactors_, *disk_, clock_, nullptr, std::move(*options));
    ASSERT_TRUE(started) << started.error().remark();
    broker_ = std::move(*started);
  }
  ~RunningBroker() override {
    if (broker_) EXPECT_TRUE(broker_->close());
    reactors_.stop();
  }

  std::uint16_t port() const { return broker_->port(); }
  broker::Broker& broker() { return broker_->broker(); }
  net::Reactor& reactor() { return reactors_.at(0); }

 private:
  store::testing::TempFolder folder_;
  SystemClock clock_;
  std::unique_ptr<store::Disk> disk_ = store::posix_disk();
  net::ReactorPool reactors_{1};
  std::unique_ptr<app::BrokerService> broker_;
};

}  // namespace sluice::in_process
