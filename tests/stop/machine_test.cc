// What this process reads of its machine: EC2 or not, and the end of its allocation.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stop/ec2.h"
#include "stop/time_limit.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::stop {
namespace {

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

TEST(OnEc2, NoFilesSayNo) {
  const testing::TempDir sys;
  EXPECT_FALSE(on_ec2(sys.path()));
}

TEST(OnEc2, AnotherVendorSaysNo) {
  const testing::TempDir sys;
  write(sys.path() + "/class/dmi/id/sys_vendor", "Dell Inc.\n");
  write(sys.path() + "/class/dmi/id/board_vendor", "\n");
  write(sys.path() + "/class/dmi/id/bios_version", "2.1.7\n");
  write(sys.path() + "/hypervisor/uuid", "0d2c53c0-ec2a-4d1b\n");
  EXPECT_FALSE(on_ec2(sys.path()));
}

TEST(OnEc2, EachMarkSaysYes) {
  for (const auto& [file, text] : {std::pair{"/class/dmi/id/sys_vendor", "Amazon EC2\n"},
                                   {"/class/dmi/id/board_vendor", "Amazon EC2\n"},
                                   {"/class/dmi/id/bios_version", "4.11.amazon\n"},
                                   {"/hypervisor/uuid", "ec2e1916-9099-7caf\n"},
                                   {"/hypervisor/uuid", "EC2E1916-9099-7CAF\n"}}) {
    const testing::TempDir sys;
    write(sys.path() + file, text);
    EXPECT_TRUE(on_ec2(sys.path())) << file;
  }
}

TEST(AllocationEnd, ReadsSlurmsTime) {
  ::unsetenv("SLURM_JOB_END_TIME");
  EXPECT_FALSE(allocation_end().has_value());
  ::setenv("SLURM_JOB_END_TIME", "1795000000", 1);
  ASSERT_TRUE(allocation_end().has_value());
  EXPECT_EQ(std::chrono::system_clock::to_time_t(*allocation_end()), 1795000000);
  for (const char* bad : {"soon", "", "12x", "-5"}) {
    ::setenv("SLURM_JOB_END_TIME", bad, 1);
    EXPECT_THROW((void)allocation_end(), Error) << bad;
  }
  ::unsetenv("SLURM_JOB_END_TIME");
}

}  // namespace
}  // namespace ringmaster::stop
