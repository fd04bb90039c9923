# CLEAVE_SANITIZE=address;undefined or thread instruments everything of ours.
set(CLEAVE_SANITIZE "" CACHE STRING "Sanitizers, for example address;undefined")
option(CLEAVE_FUZZ "Build the fuzz targets with libFuzzer (needs clang)" OFF)
add_library(cleave_sanitizers INTERFACE)
if(CLEAVE_SANITIZE)
    list(JOIN CLEAVE_SANITIZE "," sanitizers)
    target_compile_options(cleave_sanitizers INTERFACE
        -fsanitize=${sanitizers} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_link_options(cleave_sanitizers INTERFACE -fsanitize=${sanitizers})
endif()
if(CLEAVE_FUZZ)
    target_compile_options(cleave_sanitizers INTERFACE
        -fsanitize=fuzzer-no-link)
endif()
