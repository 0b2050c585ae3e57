# Warnings are errors for our own code; third-party headers come in as system headers.
add_library(rm_flags INTERFACE)
target_compile_options(
  rm_flags
  INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall
            -Wextra
            -Werror
            -Wshadow
            -Wnon-virtual-dtor
            -Wno-missing-field-initializers>)
if(RINGMASTER_SANITIZE)
  target_compile_options(rm_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${RINGMASTER_SANITIZE}
                                            -fno-omit-frame-pointer>)
  target_link_options(rm_flags INTERFACE -fsanitize=${RINGMASTER_SANITIZE})
endif()
