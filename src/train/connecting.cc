#include "train/connecting.h"

#include <chrono>

#include "base/seconds.h"
#include "comm/make_engine.h"
#include "comm/nccl_engine.h"
#include "comm/wire.h"
#include "obs/run_dir.h"

namespace ringmaster::train {

comm::TableFiles table_files(const TrainOptions& options, const std::string& run_folder) {
  return {options.allreduce_table, obs::RunDir(run_folder).allreduce_table(),
          comm::default_table_cache()};
}

Connection connect(const TrainOptions& options, const comm::TableFiles& tables,
                   const RunContext& context, c10::Device device, std::int64_t elems) {
  Connection connection;
  const auto table = [&](const comm::TableRequest& wanted) {
    connection.table = comm::find_table(context.control, context.files, tables, wanted,
                                        deadline_in(options.step_deadline_s));
    return connection.table->table;
  };
  if (device.is_cuda()) {
    comm::NcclEngineOptions engine;
    engine.capacity_elems = elems;
    engine.algorithm = options.algorithm;
    engine.table = table;
    engine.wire = comm::parse_wire(options.wire);
    engine.device = device.index();
    engine.deadline_s = options.step_deadline_s;
    connection.engine = comm::make_nccl_engine(context.control, engine);
    return connection;
  }
  comm::EngineOptions engine;
  engine.capacity_elems = elems;
  engine.algorithm = options.algorithm;
  engine.wire = comm::parse_wire(options.wire);
  engine.step_deadline_s = options.step_deadline_s;
  engine.table = table;
  connection.engine = comm::make_engine(context.control, context.mpi, engine);
  return connection;
}

grad::BucketOptions bucket_options(const TrainOptions& options,
                                   const std::optional<comm::FoundTable>& table) {
  grad::BucketOptions buckets;
  buckets.first_bucket_bytes = static_cast<std::size_t>(options.first_bucket_bytes);
  if (options.bucket_bytes > 0) {
    buckets.bucket_bytes = static_cast<std::size_t>(options.bucket_bytes);
  } else if (table) {
    buckets.bucket_bytes = table->table.bucket_bytes().value_or(buckets.bucket_bytes);
  }
  return buckets;
}

}  // namespace ringmaster::train
