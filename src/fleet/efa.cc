#include "fleet/efa.h"

#include <filesystem>
#include <optional>
#include <sstream>

#include "fleet/programs.h"

namespace ringmaster::fleet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSystemFolders[] = {"/lib64", "/usr/lib64", "/usr/local/lib", "/usr/lib",
                                          "/usr/lib/x86_64-linux-gnu"};

// Empty: it lists the provider.
std::string why_no_provider(Deadline deadline) {
  std::string why_not;
  std::optional<Answer> answer;
  for (const char* program : {"fi_info", "/opt/amazon/efa/bin/fi_info"}) {
    answer = ask({program, "-p", "efa"}, deadline, why_not);
    if (answer && answer->exit_code != 127) break;
  }
  if (!answer || answer->exit_code == 127) return "fi_info is not there: " + why_not;
  if (answer->exit_code == 0 && answer->output.find("provider: efa") != std::string::npos)
    return "";
  return "fi_info -p efa lists no provider";
}

}  // namespace

int count_cards(const std::string& sys, const std::string& driver) {
  std::error_code error;
  int cards = 0;
  for (const auto& card : fs::directory_iterator(fs::path(sys) / "class/infiniband", error)) {
    const fs::path link = fs::read_symlink(card.path() / "device/driver", error);
    if (!error && link.filename() == driver) ++cards;
  }
  return cards;
}

std::string find_library(const std::string& name, const std::string& library_path) {
  std::error_code error;
  std::istringstream folders(library_path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path file = fs::path(folder) / name;
    if (!folder.empty() && fs::exists(file, error)) return file.string();
  }
  for (const char* folder : kSystemFolders) {
    const fs::path file = fs::path(folder) / name;
    if (fs::exists(file, error)) return file.string();
  }
  return "";
}

Efa look_for_efa(const std::string& sys, const std::string& library_path,
                 const std::string& net_plugin, Deadline deadline) {
  Efa efa;
  efa.cards = count_cards(sys, "efa");
  // NCCL's own rule: libnccl-net.so, or libnccl-net-NAME.so where NCCL_NET_PLUGIN names one.
  const std::string name =
      net_plugin.empty() ? "libnccl-net.so" : "libnccl-net-" + net_plugin + ".so";
  efa.plugin = find_library(name, library_path);
  if (efa.cards > 0) efa.provider = why_no_provider(deadline);
  return efa;
}

}  // namespace ringmaster::fleet
