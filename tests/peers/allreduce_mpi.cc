// MPI_Allreduce in place: a line "BYTES MICROSECONDS" per size, median, the slowest rank's.
// Arguments: sizes in bytes.
//   mpicxx -O2 allreduce_mpi.cc -o allreduce_mpi && mpirun -np 2 ./allreduce_mpi 1024 102228128
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <mpi.h>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int argument = 1; argument < argc; ++argument) {
    const int bytes = std::atoi(argv[argument]);
    std::vector<float> values(static_cast<std::size_t>(bytes) / 4, 1.0f);
    std::vector<double> times;
    for (int i = 0; i < 3 + (bytes > 20'000'000 ? 8 : 20); ++i) {
      MPI_Barrier(MPI_COMM_WORLD);
      const double start = MPI_Wtime();
      MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_FLOAT,
                    MPI_SUM, MPI_COMM_WORLD);
      if (i >= 3) times.push_back(MPI_Wtime() - start);
    }
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                     times.end());
    double slowest = times[times.size() / 2];
    MPI_Allreduce(MPI_IN_PLACE, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (rank == 0) std::printf("%d %.2f\n", bytes, slowest * 1e6);
  }
  MPI_Finalize();
}
