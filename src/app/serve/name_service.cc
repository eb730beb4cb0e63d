#include "app/serve/name_service.h"

#include "app/serve/kv_file.h"
#include "base/log.h"

namespace sluice::app {

Result<std::unique_ptr<NameService>> NameService::start(net::ReactorPool& reactors,
                                                        store::Disk& disk, const Clock& clock,
                                                        NameServiceOptions options) {
  std::unique_ptr<NameService> service(new NameService());
  naming::NameServer& names = service->names_;
  SLUICE_CHECK(load_kv(disk, options.kv_path, names.kv()));
  doors::NameDoorOptions door{
      .listen = std::move(options.listen),
      .config_text = std::move(options.config_text),
      .kv_changed = [&disk, &names, path = options.kv_path] { save_kv(disk, path, names.kv()); }};
  SLUICE_TRY(service->door_, doors::NameDoor::open(names, clock, reactors, std::move(door)));
  service->expiry_ =
      std::make_unique<Periodic>("route-expiry", naming::kExpiryPeriod, [&names, &clock] {
        if (const auto gone = names.routes().expire(clock.steady()); !gone.empty()) {
          log::warn("brokers_expired", {{"count", gone.size()}});
        }
      });
  return service;
}

void NameService::close() {
  expiry_.reset();
  if (door_) door_->close();
}

}  // namespace sluice::app
