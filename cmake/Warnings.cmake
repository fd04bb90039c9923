# Warnings are errors, in our own code.
add_library(cleave_warnings INTERFACE)
target_compile_options(cleave_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wpointer-arith -Wcast-align -Wwrite-strings
    -Wvla -Werror)
