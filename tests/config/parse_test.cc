#include "config/parse.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "config/render.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::config {
namespace {

struct Options {
  std::string model = "resnet50", note, input, config;
  std::int64_t epochs = 90, every = 0;
  double max_lr = 0.1;
  bool flip = true, json = false;
  std::vector<std::string> metrics = {"top1", "top5"};
  std::vector<std::int64_t> milestones = {30, 60};
};

class ParseTest : public ::testing::Test {
 protected:
  ParseTest() {
    keys_.group("model");
    keys_.add("model", &options_.model, "Which network.", {one_of({"resnet18", "resnet50"})});
    keys_.add("note", &options_.note, "Any text.");
    keys_.group("optimisation");
    keys_.add("epochs", &options_.epochs, "How often.", {at_least(1), unit("epochs")});
    keys_.add("max_lr", &options_.max_lr, "Peak rate.", {above(0), alias("lr")});
    keys_.add("flip", &options_.flip, "Mirror half of the images.");
    keys_.add("metrics", &options_.metrics, "What is counted.", {one_of({"top1", "top5"})});
    keys_.add("milestones", &options_.milestones, "Decay epochs.", {in_range(0, 1000)});
    keys_.group("run");
    keys_.add("every", &options_.every, "Every so many.", {zero_or_at_least(4)});
    keys_.add("input", &options_.input, "Source folder.", {positional(), unrecorded()});
    keys_.add("json", &options_.json, "Print JSON.", {flag(), unrecorded()});
    keys_.add("config", &options_.config, "Recipe.", {config_file()});
  }

  void parse_line(std::vector<std::string> arguments) { parse(keys_, arguments, *files_); }

  std::string write_file(const std::string& text) {
    write_atomically(*files_, dir_ / "recipe.cfg", text);
    return dir_ / "recipe.cfg";
  }

  // The message of the refusal, which must be of kind kInvalidArgument.
  std::string refusal(std::vector<std::string> arguments) {
    try {
      parse_line(std::move(arguments));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
  Options options_;
  Declarations keys_;
};

TEST_F(ParseTest, NothingGivenKeepsTheDefaults) {
  parse_line({});
  EXPECT_EQ(options_.epochs, 90);
  EXPECT_EQ(keys_.find("epochs")->origin, "default");
}

TEST_F(ParseTest, EveryTypeFromTheCommandLine) {
  parse_line({"--model", "resnet18", "--note=a = b # c", "--epochs", "3", "--max-lr", "5e-4",
              "--flip", "false", "--metrics", "top5", "--milestones=1, 2,3", "--json", "folder"});
  EXPECT_EQ(options_.model, "resnet18");
  EXPECT_EQ(options_.note, "a = b # c");
  EXPECT_EQ(options_.epochs, 3);
  EXPECT_EQ(options_.max_lr, 5e-4);
  EXPECT_FALSE(options_.flip);
  EXPECT_TRUE(options_.json);
  EXPECT_EQ(options_.metrics, std::vector<std::string>{"top5"});
  EXPECT_EQ(options_.milestones, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(options_.input, "folder");
  EXPECT_EQ(keys_.find("lr")->origin, "command line");
}

TEST_F(ParseTest, ZeroMayStandBesideABound) {
  for (const char* every : {"0", "4", "5"}) {
    parse_line({"--every", every});
    EXPECT_EQ(std::to_string(options_.every), every);
  }
}

TEST_F(ParseTest, DashesAndUnderscoresAreTheSameInKeysOnly) {
  parse_line({"--max_lr=1e-3", "--note", "a-b_c", "--", "--max-lr"});
  EXPECT_EQ(options_.max_lr, 1e-3);
  EXPECT_EQ(options_.note, "a-b_c");
  EXPECT_EQ(options_.input, "--max-lr");
}

TEST_F(ParseTest, CommandLineOverFileOverDefault) {
  const std::string path = write_file("epochs = 5\nmax_lr = 0.5  # peak\n\n# note\n");
  parse_line({"--config", path, "--epochs", "7"});
  EXPECT_EQ(options_.epochs, 7);
  EXPECT_EQ(options_.max_lr, 0.5);
  EXPECT_EQ(options_.model, "resnet50");
  EXPECT_EQ(keys_.find("max_lr")->origin, path + ":2");
  EXPECT_EQ(keys_.find("epochs")->origin, kCommandLine);
}

TEST_F(ParseTest, UnknownKeysNameTheNearestAndThePlace) {
  EXPECT_EQ(refusal({"--epoch", "3"}),
            "command line: unknown key 'epoch'; did you mean 'epochs'? (--help lists all)");
  EXPECT_EQ(refusal({"--max-rl=3"}),
            "command line: unknown key 'max_rl'; did you mean 'max_lr'? (--help lists all)");
  const std::string path = write_file("epochs = 5\nflipp = true\n");
  EXPECT_EQ(refusal({"--config", path}),
            path + ":2: unknown key 'flipp'; did you mean 'flip'? (--help lists all)");
}

TEST_F(ParseTest, BadValuesNameKeyValueAndWhatIsAllowed) {
  EXPECT_EQ(refusal({"--epochs", "1e3"}),
            "command line: epochs takes an integer from 1 (epochs), not '1e3'");
  EXPECT_EQ(refusal({"--epochs", "0"}),
            "command line: epochs takes an integer from 1 (epochs), not '0'");
  EXPECT_EQ(refusal({"--max-lr", "0"}), "command line: max_lr takes a number above 0, not '0'");
  EXPECT_EQ(refusal({"--max-lr", "-1"}), "command line: max_lr takes a number above 0, not '-1'");
  EXPECT_EQ(refusal({"--flip", "yes"}), "command line: flip takes true or false, not 'yes'");
  EXPECT_EQ(refusal({"--model", "resnet81"}),
            "command line: model takes one of resnet18, resnet50, not 'resnet81'; did you mean "
            "'resnet18'?");
  EXPECT_EQ(refusal({"--metrics", "top1,top3"}),
            "command line: metrics takes a list of top1, top5, not 'top3'; did you mean 'top1'?");
  EXPECT_EQ(refusal({"--milestones", "1,1001"}),
            "command line: milestones takes a list of integers, as in 1,2,3 from 0 to 1000, not "
            "'1,1001'");
  EXPECT_EQ(refusal({"--every", "3"}), "command line: every takes an integer 0 or from 4, not '3'");
  EXPECT_NE(refusal({"--milestones", "1,,2"}).find("not '1,,2'"), std::string::npos);
}

TEST_F(ParseTest, BadValueInTheFileIsAnErrorEvenWhereItIsOverridden) {
  const std::string path = write_file("epochs = many\n");
  EXPECT_EQ(refusal({"--config", path, "--epochs", "3"}),
            path + ":1: epochs takes an integer from 1 (epochs), not 'many'");
}

TEST_F(ParseTest, RepeatedKeysAreRefusedAlsoUnderAnAlias) {
  EXPECT_EQ(refusal({"--epochs", "3", "--epochs", "4"}),
            "command line: epochs is set a second time (first: '3' at command line)");
  EXPECT_EQ(refusal({"--lr", "3", "--max_lr", "4"}),
            "command line: max_lr is set a second time (first: '3' at command line)");
  const std::string path = write_file("epochs = 5\nepochs = 5\n");
  EXPECT_EQ(refusal({"--config", path}),
            path + ":2: epochs is set a second time (first: '5' at " + path + ":1)");
}

TEST_F(ParseTest, MissingAndUnwantedValues) {
  EXPECT_EQ(refusal({"--epochs"}),
            "command line: --epochs needs a value: an integer from 1 (epochs)");
  EXPECT_EQ(refusal({"--epochs", "--flip", "true"}),
            "command line: --epochs needs a value: an integer from 1 (epochs)");
  parse_line({"--note=--dashes"});
  EXPECT_EQ(options_.note, "--dashes");
  EXPECT_EQ(refusal({"--json=true"}), "command line: --json is a flag and takes no value");
  EXPECT_EQ(refusal({"a", "b"}), "command line: unexpected 'b'");
  EXPECT_EQ(refusal({"a", "-e"}), "command line: unexpected '-e'; keys are written --key");
}

TEST_F(ParseTest, EmptyValueOnTheCommandLine) {
  options_.note = "was set";
  parse_line({"--note", ""});
  EXPECT_EQ(options_.note, "");
}

TEST_F(ParseTest, MissingRequiredKeyIsNamedWithItsHelp) {
  std::string output;
  keys_.add("output", &output, "Where the shards go.", {required()});
  EXPECT_EQ(refusal({"in"}), "command line: --output is missing: Where the shards go.");
  parse_line({"in", "--output", "x"});
  EXPECT_EQ(output, "x");
}

TEST_F(ParseTest, ConfigurationFilesDoNotNest) {
  const std::string path = write_file("config = other.cfg\n");
  EXPECT_NE(refusal({"--config", path}).find("belongs on the command line"), std::string::npos);
}

TEST_F(ParseTest, AbsentConfigurationFileIsAnIoError) {
  try {
    parse_line({"--config", dir_ / "absent.cfg"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_NE(std::string(error.what()).find("absent.cfg"), std::string::npos);
  }
}

TEST_F(ParseTest, DumpAndParseAgainGiveTheSame) {
  parse_line({"--note", " \"quoted\" # and \\ \n two lines ", "--max-lr", "0.30000000000000004",
              "--milestones", "", "--metrics", "top5,top1", "in"});
  const Options before = options_;
  const std::string text = config_text(keys_);
  options_ = Options();
  parse_line({"--config", write_file(text)});
  EXPECT_EQ(options_.note, before.note);
  EXPECT_EQ(options_.max_lr, before.max_lr);
  EXPECT_EQ(options_.milestones, before.milestones);
  EXPECT_EQ(options_.metrics, before.metrics);
  EXPECT_EQ(options_.input, "");  // unrecorded
  EXPECT_EQ(config_text(keys_).find("command line"), std::string::npos);

  options_ = Options();
  assign(keys_, parse_config_text(text, "checkpoint"));
  EXPECT_EQ(options_.note, before.note);
  EXPECT_EQ(keys_.find("note")->origin, "checkpoint:5");
}

TEST_F(ParseTest, WrongDeclarationsAreBugs) {
  EXPECT_THROW(keys_.add("epochs", &options_.epochs, ""), Error);
  EXPECT_THROW(keys_.add("lr", &options_.max_lr, ""), Error);
  EXPECT_THROW(keys_.add("Upper", &options_.max_lr, ""), Error);
  EXPECT_THROW(keys_.add("verbose", &options_.epochs, "", {flag()}), Error);
}

}  // namespace
}  // namespace ringmaster::config
