# The GPU part of rm_comm: the real engine in builds with CUDA, elsewhere the stub that says how to get it.
if(NOT RINGMASTER_WITH_CUDA)
  target_sources(rm_comm PRIVATE nccl_engine_stub.cc)
  return()
endif()

add_library(rm_cuda_kernels STATIC cuda_add.cu cuda_round.cu)
target_include_directories(rm_cuda_kernels PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(rm_cuda_kernels PUBLIC CUDA::cudart)

target_sources(rm_comm PRIVATE cuda_handles.cc nccl_algorithms.cc nccl_buffer.cc nccl_communicator.cc nccl_device_engine.cc
               nccl_engine.cc nccl_ring.cc nccl_stream.cc)
target_include_directories(rm_comm SYSTEM PUBLIC ${NCCL_INCLUDE} ${CUDAToolkit_INCLUDE_DIRS})

# A program that sets RINGMASTER_GPU_DOUBLES brings a CUDA runtime, an NCCL and kernels of its own (tests/support/fake_*).
foreach(library rm_cuda_kernels CUDA::cudart ${NCCL_LIBRARY})
  target_link_libraries(rm_comm INTERFACE "$<$<NOT:$<BOOL:$<TARGET_PROPERTY:RINGMASTER_GPU_DOUBLES>>>:${library}>")
endforeach()
