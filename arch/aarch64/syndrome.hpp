// ESR_EL1: what an exception was (Arm ARM D19.2.37).
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

enum class Exception : u64 {  // the field EC
  Unknown = 0x00,
  FpuAccess = 0x07,
  BranchTarget = 0x0d,
  IllegalState = 0x0e,
  Svc = 0x15,
  RegisterAccess = 0x18,
  SveAccess = 0x19,
  PointerAuthentication = 0x1c,
  SmeAccess = 0x1d,
  UserInstructionAbort = 0x20,
  KernelInstructionAbort = 0x21,
  PcAlignment = 0x22,
  UserDataAbort = 0x24,
  KernelDataAbort = 0x25,
  StackAlignment = 0x26,
  FloatingPoint = 0x2c,
  SystemError = 0x2f,
  UserBreakpoint = 0x30,
  UserStep = 0x32,
  UserWatchpoint = 0x34,
  Brk = 0x3c,
};

class Syndrome {
 public:
  explicit Syndrome(u64 value) : value_(value) {}

  Exception exception() const { return static_cast<Exception>(value_ >> 26 & 0x3f); }
  bool is_data_abort() const { return is(Exception::UserDataAbort, Exception::KernelDataAbort); }
  bool is_instruction_abort() const { return is(Exception::UserInstructionAbort, Exception::KernelInstructionAbort); }
  bool is_page_fault() const {
    if (!is_data_abort() && !is_instruction_abort()) return false;
    return status() >= kTranslation && status() <= kPermissionLast;
  }
  bool is_permission_fault() const { return status() >= kPermission && status() <= kPermissionLast; }
  bool is_alignment_fault() const { return status() == kAlignment; }
  bool is_external_abort() const { return status() == kExternal || (status() & kWalkMask) == kExternalOnWalk; }
  // Cache maintenance is reported as a write, but needs no more than read access.
  bool is_write() const { return is_data_abort() && (value_ & kWrite) != 0 && (value_ & kCacheMaintenance) == 0; }

  // si_code of SIGFPE.
  int floating_point_code() const {
    constexpr int kDivide = 3, kOverflow = 4, kUnderflow = 5, kInexact = 6, kInvalid = 7;
    constexpr int kCodes[] = {kInvalid, kDivide, kOverflow, kUnderflow, kInexact};
    for (unsigned bit = 0; (value_ & kValidFlags) != 0 && bit < 5; ++bit) {
      if ((value_ >> bit & 1) != 0) return kCodes[bit];
    }
    return kInvalid;
  }

 private:
  // The field xFSC of aborts: faults of the four levels stand side by side.
  static constexpr u64 kTranslation = 0x04, kPermission = 0x0c, kPermissionLast = 0x0f, kExternal = 0x10;
  static constexpr u64 kExternalOnWalk = 0x14, kWalkMask = 0x3c, kAlignment = 0x21;
  static constexpr u64 kWrite = 1 << 6, kCacheMaintenance = 1 << 8, kValidFlags = 1 << 23;

  u64 status() const { return value_ & 0x3f; }
  bool is(Exception one, Exception other) const { return exception() == one || exception() == other; }

  u64 value_;
};

}  // namespace hal::arch
