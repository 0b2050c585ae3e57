#!/bin/sh
# Starts the program of its own name out of a bundle (cmake/Bundle.cmake), wherever that lies.
here=$(cd "$(dirname "$0")/.." && pwd) || exit 1
name=$(basename "$0")
# OpenMPI and PMIx look for plugins, messages and settings where they were built for, unless told.
export OPAL_PREFIX="$here" OPAL_BINDIR="$here/bin" OPAL_LIBDIR="$here/lib" OPAL_PKGLIBDIR="$here/lib/openmpi3" OPAL_PKGDATADIR="$here/share/openmpi" \
  OPAL_SYSCONFDIR="$here/etc" PMIX_PREFIX="$here" PMIX_LIBDIR="$here/lib" PMIX_PKGLIBDIR="$here/lib/pmix" PMIX_PKGDATADIR="$here/share/pmix" \
  PMIX_SYSCONFDIR="$here/etc"
case $name in
  mpirun | orted) LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} ;; # they have no RPATH of ours
  *) # ours do, and the machine's programs that they start (gnuplot, nvidia-smi) want the machine's libraries
    case ${LD_LIBRARY_PATH:-} in "$here/lib") LD_LIBRARY_PATH='' ;; "$here/lib:"*) LD_LIBRARY_PATH=${LD_LIBRARY_PATH#"$here/lib:"} ;; esac ;;
esac
# OpenMPI asks for ssh even where all ranks are this machine's, unless told that there are no others.
[ "$name" != mpirun ] || command -v ssh >/dev/null || command -v rsh >/dev/null || export OMPI_MCA_plm="${OMPI_MCA_plm:-isolated}"
export LD_LIBRARY_PATH
[ -n "$LD_LIBRARY_PATH" ] || unset LD_LIBRARY_PATH
exec "$here/libexec/$name" "$@"
