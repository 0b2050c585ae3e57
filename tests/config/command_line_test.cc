#include "config/command_line.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "base/check.h"

namespace ringmaster::config {
namespace {

struct Calls {
  std::string input;
  std::int64_t shards = 8;
  double quality = 0.9;
  bool json = false;
  std::vector<std::string> ran;
};

Program make_program(Calls& calls) {
  Command pack{"pack", "Pack images into shards", {}, {}};
  pack.keys.group("source");
  pack.keys.add("input", &calls.input, "Folder of class folders.", {required(), positional()});
  pack.keys.group("output");
  pack.keys.add("shards", &calls.shards, "How many files the set is split into.",
                {at_least(1), unit("files"), alias("n")});
  pack.keys.add("quality", &calls.quality,
                "Share of the detail that is kept where an image has to be encoded again, which "
                "happens only to images that are larger than asked for.",
                {in_range(0, 1)});
  pack.keys.add("json", &calls.json, "Print JSON.", {flag(), unrecorded()});
  pack.run = [&calls](const Declarations&) {
    calls.ran.push_back("pack " + calls.input);
    return 0;
  };
  Command bench{"bench loader", "Measure the loader", {}, [&calls](const Declarations&) -> int {
                  calls.ran.push_back("bench loader");
                  throw Error(ErrorKind::kBadData, "shard 3 is truncated");
                }};
  Command crash{"bench ring", "Measure the ring", {}, [](const Declarations&) -> int {
                  throw std::runtime_error("out of luck");
                }};
  return {"prog", "does things", "1.2.3", {pack, bench, crash}};
}

class CommandLineTest : public ::testing::Test {
 protected:
  Invocation parse_line(std::vector<std::string> arguments) {
    return parse_command(program_, arguments, *files_);
  }
  std::string refusal(std::vector<std::string> arguments) {
    try {
      (void)parse_line(std::move(arguments));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }
  int run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "prog");
    return run_program(program_, static_cast<int>(arguments.size()), arguments.data());
  }

  std::unique_ptr<FileSystem> files_ = posix_file_system();
  Calls calls_;
  Program program_ = make_program(calls_);
};

TEST_F(CommandLineTest, ProgramHelp) {
  EXPECT_EQ(parse_line({"--help"}).text,
            "prog: does things\n"
            "\n"
            "usage: prog COMMAND [--KEY VALUE ...]\n"
            "\n"
            "commands:\n"
            "  pack          Pack images into shards\n"
            "  bench loader  Measure the loader\n"
            "  bench ring    Measure the ring\n"
            "\n"
            "prog COMMAND --help lists the command's keys; prog --version prints 1.2.3.\n");
  EXPECT_EQ(parse_line({"--version"}).text, "prog 1.2.3\n");
}

TEST_F(CommandLineTest, CommandHelpWinsOverErrors) {
  EXPECT_EQ(parse_line({"pack", "--bogus", "-h"}).text,
            "prog pack: Pack images into shards\n"
            "\n"
            "usage: prog pack INPUT [--KEY VALUE ...]\n"
            "\n"
            "source:\n"
            "  --input TEXT   (or without its name)\n"
            "      Folder of class folders. Required.\n"
            "\n"
            "output:\n"
            "  --shards N, --n\n"
            "      How many files the set is split into. Takes an integer from 1 (files). "
            "Default: 8.\n"
            "  --quality X\n"
            "      Share of the detail that is kept where an image has to be encoded again, which "
            "happens only to\n"
            "      images that are larger than asked for. Takes a number from 0 to 1. "
            "Default: 0.9.\n"
            "  --json\n"
            "      Print JSON.\n");
}

TEST_F(CommandLineTest, FindsOneAndTwoWordCommands) {
  const Invocation pack = parse_line({"pack", "in", "--shards", "3"});
  ASSERT_NE(pack.command, nullptr);
  EXPECT_EQ(pack.command->name, "pack");
  EXPECT_EQ(calls_.shards, 3);
  EXPECT_EQ(parse_line({"bench", "ring"}).command->name, "bench ring");
}

TEST_F(CommandLineTest, UnknownCommandsNameTheNearest) {
  EXPECT_EQ(refusal({"pakc", "--input", "x"}),
            "unknown command 'pakc'; did you mean 'pack'? (prog --help lists all)");
  EXPECT_EQ(refusal({"bench", "laoder"}),
            "unknown command 'bench laoder'; did you mean 'bench loader'? (prog --help lists all)");
  EXPECT_EQ(refusal({"bench ring"}),
            "unknown command 'bench ring'; did you mean 'bench ring'? (prog --help lists all)");
  EXPECT_EQ(refusal({}), "a command is missing; prog --help lists them");
  EXPECT_NE(refusal({"--shards", "3"}).find("unknown command '--shards'"), std::string::npos);
}

TEST_F(CommandLineTest, ExitCodesAndOneLine) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run({"pack", "in"}), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(calls_.ran, std::vector<std::string>{"pack in"});

  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run({"pack"}), 2);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "prog: bad usage: command line: --input is missing: Folder of class folders.\n");

  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run({"bench", "loader"}), 3);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "prog: bad data: shard 3 is truncated\n");

  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run({"bench", "ring"}), 1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "prog: internal error: out of luck\n");
}

TEST_F(CommandLineTest, HelpGoesToStandardOutput) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run({"--version"}), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "prog 1.2.3\n");
}

}  // namespace
}  // namespace ringmaster::config
