# Warnings are errors, in our own code. Packagers with a compiler of their
# own turn that off.
option(CLEAVE_WERROR "Treat warnings as errors" ON)
add_library(cleave_warnings INTERFACE)
target_compile_options(cleave_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wpointer-arith -Wcast-align -Wwrite-strings
    -Wvla $<$<BOOL:${CLEAVE_WERROR}>:-Werror>)
