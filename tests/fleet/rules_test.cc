#include "fleet/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::fleet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kGib = std::uint64_t{1} << 30;

// `hosts` sound hosts with `ranks` ranks each.
Findings sound(int hosts, int ranks = 1, int gpus = 0) {
  Findings findings;
  for (int host = 0; host < hosts; ++host) {
    findings.hosts.push_back("node" + std::to_string(host));
    for (int local = 0; local < ranks; ++local) {
      Facts facts;
      facts.rank = host * ranks + local;
      facts.local_rank = local;
      facts.host = findings.hosts.back();
      facts.visible_devices = "-";
      facts.open_files = 65536;
      if (local == 0) {
        facts.versions = {{"kernel", "6.1"}, {"NVIDIA driver", "570.1"}};
        for (int i = 0; i < gpus; ++i)
          facts.gpus.push_back({"GPU-" + facts.host + "-" + std::to_string(i), "A100"});
        facts.shared_memory_bytes = facts.run_free_bytes = 100 * kGib;
        facts.data_hash = "abc";
        facts.shards = 8;
      }
      findings.facts.push_back(facts);
      findings.measured.clock_offsets.push_back(0.001 * host);
    }
  }
  for (int a = 0; a < hosts; ++a) {
    for (int b = a + 1; b < hosts; ++b) findings.measured.links.push_back({a, b, 9.0});
  }
  return findings;
}

// The one fault of `findings`; a default one where there is none or more.
Fault only_fault(Findings findings, const Requirements& requirements = {}) {
  findings.faults = judge(findings, requirements);
  EXPECT_EQ(findings.faults.size(), 1U) << to_text(findings);
  if (findings.faults.size() != 1) return {};
  EXPECT_FALSE(findings.faults[0].remedy.empty());
  return findings.faults[0];
}

TEST(Rules, SoundHostsHaveNoFault) {
  EXPECT_THAT(judge(sound(1), {}), IsEmpty());
  EXPECT_THAT(judge(sound(4, 8, 8), {}), IsEmpty());
}

TEST(Rules, AFaultOfSomeHostsIsTheirsAndOneOfAllStops) {
  Requirements wants;
  wants.memlock_gib = 16;
  Findings findings = sound(3);
  findings.facts[1].memlock_bytes = 64 << 10;
  Fault fault = only_fault(findings, wants);
  EXPECT_EQ(fault.exit_code, kExitRequeue);
  EXPECT_THAT(fault.hosts, ElementsAre("node1"));
  EXPECT_THAT(fault.what, HasSubstr("64 KB"));
  EXPECT_THAT(fault.remedy, HasSubstr("memlock unlimited"));
  for (Facts& facts : findings.facts) facts.memlock_bytes = 64 << 10;
  EXPECT_EQ(only_fault(findings, wants).exit_code, 2);
}

TEST(Rules, CardsWantLockedMemory) {
  Findings findings = sound(2);
  for (Facts& facts : findings.facts) facts.memlock_bytes = 8 << 20;
  EXPECT_THAT(judge(findings, {}), IsEmpty());
  for (Facts& facts : findings.facts) facts.efa.cards = 4;
  EXPECT_EQ(only_fault(findings).check, "limits");
}

TEST(Rules, OpenFilesFollowShardsAndRanks) {
  Findings findings = sound(2);
  findings.facts[0].open_files = 1024;
  EXPECT_THAT(judge(findings, {}), IsEmpty());
  for (Facts& facts : findings.facts) facts.shards = 1000;
  const Fault fault = only_fault(findings);
  EXPECT_THAT(fault.hosts, ElementsAre("node0"));
  EXPECT_THAT(fault.what, HasSubstr("1024"));
}

TEST(Rules, SharedMemoryIsPerRank) {
  Findings findings = sound(3, 4);
  findings.facts[4].shared_memory_bytes = 64 << 20;  // Docker's default, for four ranks
  const Fault fault = only_fault(findings);
  EXPECT_EQ(fault.check, "shared memory");
  EXPECT_THAT(fault.hosts, ElementsAre("node1"));
}

TEST(Rules, TwoRanksOnOneDevice) {
  Findings findings = sound(2, 2, 2);
  findings.facts[0].visible_devices = "0,1";
  findings.facts[1].visible_devices = "1,0";  // its second one is the first rank's
  const Fault fault = only_fault(findings);
  EXPECT_EQ(fault.exit_code, 2);
  EXPECT_THAT(fault.what, HasSubstr("rank 0 on node0 and rank 1 on node0 both take GPU-node0-0"));
}

TEST(Rules, ARankWithoutAGpu) {
  Findings findings = sound(3, 2, 2);
  findings.facts[2].gpus.pop_back();
  const Fault fault = only_fault(findings);
  EXPECT_THAT(fault.hosts, ElementsAre("node1"));
  EXPECT_EQ(fault.exit_code, kExitRequeue);
  Requirements cpu;
  cpu.device = "cpu";
  EXPECT_THAT(judge(findings, cpu), IsEmpty());
}

TEST(Rules, ADriverThatDoesNotAnswer) {
  Findings findings = sound(3, 1, 1);
  findings.facts[1].gpus.clear();
  findings.facts[1].gpu_error = "nvidia-smi did not answer in time and was killed";
  findings.facts[1].versions.erase("NVIDIA driver");
  findings.faults = judge(findings, {});
  ASSERT_EQ(findings.faults.size(), 2U);  // and a version that differs
  EXPECT_EQ(findings.faults[0].check, "GPUs");
  EXPECT_THAT(findings.faults[0].what, HasSubstr("did not answer"));
  EXPECT_THAT(findings.to_drain(), ElementsAre("node1"));
}

TEST(Rules, AnInstanceTypeHasSoManyGpusAndCards) {
  Requirements wants;
  wants.instance = Instance{"p4d.24xlarge", 8, 4, 0, 0};
  Findings findings = sound(2, 4, 8);
  for (Facts& facts : findings.facts) facts.efa = {4, "/opt/libnccl-net.so", ""};
  EXPECT_THAT(judge(findings, wants), IsEmpty());
  findings.facts[4].efa.cards = 3;
  EXPECT_THAT(only_fault(findings, wants).hosts, ElementsAre("node1"));
  findings.facts[4].efa = {4, "", ""};
  EXPECT_THAT(only_fault(findings, wants).remedy, HasSubstr("LD_LIBRARY_PATH"));
  findings.facts[4].efa = {4, "/opt/libnccl-net.so", "lists no provider"};
  EXPECT_THAT(only_fault(findings, wants).remedy, HasSubstr("fi_info -p efa"));
  findings.facts[4].efa = findings.facts[0].efa;
  findings.facts[4].gpus.pop_back();
  EXPECT_THAT(only_fault(findings, wants).what, HasSubstr("the 8 GPUs of a p4d.24xlarge"));
}

TEST(Rules, VersionsAreAlike) {
  Findings findings = sound(3);
  findings.facts[2].versions["NVIDIA driver"] = "535.9";
  Fault fault = only_fault(findings);
  EXPECT_THAT(fault.hosts, ElementsAre("node2"));
  EXPECT_THAT(fault.what, HasSubstr("535.9 on node2; 570.1 on the others"));
  findings.facts[2].versions.erase("NVIDIA driver");
  EXPECT_THAT(only_fault(findings).what, HasSubstr("none on node2"));
  findings = sound(2);
  findings.facts[1].versions["kernel"] = "6.2";
  EXPECT_THAT(only_fault(findings).hosts, ElementsAre("node0", "node1"));  // which one is odd?
}

TEST(Rules, AnotherDataSetOnOneHostStops) {
  Findings findings = sound(3);
  findings.facts[1].data_hash = "def";
  Fault fault = only_fault(findings);
  EXPECT_EQ(fault.exit_code, 3);
  EXPECT_THAT(fault.hosts, ElementsAre("node1"));
  findings.facts[1].data_error = "train-00000.rms ends early";
  fault = only_fault(findings);
  EXPECT_EQ(fault.exit_code, 3);
  EXPECT_THAT(fault.what, HasSubstr("ends early"));
}

TEST(Rules, AFullDiskStops) {
  Findings findings = sound(2);
  findings.facts[1].run_free_bytes = 16 << 20;
  Fault fault = only_fault(findings);
  EXPECT_EQ(fault.exit_code, 4);
  EXPECT_THAT(fault.what, HasSubstr("16 MB"));
  findings.facts[1].run_error = "No space left on device";
  EXPECT_EQ(only_fault(findings).exit_code, 4);
}

TEST(Rules, AWrongClockIsNamedWhereItCanBeTold) {
  Findings findings = sound(3);
  findings.measured.clock_offsets = {-120.0, 0.01, 0};
  Fault fault = only_fault(findings);
  EXPECT_THAT(fault.hosts, ElementsAre("node0"));
  EXPECT_EQ(fault.exit_code, kExitRequeue);
  findings = sound(2);
  findings.measured.clock_offsets = {0, 120};
  fault = only_fault(findings);
  EXPECT_THAT(fault.hosts, ElementsAre("node0", "node1"));
  EXPECT_EQ(fault.exit_code, 2);
}

TEST(Rules, ASlowNodeIsNamed) {
  Findings findings = sound(4);
  for (Link& link : findings.measured.links) {
    if (link.a == 2 || link.b == 2) link.gbps = 0.1;
  }
  const Fault fault = only_fault(findings);
  EXPECT_THAT(fault.hosts, ElementsAre("node2"));
  EXPECT_THAT(fault.what, HasSubstr("100 Mbit/s, the others' 9 Gbit/s"));
}

TEST(Rules, LinksAndReductionAreComparedWithTheInstanceType) {
  Requirements wants;
  wants.instance = Instance{"p4d.24xlarge", 0, 0, 10, 400};
  Findings findings = sound(2, 1, 1);
  findings.measured.reduction = {40, 1 << 28};
  EXPECT_THAT(judge(findings, wants), IsEmpty());
  findings.measured.reduction = {2, 1 << 28};  // as over TCP
  Fault fault = only_fault(findings, wants);
  EXPECT_EQ(fault.check, "allreduce");
  EXPECT_EQ(fault.exit_code, 2);
  findings.measured.reduction = {40, 1 << 28};
  findings.measured.links[0].gbps = 1;
  EXPECT_THAT(only_fault(findings, wants).what, HasSubstr("1 Gbit/s"));
}

TEST(Findings, WhatRestartingCantCureCounts) {
  Findings findings = sound(3);
  EXPECT_EQ(findings.exit_code(), kExitDone);
  findings.faults = {{"links", {"node1"}, "", "", kExitRequeue}};
  EXPECT_EQ(findings.exit_code(), kExitRequeue);
  EXPECT_THAT(findings.to_drain(), ElementsAre("node1"));
  findings.faults.push_back({"data set", {"node2"}, "", "", 3});
  EXPECT_EQ(findings.exit_code(), 3);
  EXPECT_THAT(findings.to_drain(), IsEmpty());
  findings.faults.push_back({"limits", findings.hosts, "", "", 2});
  EXPECT_EQ(findings.exit_code(), 2);
}

}  // namespace
}  // namespace ringmaster::fleet
