// links: rm_fleet rm_comm
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "fleet/clocks.h"
#include "fleet/efa.h"
#include "fleet/gpus.h"
#include "fleet/instance_table.h"
#include "fleet/links.h"
#include "fleet/pairing.h"
#include "fleet/preflight.h"
#include "fleet/programs.h"
#include "fleet/watchdog.h"
#include "tests/comm/threads.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::fleet {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Pairing, AllMeetOnceInDisjointRounds) {
  for (int hosts = 2; hosts <= 9; ++hosts) {
    std::set<Pair> met;
    for (int round = 0; round < tournament_rounds(hosts); ++round) {
      std::set<int> busy;
      for (const auto& [a, b] : pairs_of_round(hosts, round)) {
        EXPECT_LT(a, b);
        EXPECT_TRUE(busy.insert(a).second && busy.insert(b).second) << hosts << " " << round;
        EXPECT_TRUE(met.emplace(a, b).second) << hosts << " " << round;
      }
    }
    EXPECT_THAT(met, SizeIs(hosts * (hosts - 1) / 2));
  }
  EXPECT_EQ(tournament_rounds(1), 0);
}

TEST(Pairing, AHostIsAsGoodAsItsBestLink) {
  const std::vector<Link> links = {{0, 1, 1.0}, {2, 3, 10.0}, {0, 2, 10.0}, {1, 3, 1.0}};
  const std::vector<double> speeds = host_speeds(links, 4);
  EXPECT_THAT(speeds, ElementsAre(10.0, 1.0, 10.0, 10.0));
  EXPECT_THAT(slow_hosts(speeds, 0.5), ElementsAre(1));
  EXPECT_THAT(slow_hosts({1.0, 10.0}, 0.5), IsEmpty());
}

TEST(Links, LeadersAreTheFirstRanksOfTheirHosts) {
  EXPECT_THAT(host_leaders(comm::make_world({"a", "a", "b", "a", "c", "b"}, 0)),
              ElementsAre(0, 2, 4));
}

TEST(Gpus, TheDriversList) {
  const GpuList list = parse_gpu_list(
      "GPU-aaaa-1, NVIDIA A100-SXM4-40GB, 570.86.15\nGPU-bbbb-2, NVIDIA A100-SXM4-40GB, "
      "570.86.15\n");
  ASSERT_THAT(list.gpus, SizeIs(2));
  EXPECT_EQ(list.gpus[1], (Gpu{"GPU-bbbb-2", "NVIDIA A100-SXM4-40GB"}));
  EXPECT_EQ(list.driver, "570.86.15");
  EXPECT_THAT(parse_gpu_list("No devices were found\n").gpus, IsEmpty());
}

TEST(Gpus, VisibleAsCudaHasIt) {
  const std::vector<Gpu> all = {{"GPU-aa", ""}, {"GPU-ab", ""}, {"GPU-c", ""}};
  const auto ids = [&](const std::string& visible) {
    std::string text;
    for (const Gpu& gpu : visible_gpus(all, visible)) text += gpu.id + " ";
    return text;
  };
  EXPECT_EQ(ids("-"), "GPU-aa GPU-ab GPU-c ");
  EXPECT_EQ(ids("2,0"), "GPU-c GPU-aa ");
  EXPECT_EQ(ids("1,7,0"), "GPU-ab ");  // what follows one that is not there is hidden
  EXPECT_EQ(ids("GPU-ab"), "GPU-ab ");
  EXPECT_EQ(ids(""), "");
  EXPECT_EQ(ids("-1"), "");
}

TEST(Efa, CardsOfItsDriverAndThePlugin) {
  const testing::TempDir sys;
  EXPECT_EQ(count_cards(sys.path(), "efa"), 0);
  for (const char* const card : {"rdmap1", "rdmap2", "mlx5_0"}) {
    const fs::path device = fs::path(sys / "class/infiniband") / card / "device";
    fs::create_directories(device);
    fs::create_symlink(card[0] == 'r' ? "../../../drivers/efa" : "../../../drivers/mlx5_core",
                       device / "driver");
  }
  EXPECT_EQ(count_cards(sys.path(), "efa"), 2);
  fs::create_directories(sys / "plugin");
  std::ofstream(sys / "plugin/libnccl-net-ofi.so") << "x";
  const Deadline deadline = Deadline::after(std::chrono::seconds(20));
  const Efa efa = look_for_efa(sys.path(), "/nowhere::" + sys / "plugin", "ofi", deadline);
  EXPECT_EQ(efa.cards, 2);
  EXPECT_EQ(efa.plugin, sys / "plugin/libnccl-net-ofi.so");
  EXPECT_FALSE(efa.provider.empty());  // no EFA here
  EXPECT_EQ(look_for_efa(sys.path(), "", "nobody", deadline).plugin, "");
}

TEST(Programs, AnswerWithinTheirTime) {
  std::string why_not;
  const auto answer = ask({"sh", "-c", "echo so; echo said >&2; exit 3"},
                          Deadline::after(std::chrono::seconds(20)), why_not);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->exit_code, 3);
  EXPECT_EQ(answer->output, "so\nsaid\n");
  EXPECT_FALSE(
      ask({"sleep", "1000"}, Deadline::after(std::chrono::milliseconds(50)), why_not).has_value());
  EXPECT_THAT(why_not, HasSubstr("sleep did not answer"));
  EXPECT_FALSE(ask({"no-such-program"}, Deadline::after(std::chrono::seconds(1)), why_not));
}

TEST(Clocks, OffsetsFromRankZero) {
  testing::run_ranks(3, [](comm::ControlPlane& control) {
    const int rank = control.world().rank;
    const WallClock clock = [rank] { return wall_clock_ns() + rank * 100'000'000'000; };
    const auto offsets = clock_offsets(control, clock, Deadline::after(std::chrono::seconds(60)));
    ASSERT_THAT(offsets, SizeIs(3));
    for (int i = 0; i < 3; ++i) EXPECT_NEAR(offsets[static_cast<std::size_t>(i)], 100.0 * i, 10);
  });
}

TEST(Facts, SurviveTheWayToOtherRanks) {
  Facts facts;
  facts.rank = 3;
  facts.host = "node\"3";
  facts.versions["NCCL"] = "2.28.9";
  facts.gpus = {{"GPU-1", "A100"}};
  facts.efa = {4, "libnccl-net.so", ""};
  facts.data_error = "broken";
  EXPECT_EQ(parse_facts(to_json(facts)), facts);
}

TEST(InstanceTable, TheFileOfLaunchIsSound) {
  const auto files = posix_file_system();
  const std::string path = std::string(std::getenv("RINGMASTER_SOURCE")) + "/launch/instances.json";
  const auto p4d = find_instance(*files, path, "p4d.24xlarge");
  ASSERT_TRUE(p4d);
  EXPECT_EQ(p4d->gpus, 8);
  EXPECT_EQ(p4d->efa_cards, 4);
  EXPECT_EQ(p4d->network_gbps, 400);
  EXPECT_FALSE(find_instance(*files, path, "a laptop"));
  const testing::TempDir folder;
  std::ofstream(folder / "wrong.json") << R"({"x": {"gpus": "many"}})";
  EXPECT_THROW(std::ignore = find_instance(*files, folder / "wrong.json", "x"), Error);
}

TEST(Watchdog, SpeaksOnlyWhenItsTimeIsOver) {
  std::atomic<int> calls{0};
  {
    const Watchdog watchdog(std::chrono::hours(1), [&] { ++calls; });
  }
  EXPECT_EQ(calls, 0);
  const Watchdog watchdog(std::chrono::milliseconds(1), [&] { ++calls; });
  while (calls == 0) std::this_thread::yield();
  EXPECT_EQ(calls, 1);
}

// On this machine, with ranks that pretend to be two hosts.
TEST(Preflight, LooksAtARealMachine) {
  const auto files = posix_file_system();
  const testing::TempDir folder;
  testing::run_ranks({"a", "a", "b"}, [&](comm::ControlPlane& control) {
    PreflightOptions options;
    options.look.run_folder = folder / "runs/one";
    options.look.gpus = false;
    options.requirements.device = "cpu";
    options.requirements.run_free_gib = 0;
    options.requirements.shared_memory_mib = 0;
    const Findings findings =
        preflight(options, control, nullptr, *files, Deadline::after(std::chrono::seconds(100)));
    EXPECT_THAT(findings.faults, IsEmpty()) << to_text(findings);
    EXPECT_THAT(findings.hosts, ElementsAre("a", "b"));
    EXPECT_GT(findings.measured.reduction.busbw_gbs, 0);
    EXPECT_THAT(to_text(findings), HasSubstr("nothing stands in the way"));
  });
  EXPECT_THAT(files->list(folder / "runs/one"), IsEmpty());  // the probe is gone
}

}  // namespace
}  // namespace ringmaster::fleet
