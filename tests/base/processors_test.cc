#include "base/processors.h"

#include <thread>

#include <gtest/gtest.h>
#include <sched.h>

namespace ringmaster {
namespace {

TEST(Processors, AreThoseThatTheThreadMayUse) {
  const Processors all = allowed_processors();
  ASSERT_GT(all.count, 0);
  Processors one;
  std::thread([&] {
    cpu_set_t first;
    CPU_ZERO(&first);
    ASSERT_EQ(::sched_getaffinity(0, sizeof first, &first), 0);
    int kept = 0;
    for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
      if (CPU_ISSET(processor, &first) && kept++ > 0) CPU_CLR(processor, &first);
    }
    ASSERT_EQ(::sched_setaffinity(0, sizeof first, &first), 0);
    one = allowed_processors();
  }).join();
  EXPECT_EQ(one.count, 1);
  EXPECT_EQ(one.id == all.id, all.count == 1);
  EXPECT_EQ(allowed_processors().id, all.id);
}

}  // namespace
}  // namespace ringmaster
