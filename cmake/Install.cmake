# What `make install` puts where: program, libraries, headers, cleave.pc, the
# CMake package cleave::cleave, licence (the man page is in Manual.cmake).
#
# ONNX Runtime is found again through an rpath. A copy that `make setup` put
# into this tree is installed along, in a folder of its own, for the tree may
# go away; one elsewhere is used where it is; the system's needs nothing.
set(deps ${PROJECT_SOURCE_DIR}/.deps)
set(runtime_dir ${CMAKE_INSTALL_LIBDIR}/cleave)
get_filename_component(found_in ${OnnxRuntime_LIBRARY} DIRECTORY)
cmake_path(IS_PREFIX deps ${found_in} NORMALIZE is_ours)
if(is_ours)
    file(RELATIVE_PATH up /${CMAKE_INSTALL_BINDIR} /${runtime_dir})
    set(program_rpath $ORIGIN/${up})
    set(library_rpath $ORIGIN/cleave)
    set(pc_runtime -L\${libdir}/cleave)
    install(FILES ${found_in}/libonnxruntime.so ${found_in}/libonnxruntime.so.1
        DESTINATION ${runtime_dir})
elseif(NOT found_in IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
    set(program_rpath ${found_in})
    set(library_rpath ${found_in})
    set(pc_runtime -L${found_in})
endif()
set_target_properties(cleave_shared PROPERTIES INSTALL_RPATH "${library_rpath}")
if(TARGET cleave)
    set_target_properties(cleave PROPERTIES INSTALL_RPATH "${program_rpath}")
    install(TARGETS cleave)
endif()

install(TARGETS cleave_static)
install(TARGETS cleave_shared EXPORT cleave)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/cleave
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
    DESTINATION ${CMAKE_INSTALL_DOCDIR})

# For those who link the archive: cleave's own, with shared libraries of
# others. So these are plain names; Requires.private would ask for everything
# that those libraries were linked with themselves.
set(pc_private ${pc_runtime} onnxruntime ${DEPS_LIBRARIES})
list(TRANSFORM pc_private PREPEND -l REGEX "^[^-]")
list(JOIN pc_private " " pc_private)
configure_file(${PROJECT_SOURCE_DIR}/cmake/cleave.pc.in
    ${PROJECT_BINARY_DIR}/cleave.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cleave.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cleave)
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/cleaveConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(EXPORT cleave NAMESPACE cleave:: FILE cleaveConfig.cmake
    DESTINATION ${package_dir})
install(FILES ${PROJECT_BINARY_DIR}/cleaveConfigVersion.cmake
    DESTINATION ${package_dir})
