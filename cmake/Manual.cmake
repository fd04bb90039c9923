# The man page, from docs/cleave.1.scd. Without scdoc the build goes on and
# the page is missing.
find_program(SCDOC scdoc)
if(SCDOC)
    set(page ${PROJECT_BINARY_DIR}/cleave.1)
    set(source ${PROJECT_SOURCE_DIR}/docs/cleave.1.scd)
    add_custom_command(OUTPUT ${page}
        COMMAND ${SCDOC} < ${source} > ${page}
        DEPENDS ${source} VERBATIM COMMENT "Writing cleave.1")
    add_custom_target(manual ALL DEPENDS ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
else()
    message(WARNING "scdoc is missing, so there will be no man page; run "
        "`make setup`.")
endif()
