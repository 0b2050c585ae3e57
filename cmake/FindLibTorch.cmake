# LibTorch out of the PyPI wheel, without its own find_package(Torch): that one needs the CUDA toolkit and every CUDA library
# even for a program that only computes on the CPU.
#
#   RINGMASTER_TORCH_DIR   the wheel's folder `torch` (default: the environment that ami/install.sh made)
# Gives:
#   LibTorch::cpu          libtorch_cpu, libc10 and the headers
#   LibTorch::cuda         the same, libtorch_cuda, libc10_cuda and the CUDA runtime (only when RINGMASTER_WITH_CUDA)
#   RINGMASTER_WITH_CUDA   whether this build has the CUDA parts
#   RINGMASTER_PYTHON      the interpreter of the environment that holds the wheel
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/ami/install.sh --print-prefix OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE)
find_program(RINGMASTER_PYTHON python3 PATHS ${prefix}/venv/bin NO_DEFAULT_PATH)
if(NOT RINGMASTER_TORCH_DIR)
  file(GLOB found ${prefix}/venv/lib/python3*/site-packages/torch)
  set(RINGMASTER_TORCH_DIR "${found}" CACHE PATH "LibTorch: the wheel's folder `torch`")
endif()

find_library(LIBTORCH_CPU torch_cpu PATHS ${RINGMASTER_TORCH_DIR}/lib NO_DEFAULT_PATH)
find_library(LIBTORCH_C10 c10 PATHS ${RINGMASTER_TORCH_DIR}/lib NO_DEFAULT_PATH)
find_library(LIBTORCH_CUDA torch_cuda PATHS ${RINGMASTER_TORCH_DIR}/lib NO_DEFAULT_PATH)
find_library(LIBTORCH_C10_CUDA c10_cuda PATHS ${RINGMASTER_TORCH_DIR}/lib NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  LibTorch REQUIRED_VARS LIBTORCH_CPU LIBTORCH_C10 RINGMASTER_PYTHON
  REASON_FAILURE_MESSAGE "run ami/install.sh, or point RINGMASTER_TORCH_DIR at the folder `torch` of the PyPI wheel")

include(CheckLanguage)
set(RINGMASTER_WITH_CUDA FALSE)
if(NOT RINGMASTER_CUDA STREQUAL "OFF")
  # nvcc is not on every PATH that has a toolkit.
  if(NOT CMAKE_CUDA_COMPILER AND EXISTS /usr/local/cuda/bin/nvcc)
    set(CMAKE_CUDA_COMPILER /usr/local/cuda/bin/nvcc CACHE FILEPATH "")
  endif()
  check_language(CUDA)
  find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 PATHS ${RINGMASTER_TORCH_DIR}/../nvidia/nccl/lib NO_DEFAULT_PATH)
  find_path(NCCL_INCLUDE nccl.h PATHS ${RINGMASTER_TORCH_DIR}/../nvidia/nccl/include NO_DEFAULT_PATH)
  if(CMAKE_CUDA_COMPILER AND LIBTORCH_CUDA AND NCCL_LIBRARY AND NCCL_INCLUDE)
    set(RINGMASTER_WITH_CUDA TRUE)
    # The runtime of the toolkit must be the one of the wheel, or two runtimes meet in one process.
    file(STRINGS ${RINGMASTER_TORCH_DIR}/version.py wheel REGEX "^cuda")
    string(REGEX MATCH "[0-9]+" wheel "${wheel}")
    execute_process(COMMAND ${CMAKE_CUDA_COMPILER} --version OUTPUT_VARIABLE toolkit)
    string(REGEX REPLACE ".*release ([0-9]+).*" "\\1" toolkit "${toolkit}")
    if(NOT wheel EQUAL toolkit)
      message(FATAL_ERROR "${CMAKE_CUDA_COMPILER} is of CUDA ${toolkit}, LibTorch in ${RINGMASTER_TORCH_DIR} of CUDA ${wheel}: run "
                          "ami/install.sh --flavour cuda${toolkit}, put the nvcc of CUDA ${wheel} first on PATH, or build without GPUs "
                          "(-DRINGMASTER_CUDA=OFF)")
    endif()
  elseif(RINGMASTER_CUDA STREQUAL "ON")
    message(FATAL_ERROR "RINGMASTER_CUDA=ON, but nvcc (${CMAKE_CUDA_COMPILER}), libtorch_cuda (${LIBTORCH_CUDA}) or NCCL "
                        "(${NCCL_LIBRARY}) is missing: install the CUDA 13 toolkit and run ami/install.sh --flavour cuda13, or for V100 "
                        "CUDA 12 and --flavour cuda12")
  endif()
endif()
message(STATUS "CUDA: ${RINGMASTER_WITH_CUDA} (RINGMASTER_CUDA=${RINGMASTER_CUDA})")

function(ringmaster_torch_target name)
  add_library(LibTorch::${name} INTERFACE IMPORTED)
  target_include_directories(LibTorch::${name} SYSTEM INTERFACE ${RINGMASTER_TORCH_DIR}/include
                                                                ${RINGMASTER_TORCH_DIR}/include/torch/csrc/api/include)
  target_link_libraries(LibTorch::${name} INTERFACE ${LIBTORCH_CPU} ${LIBTORCH_C10} Threads::Threads)
  # The wheel's libraries find the CUDA wheels beside them by their own RPATH; ld need not.
  target_link_options(LibTorch::${name} INTERFACE -Wl,--allow-shlib-undefined)
endfunction()

ringmaster_torch_target(cpu)
if(RINGMASTER_WITH_CUDA)
  enable_language(CUDA)
  if(NOT DEFINED RINGMASTER_CUDA_ARCHITECTURES)
    set(RINGMASTER_CUDA_ARCHITECTURES 75 80 86 90)
    if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 13)
      list(PREPEND RINGMASTER_CUDA_ARCHITECTURES 70)   # V100
    endif()
  endif()
  set(CMAKE_CUDA_ARCHITECTURES ${RINGMASTER_CUDA_ARCHITECTURES})
  set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
  set(CMAKE_CUDA_STANDARD 17)
  find_package(CUDAToolkit REQUIRED)
  ringmaster_torch_target(cuda)
  # Nothing of ours names a symbol of libtorch_cuda: its kernels register themselves when it is loaded.
  target_link_libraries(LibTorch::cuda INTERFACE -Wl,--no-as-needed ${LIBTORCH_CUDA} ${LIBTORCH_C10_CUDA} -Wl,--as-needed
                                                 CUDA::cudart)
endif()
