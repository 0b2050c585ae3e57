# Every tests/**/*_test.{cc,py,sh} becomes one ctest test named <folder>/<file>, with the folder as its label.
# tests/lint compares the files on disk with `ctest -N`, so that none can fall out.

# tests/run.sh has three places for two processors. Tests that may start ranks take two places and so come one at a time: scripts that name what
# starts them, and all programs of these folders. They begin first, for they wait for half of their time, and the third place fills the gaps: with
# the two longest tests, Slurm's and the one of parity, and then all others.
function(ringmaster_register name folder)
  cmake_parse_arguments(test "ALONE" "" "" ${ARGN})   # ALONE: starts no ranks
  set_tests_properties(${name} PROPERTIES LABELS ${folder} TIMEOUT 600)
  if(name MATCHES "^(launch/slurm_test|e2e/parity_test)$")
    set_tests_properties(${name} PROPERTIES COST 1000 TIMEOUT 1200)
  elseif(folder MATCHES "^(e2e|comm|fleet|gpu|launch|scaling)$" AND NOT test_ALONE)
    set_tests_properties(${name} PROPERTIES PROCESSORS 2 COST 2000)
  endif()
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)   # what it needs, root say, is known only when it runs: it says what
  set_property(TEST ${name} PROPERTY ENVIRONMENT
    "RINGMASTER_BUILD=${CMAKE_BINARY_DIR}" "RINGMASTER_SOURCE=${CMAKE_SOURCE_DIR}" "RINGMASTER_PYTHON=${RINGMASTER_PYTHON}")
  if(folder STREQUAL "gpu" AND NOT RINGMASTER_HAS_GPU)
    set_tests_properties(${name} PROPERTIES DISABLED TRUE)   # ctest lists it under "did not run"
  endif()
endfunction()

# tests/<folder>/*_test.cc, each linked with rm_<folder>. A first line `// mpirun: 2 3` runs it once under mpirun per number; a first
# line `// links: rm_x rm_y` names what to link instead, and the test exists only where all of these do. tests/<folder>/*_tool.cc is
# built like a test, but is a program to be run by hand (a bench) or by a script test.
function(ringmaster_cc_tests folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cc ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_tool.cc)
  foreach(source IN LISTS sources)
    get_filename_component(stem ${source} NAME_WE)
    file(STRINGS ${source} first LIMIT_COUNT 1)
    set(links ${ARGN})
    if(first MATCHES "^// links:([ a-z_]+)$")
      separate_arguments(links UNIX_COMMAND "${CMAKE_MATCH_1}")
      set(targets_exist TRUE)
      foreach(link IN LISTS links)
        if(NOT TARGET ${link})
          set(targets_exist FALSE)
        endif()
      endforeach()
      if(NOT targets_exist)
        continue()
      endif()
    endif()
    set(target test_${folder}_${stem})
    add_executable(${target} ${source})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/${folder}
                                               OUTPUT_NAME ${stem})
    target_link_libraries(${target} PRIVATE rm_test_support ${links} GTest::gtest GTest::gmock rm_flags)
    if("rm_gpu_doubles" IN_LIST links)
      set_target_properties(${target} PROPERTIES RINGMASTER_GPU_DOUBLES ON)   # src/comm/nccl.cmake
    endif()
    if(stem MATCHES "_tool$")
      continue()
    endif()
    if(first MATCHES "^// mpirun:([ 0-9]+)$")
      string(REGEX MATCHALL "[0-9]+" counts "${CMAKE_MATCH_1}")
      foreach(n IN LISTS counts)
        add_test(NAME ${folder}/${stem}:${n}
                 COMMAND ${CMAKE_SOURCE_DIR}/launch/local_mpirun.sh ${n} $<TARGET_FILE:${target}>)
        ringmaster_register(${folder}/${stem}:${n} ${folder})
      endforeach()
    else()
      target_link_libraries(${target} PRIVATE GTest::gtest_main)
      add_test(NAME ${folder}/${stem} COMMAND ${target})
      ringmaster_register(${folder}/${stem} ${folder})
    endif()
  endforeach()
endfunction()

function(ringmaster_script_tests folder)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.py ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.sh)
  foreach(script IN LISTS scripts)
    get_filename_component(stem ${script} NAME_WE)
    if(script MATCHES "\\.py$")
      add_test(NAME ${folder}/${stem} COMMAND ${RINGMASTER_PYTHON} ${script})
    else()
      add_test(NAME ${folder}/${stem} COMMAND ${script})
    endif()
    file(STRINGS ${script} starts_ranks REGEX "ranks\\(|mpirun|sbatch|supervise|preflight|import (lives|torture)|from (lives|torture)" LIMIT_COUNT 1)
    if(starts_ranks)
      ringmaster_register(${folder}/${stem} ${folder})
    else()
      ringmaster_register(${folder}/${stem} ${folder} ALONE)
    endif()
  endforeach()
endfunction()
