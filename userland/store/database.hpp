// SQLite with prepared statements only: text from outside is always a bound value.
//
// A Database is one connection, used by one thread at a time; its owner has the lock. Errors are DatabaseError.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace store {

class DatabaseError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Statement {
 public:
  Statement(sqlite3* database, const char* sql);
  // Binds the next parameter.
  Statement& operator<<(std::string_view text);
  Statement& operator<<(int64_t number);
  // True while there is a row.
  bool step();
  void run();
  std::string text(int column) const;
  int64_t number(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void check(int status) const;
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

class Database {
 public:
  // Opens the file, or makes it where `create` says so, with all tables.
  Database(const std::string& path, bool create);
  Statement prepare(const char* sql) { return {handle_.get(), sql}; }
  int64_t last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
  int64_t changes() const { return sqlite3_changes(handle_.get()); }
  void execute(const char* sql);

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

// Rolls back unless commit() was reached.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool is_open_ = true;
};

}  // namespace store
