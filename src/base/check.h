// Checks that stay in every build. RM_CHECK* are for our own invariants (kInternal: a bug);
// RM_REQUIRE is for what comes from outside (arguments, files) and takes the kind. The message is
// built only when the check fails.
#pragma once

#include <sstream>
#include <string>

#include "base/error.h"

namespace ringmaster {

// Joins anything that an ostream takes; for messages, off the hot path.
template <typename... Parts>
std::string join_text(const Parts&... parts) {
  std::ostringstream out;
  static_cast<void>((out << ... << parts));
  return out.str();
}

[[noreturn]] void fail_check(const char* file, int line, const char* expression,
                             const std::string& message);

}  // namespace ringmaster

#define RM_CHECK(condition, ...)                                      \
  do {                                                                \
    if (!(condition))                                                 \
      ::ringmaster::fail_check(__FILE__, __LINE__, #condition,        \
                               ::ringmaster::join_text(__VA_ARGS__)); \
  } while (false)

#define RM_CHECK_OP_(op, a, b, ...)                                                      \
  do {                                                                                   \
    const auto& rm_a_ = (a);                                                             \
    const auto& rm_b_ = (b);                                                             \
    if (!(rm_a_ op rm_b_))                                                               \
      ::ringmaster::fail_check(                                                          \
          __FILE__, __LINE__, #a " " #op " " #b,                                         \
          ::ringmaster::join_text("(", rm_a_, " against ", rm_b_, ") ", ##__VA_ARGS__)); \
  } while (false)

#define RM_CHECK_EQ(a, b, ...) RM_CHECK_OP_(==, a, b, ##__VA_ARGS__)
#define RM_CHECK_LE(a, b, ...) RM_CHECK_OP_(<=, a, b, ##__VA_ARGS__)
#define RM_CHECK_LT(a, b, ...) RM_CHECK_OP_(<, a, b, ##__VA_ARGS__)

// RM_REQUIRE(condition, ErrorKind::kBadData, "shard ", path, " is truncated: ...")
#define RM_REQUIRE(condition, kind, ...)                                                     \
  do {                                                                                       \
    if (!(condition)) throw ::ringmaster::Error(kind, ::ringmaster::join_text(__VA_ARGS__)); \
  } while (false)
