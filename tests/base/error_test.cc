#include "base/error.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "base/check.h"

namespace ringmaster {
namespace {

TEST(Error, ExitCodesAreTheDocumentedOnes) {
  EXPECT_EQ(exit_code(ErrorKind::kInternal), 1);
  EXPECT_EQ(exit_code(ErrorKind::kInvalidArgument), 2);
  EXPECT_EQ(exit_code(ErrorKind::kNotSupported), 2);
  EXPECT_EQ(exit_code(ErrorKind::kBadData), 3);
  EXPECT_EQ(exit_code(ErrorKind::kIo), 4);
  EXPECT_EQ(exit_code(ErrorKind::kTimeout), 75);
  EXPECT_EQ(exit_code(ErrorKind::kPeerLost), 75);
}

TEST(Check, SaysBothValues) {
  try {
    RM_CHECK_EQ(1 + 1, 3, "while counting");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
    const std::string text = error.what();
    EXPECT_NE(text.find("2 against 3"), std::string::npos) << text;
    EXPECT_NE(text.find("while counting"), std::string::npos) << text;
  }
}

TEST(Error, IoErrorCarriesErrnosText) {
  EXPECT_STREQ(io_error("write to x", ENOSPC).what(), "write to x: No space left on device");
}

}  // namespace
}  // namespace ringmaster
