#include "fleet/gpus.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/check.h"
#include "fleet/programs.h"

namespace ringmaster::fleet {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(trimmed(part));
  return parts;
}

const Gpu* find(const std::vector<Gpu>& all, const std::string& word) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
  if (error == std::errc() && end == word.data() + word.size())
    return index < all.size() ? &all[index] : nullptr;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Gpu& gpu) {
    return word.starts_with("GPU-") && gpu.id.starts_with(word);
  });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

GpuList parse_gpu_list(const std::string& csv) {
  GpuList list;
  for (const std::string& line : split(csv, '\n')) {
    const std::vector<std::string> fields = split(line, ',');
    if (fields.size() != 3 || !fields[0].starts_with("GPU-")) continue;
    list.gpus.push_back({fields[0], fields[1]});
    list.driver = fields[2];
  }
  return list;
}

GpuList list_gpus(Deadline deadline) {
  std::string why_not;
  const auto answer =
      ask({"nvidia-smi", "--query-gpu=uuid,name,driver_version", "--format=csv,noheader"}, deadline,
          why_not);
  GpuList list;
  if (answer && answer->exit_code == 0) return parse_gpu_list(answer->output);
  if (answer)
    list.error = join_text("nvidia-smi ends with ", answer->exit_code, ": ",
                           trimmed(answer->output.substr(0, 200)));
  else if (deadline.passed())
    list.error = why_not;  // else there is no such program
  return list;
}

std::vector<Gpu> visible_gpus(const std::vector<Gpu>& all, const std::string& visible_devices) {
  if (visible_devices == "-") return all;
  std::vector<Gpu> visible;
  for (const std::string& word : split(visible_devices, ',')) {
    const Gpu* gpu = find(all, word);
    if (gpu == nullptr) break;
    visible.push_back(*gpu);
  }
  return visible;
}

}  // namespace ringmaster::fleet
