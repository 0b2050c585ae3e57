#include "comm/mpi_reducer.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <new>
#include <thread>
#include <utility>

#include <mpi.h>

#include "base/check.h"
#include "comm/mpi_error.h"
#include "comm/vector_add.h"

namespace ringmaster::comm {
namespace {

MPI_Datatype mpi_type(DType type) {
  switch (type) {
    case DType::kFloat32:
      return MPI_FLOAT;
    case DType::kFloat64:
      return MPI_DOUBLE;
    case DType::kInt32:
      return MPI_INT32_T;
    case DType::kInt64:
      return MPI_INT64_T;
    case DType::kFloat16:
    case DType::kBFloat16:
      break;
  }
  throw Error(ErrorKind::kNotSupported, join_text("MPI has no sum of ", name_of(type),
                                                  ": choose algorithm ring or hierarchical"));
}

class MpiReducer final : public Reducer {
 public:
  MpiReducer(int communicator, const World& world, DType type, std::int64_t capacity_elems,
             std::function<void()> on_broken)
      : communicator_(MPI_Comm_f2c(communicator)),
        world_(world),
        type_(type),
        mpi_type_(mpi_type(type)),
        arena_(static_cast<std::size_t>(capacity_elems) * size_bytes(type) + kAlignment),
        on_broken_(std::move(on_broken)) {}

  ~MpiReducer() override {
    if (broken_) std::ignore = arena_.release();  // MPI may still write into it
  }
  MpiReducer(const MpiReducer&) = delete;
  MpiReducer& operator=(const MpiReducer&) = delete;

  std::byte* arena() override { return arena_.aligned(); }
  void settle(const Patience& /*patience*/) override {}
  void wake() override {}  // it never sleeps for long
  std::string describe() const override { return "MPI_Allreduce"; }

  void reduce(const Reduction& reduction, const Patience& patience,
              const Progress& progress) override {
    constexpr std::int64_t kPieceElems = std::int64_t{1} << 30;  // MPI counts in int
    progress(0, -1, -1);
    for (std::int64_t done = 0; done < reduction.count_elems; done += kPieceElems) {
      std::byte* at =
          arena() + static_cast<std::size_t>(reduction.offset_elems + done) * size_bytes(type_);
      const std::int64_t count_elems = std::min(kPieceElems, reduction.count_elems - done);
      MPI_Request request = MPI_REQUEST_NULL;
      check_mpi(MPI_Iallreduce(MPI_IN_PLACE, at, static_cast<int>(count_elems), mpi_type_, MPI_SUM,
                               communicator_, &request),
                "MPI_Iallreduce");
      wait(request, reduction, patience);
      if (reduction.scale != 1.0) vector_kernels(type_).scale(at, count_elems, reduction.scale);
    }
  }

 private:
  static constexpr std::size_t kAlignment = 64;

  // Zeroed memory, aligned.
  class Arena {
   public:
    explicit Arena(std::size_t bytes) : base_(std::calloc(bytes, 1)), bytes_(bytes) {
      if (base_ == nullptr) throw std::bad_alloc();
    }
    ~Arena() { std::free(base_); }
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    std::byte* aligned() {
      void* at = base_;
      std::size_t left = bytes_;
      return static_cast<std::byte*>(std::align(kAlignment, 1, at, left));
    }
    void* release() { return std::exchange(base_, nullptr); }

   private:
    void* base_;
    std::size_t bytes_;
  };

  void wait(MPI_Request& request, const Reduction& reduction, const Patience& patience) {
    const auto begun = Deadline::Clock::now();
    for (int looks = 0;; ++looks) {
      int flag = 0;
      const int code = MPI_Test(&request, &flag, MPI_STATUS_IGNORE);
      if (code == MPI_SUCCESS && flag != 0) return;
      if (code == MPI_SUCCESS && !patience.cancelled() && !patience.is_over(begun)) {
        if (looks > 1000) std::this_thread::sleep_for(std::chrono::microseconds(20));
        continue;
      }
      broken_ = true;
      on_broken_();
      check_mpi(code, "MPI_Iallreduce");
      if (patience.cancelled()) throw Waiter::Cancelled();
      throw Error(ErrorKind::kTimeout,
                  join_text("MPI_Iallreduce of reduction ", reduction.index, " on ",
                            world_.name(world_.rank),
                            " is not done before its deadline: some rank did not come (algorithm "
                            "ring would name it)"));
    }
  }

  const MPI_Comm communicator_;
  const World& world_;
  const DType type_;
  const MPI_Datatype mpi_type_;
  Arena arena_;
  const std::function<void()> on_broken_;
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<Reducer> make_mpi_reducer(int communicator, const World& world, DType type,
                                          std::int64_t capacity_elems,
                                          std::function<void()> on_broken) {
  return std::make_unique<MpiReducer>(communicator, world, type, capacity_elems,
                                      std::move(on_broken));
}

}  // namespace ringmaster::comm
