#include "userland/store/work.hpp"

#include "userland/shared/driver_socket.hpp"
#include "userland/store/error.hpp"

namespace store {
namespace {

std::string subject_of(Database& database, const WorkOrder& order) {
  if (order.kind == "rescan") return "";
  if (order.kind != "install") throw Problem(422, "work_kind", "Work is rescan or install.");
  if (!shared::slot_is_sound(order.slot)) throw Problem(422, "slot", "The device's name is not sound.");
  auto found = database.prepare("SELECT 1 FROM package WHERE digest = ? AND withdrawn = 0");
  found << order.digest;
  if (!found.step()) throw Problem(404, "no_such_package", "The catalog has no such package.");
  return order.slot + " " + order.digest;
}

}  // namespace

int64_t queue_work(Database& database, const WorkOrder& order) {
  const std::string subject = subject_of(database, order);
  auto row = database.prepare(
      "INSERT INTO work (machine, kind, subject) SELECT id, ?, ? FROM machine WHERE ? = 'all' OR id = ?");
  row << order.kind << subject << order.machine << order.machine;
  row.run();
  if (database.changes() == 0) throw Problem(404, "no_such_machine", "No such machine is enrolled.");
  return database.changes();
}

}  // namespace store
