# `cmake --install BUILD --prefix DIR` makes a folder that runs wherever it is put, without root, on machines that have glibc and nothing else
# of ours: the programs, every library that they load, OpenMPI's launcher and plugins, launch/ and configs/. `cpack -G TGZ` packs it.
#
#   bin/       shell scripts that say where the bundle lies (OPAL_PREFIX and the like) and start
#   libexec/   the programs
#   lib/       libraries, found by the programs' RPATH (not RUNPATH: it must hold for the libraries of libraries too), openmpi3/, pmix/
set(bundled_programs ringmaster ringmaster-shard)
set_target_properties(${bundled_programs} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
foreach(program IN LISTS bundled_programs)
  target_link_options(${program} PRIVATE -Wl,--disable-new-dtags)
endforeach()
install(TARGETS ${bundled_programs} RUNTIME DESTINATION libexec)

find_program(RINGMASTER_MPIRUN orterun REQUIRED)
find_program(RINGMASTER_ORTED orted REQUIRED)
# Where the OpenMPI that is linked keeps what it loads by itself.
execute_process(COMMAND ompi_info --path all --parsable OUTPUT_VARIABLE mpi_paths ERROR_QUIET)
string(REGEX MATCH "path:pkglibdir:([^\n]*)" _ "${mpi_paths}")
set(RINGMASTER_MPI_PLUGINS "${CMAKE_MATCH_1}")
string(REGEX MATCH "path:pkgdatadir:([^\n]*)" _ "${mpi_paths}")
set(RINGMASTER_MPI_DATA "${CMAKE_MATCH_1}")
find_path(RINGMASTER_PMIX NAMES lib/pmix share/pmix PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/pmix2 /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/pmix
          NO_DEFAULT_PATH)

configure_file(${CMAKE_CURRENT_LIST_DIR}/bundle_libraries.cmake.in ${CMAKE_BINARY_DIR}/bundle_libraries.cmake @ONLY)
install(SCRIPT ${CMAKE_BINARY_DIR}/bundle_libraries.cmake)
install(PROGRAMS ${CMAKE_CURRENT_LIST_DIR}/bundle_start.sh DESTINATION bin)
foreach(program ringmaster ringmaster-shard mpirun orted)
  install(CODE "file(CREATE_LINK bundle_start.sh \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/${program}\" SYMBOLIC)")
endforeach()
install(DIRECTORY launch configs DESTINATION . USE_SOURCE_PERMISSIONS PATTERN build.sh EXCLUDE PATTERN demo.sh EXCLUDE)
install(FILES README.md LICENSE CHANGELOG.md DESTINATION .)
install(DIRECTORY docs DESTINATION .)

if(RINGMASTER_WITH_CUDA)
  set(flavour cuda)
else()
  set(flavour cpu)
endif()
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_FILE_NAME ringmaster-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR}-${flavour})
include(CPack)
