# The programs: cleave itself, the examples, the benchmarks and the painter
# of the demo's pictures. Each is there as soon as its folder has a source.
set(top ${PROJECT_SOURCE_DIR})

file(GLOB sources CONFIGURE_DEPENDS ${top}/tools/cleave/*.c)
if(sources)
    add_executable(cleave ${sources})
    target_include_directories(cleave PRIVATE ${top}/tools/cleave)
    target_link_libraries(cleave PRIVATE cleave_static)
endif()

# Examples see what a user of the installed library sees, and nothing else.
file(GLOB examples CONFIGURE_DEPENDS ${top}/examples/*.c)
foreach(source ${examples})
    get_filename_component(name ${source} NAME_WE)
    add_executable(example_${name} ${source})
    set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
    target_link_libraries(example_${name} PRIVATE
        cleave_shared cleave_warnings cleave_sanitizers)
endforeach()

# bench/bench_x.c is a program; what else is in bench/ is linked to each.
file(GLOB bench_shared CONFIGURE_DEPENDS ${top}/bench/*.c)
file(GLOB benches CONFIGURE_DEPENDS ${top}/bench/bench_*.c)
if(benches)
    list(REMOVE_ITEM bench_shared ${benches})
endif()
# Compressors to measure against; `make bench` installs them, and a benchmark
# built without them says what it skips.
pkg_check_modules(RIVALS QUIET IMPORTED_TARGET libzstd blosc)
foreach(source ${benches})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source} ${bench_shared})
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
    target_include_directories(${name} PRIVATE ${top})
    target_link_libraries(${name} PRIVATE cleave_static)
    if(RIVALS_FOUND)
        target_compile_definitions(${name} PRIVATE CLEAVE_BENCH_RIVALS)
        target_link_libraries(${name} PRIVATE PkgConfig::RIVALS)
    endif()
endforeach()

# Pictures must come out the same on every processor: no fused multiply-add.
file(GLOB sources CONFIGURE_DEPENDS ${top}/zoo/*.c)
if(sources)
    add_executable(cleave-draw ${sources})
    target_compile_definitions(cleave-draw PRIVATE _GNU_SOURCE)
    target_compile_options(cleave-draw PRIVATE -ffp-contract=off)
    target_link_libraries(cleave-draw PRIVATE
        cleave_warnings cleave_sanitizers PkgConfig::DEPS m)
endif()

# The format's second decoder knows nothing of the library.
file(GLOB sources CONFIGURE_DEPENDS ${top}/refdec/*.c)
if(sources)
    add_executable(refdec ${sources})
    target_link_libraries(refdec PRIVATE cleave_warnings cleave_sanitizers)
endif()
