#include "userland/store/database.hpp"

namespace store {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS package (
  digest TEXT PRIMARY KEY, name TEXT NOT NULL, lineage TEXT NOT NULL, arch INTEGER NOT NULL, category INTEGER NOT NULL,
  version INTEGER NOT NULL, epoch INTEGER NOT NULL, flags INTEGER NOT NULL, size INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL DEFAULT 0, UNIQUE (lineage, version, arch)) STRICT;
CREATE TABLE IF NOT EXISTS machine (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, arch TEXT NOT NULL, os_version TEXT NOT NULL, seen INTEGER NOT NULL,
  manifest TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE IF NOT EXISTS work (
  id INTEGER PRIMARY KEY AUTOINCREMENT, machine TEXT NOT NULL REFERENCES machine (id) ON DELETE CASCADE,
  kind TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'queued') STRICT;
CREATE INDEX IF NOT EXISTS work_by_machine ON work (machine, state);
CREATE TABLE IF NOT EXISTS report (
  machine TEXT NOT NULL REFERENCES machine (id) ON DELETE CASCADE, report_id TEXT NOT NULL, digest TEXT NOT NULL,
  slot TEXT NOT NULL, event TEXT NOT NULL, code INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (machine, report_id)) STRICT;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
)";

}  // namespace

Statement::Statement(sqlite3* database, const char* sql) : database_(database) {
  sqlite3_stmt* made = nullptr;
  check(sqlite3_prepare_v2(database, sql, -1, &made, nullptr));
  statement_.reset(made);
}

void Statement::check(int status) const {
  if (status != SQLITE_OK && status != SQLITE_ROW && status != SQLITE_DONE)
    throw DatabaseError(sqlite3_errmsg(database_));
}

Statement& Statement::operator<<(std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}
Statement& Statement::operator<<(int64_t number) {
  check(sqlite3_bind_int64(statement_.get(), ++bound_, number));
  return *this;
}

bool Statement::step() {
  const int status = sqlite3_step(statement_.get());
  check(status);
  return status == SQLITE_ROW;
}
void Statement::run() {
  while (step()) {}
}

std::string Statement::text(int column) const {
  const auto* at = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return at == nullptr ? std::string()
                       : std::string(at, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column)));
}
int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

Database::Database(const std::string& path, bool create) {
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_FULLMUTEX;
  const int status = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
  handle_.reset(opened);
  if (status != SQLITE_OK) throw DatabaseError(path + ": " + sqlite3_errstr(status));
  constexpr int kPatienceMs = 5000;
  sqlite3_busy_timeout(opened, kPatienceMs);
  execute("PRAGMA journal_mode=WAL");
  execute("PRAGMA synchronous=FULL");
  execute("PRAGMA foreign_keys=ON");
  execute(kSchema);
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    throw DatabaseError(sqlite3_errmsg(handle_.get()));
}

Transaction::~Transaction() {
  if (!is_open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const DatabaseError&) {
    // The connection is broken; nothing of the transaction will be there.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  is_open_ = false;
}

}  // namespace store
