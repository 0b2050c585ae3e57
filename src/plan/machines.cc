#include "plan/machines.h"

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace ringmaster::plan {
namespace {

using Json = nlohmann::json;

// A value of the table, with its place for messages: "FILE: machines.p4d.ranks".
class Node {
 public:
  Node(const Json& json, std::string place) : json_(json), place_(std::move(place)) {}

  [[nodiscard]] Node at(const std::string& key) const {
    const auto found = json_.find(key);
    require(json_.is_object() && found != json_.end(), "has no " + key);
    return {*found, place_ + (place_.back() == ' ' ? "" : ".") + key};
  }
  [[nodiscard]] std::string text() const {
    require(json_.is_string() && !json_.get<std::string>().empty(), "must be a text");
    return json_.get<std::string>();
  }
  [[nodiscard]] double positive() const {
    require(json_.is_number() && json_.get<double>() > 0, "must be a number above 0");
    return json_.get<double>();
  }
  [[nodiscard]] std::int64_t count() const {
    require(json_.is_number_integer() && json_.get<std::int64_t>() > 0 &&
                json_.get<std::int64_t>() <= 1'000'000,
            "must be a whole number above 0");
    return json_.get<std::int64_t>();
  }
  [[nodiscard]] Fact fact() const {
    return {at("value").positive(), at("source").text(), at("date").text()};
  }
  template <typename Value, typename Read>
  [[nodiscard]] std::map<std::string, Value> all(const Read& read) const {
    require(json_.is_object() && !json_.empty(), "must be an object with something in it");
    std::map<std::string, Value> values;
    for (const auto& [key, unused] : json_.items()) values[key] = read(at(key));
    return values;
  }
  void require(bool holds, const std::string& what) const {
    RM_REQUIRE(holds, ErrorKind::kInvalidArgument, place_, " ", what);
  }

 private:
  const Json& json_;
  std::string place_;
};

Machine machine_of(const Node& node) {
  Machine machine;
  machine.title = node.at("title").text();
  machine.device = node.at("device").text();
  node.require(machine.device == "cpu" || machine.device == "cuda",
               "has a device that is no cpu or cuda");
  machine.ranks = static_cast<int>(node.at("ranks").count());
  machine.memory_gb = node.at("memory_gb").fact();
  machine.fixed_memory_gb = node.at("fixed_memory_gb").fact();
  machine.cores = node.at("cores").fact();
  machine.price_per_hour = node.at("price_per_hour").fact();
  machine.images_per_second =
      node.at("images_per_second").all<Fact>([](const Node& speed) { return speed.fact(); });
  machine.link_within_gbytes = node.at("link_within_gbytes").fact();
  machine.link_between_gbytes = node.at("link_between_gbytes").fact();
  return machine;
}

DataFacts data_of(const Node& node) {
  return {node.at("title").text(),        node.at("classes").count(),
          node.at("train_images").fact(), node.at("val_images").fact(),
          node.at("train_bytes").fact(),  node.at("val_bytes").fact()};
}

}  // namespace

Table parse_table(const std::string& json, const std::string& path) {
  Json root;
  try {
    root = Json::parse(json);
  } catch (const Json::exception& problem) {
    throw Error(ErrorKind::kInvalidArgument, join_text(path, " is no JSON: ", problem.what()));
  }
  const Node node(root, path + ": ");
  Table table;
  table.machines = node.at("machines").all<Machine>(machine_of);
  table.data_sets = node.at("data_sets").all<DataFacts>(data_of);
  table.decode_images_per_second = node.at("decode_images_per_second").fact();
  table.eval_share = node.at("eval_share").fact();
  table.backward_share = node.at("backward_share").fact();
  return table;
}

}  // namespace ringmaster::plan
