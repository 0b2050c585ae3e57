#include "config/render.h"

#include <gtest/gtest.h>

#include "config/parse.h"

namespace ringmaster::config {
namespace {

class RenderTest : public ::testing::Test {
 protected:
  RenderTest() {
    keys_.group("model");
    keys_.add("model", &model_, "Which network.");
    keys_.group("optimisation");
    keys_.add("epochs", &epochs_, "How often.", {unit("epochs")});
    keys_.add("max_lr", &max_lr_, "Peak rate.");
    keys_.add("milestones", &milestones_, "Decay.");
    keys_.add("flip", &flip_, "Mirror.");
    keys_.add("run", &run_, "Folder.", {unrecorded()});
    assign(keys_, {{"max_lr", "5e-4", "r.cfg:7"}, {"model", "a b", kCommandLine}});
  }

  std::string model_ = "resnet50", run_ = "runs/1";
  std::int64_t epochs_ = 90;
  double max_lr_ = 0.1;
  std::vector<std::int64_t> milestones_ = {30, 60};
  bool flip_ = true;
  Declarations keys_;
};

TEST_F(RenderTest, StartupTable) {
  EXPECT_EQ(table_text(keys_),
            "model       a b        command line\n"
            "epochs      90 epochs  default\n"
            "max_lr      5e-04      r.cfg:7\n"
            "milestones  30,60      default\n"
            "flip        true       default\n"
            "run         runs/1     default\n");
}

TEST_F(RenderTest, RecordedCopy) {
  EXPECT_EQ(config_text(keys_),
            "# Resolved configuration; --config takes it again.\n"
            "\n"
            "# model\n"
            "model = a b                             # command line\n"
            "\n"
            "# optimisation\n"
            "epochs = 90                             # default\n"
            "max_lr = 5e-04                          # r.cfg:7\n"
            "milestones = 30,60                      # default\n"
            "flip = true                             # default\n");
}

TEST_F(RenderTest, JsonKeepsTypesAndOrder) {
  EXPECT_EQ(config_json(keys_),
            "{\n"
            "  \"model\": \"a b\",\n"
            "  \"epochs\": 90,\n"
            "  \"max_lr\": 0.0005,\n"
            "  \"milestones\": [\n"
            "    30,\n"
            "    60\n"
            "  ],\n"
            "  \"flip\": true\n"
            "}");
}

}  // namespace
}  // namespace ringmaster::config
