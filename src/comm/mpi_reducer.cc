#include "comm/mpi_reducer.h"

#include <algorithm>
#include <array>
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

// MPI_DATATYPE_NULL for what MPI has no sum of.
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
  return MPI_DATATYPE_NULL;
}

class MpiReducer final : public Reducer {
 public:
  MpiReducer(int communicator, const World& world, DType type, std::shared_ptr<std::byte> arena,
             std::function<void()> on_broken)
      : communicator_(MPI_Comm_f2c(communicator)),
        world_(world),
        type_(type),
        mpi_type_(mpi_type(type)),
        arena_(std::move(arena)),
        on_broken_(std::move(on_broken)) {
    RM_REQUIRE(mpi_can_reduce(type), ErrorKind::kNotSupported, "MPI has no sum of ", name_of(type),
               ": choose algorithm ring or hierarchical");
  }

  ~MpiReducer() override {
    if (broken_) std::ignore = new std::shared_ptr<std::byte>(arena_);  // MPI may still write there
  }
  MpiReducer(const MpiReducer&) = delete;
  MpiReducer& operator=(const MpiReducer&) = delete;

  std::byte* arena() override { return arena_.get(); }
  void settle(const Patience& /*patience*/) override {}
  void wake() override {}  // it never sleeps for long
  std::string describe() const override { return "MPI_Iallreduce"; }

  bool reduce(const Reduction& reduction, const Patience& patience,
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
    return false;  // a look would be one more pass over memory
  }

 private:
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
  const std::shared_ptr<std::byte> arena_;
  const std::function<void()> on_broken_;
  bool broken_ = false;
};

}  // namespace

bool mpi_can_reduce(DType type) {
  return mpi_type(type) != MPI_DATATYPE_NULL;
}

std::unique_ptr<Reducer> make_mpi_reducer(int communicator, const World& world, DType type,
                                          std::shared_ptr<std::byte> arena,
                                          std::function<void()> on_broken) {
  return std::make_unique<MpiReducer>(communicator, world, type, std::move(arena),
                                      std::move(on_broken));
}

std::shared_ptr<std::byte> make_private_arena(std::size_t size_bytes) {
  constexpr std::size_t kAlignment = 64;
  const std::shared_ptr<void> memory(std::calloc(size_bytes + kAlignment, 1), std::free);
  void* base = memory.get();
  if (base == nullptr) throw std::bad_alloc();
  std::size_t room = size_bytes + kAlignment;
  return {memory, static_cast<std::byte*>(std::align(kAlignment, size_bytes, base, room))};
}

std::string mpi_library_name() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> name{};
  int length = 0;
  check_mpi(MPI_Get_library_version(name.data(), &length), "MPI_Get_library_version");
  const std::string text(name.data(), static_cast<std::size_t>(length));
  return text.substr(0, text.find(','));  // what follows is who built it
}

}  // namespace ringmaster::comm
