# The library: the objects once, then the archive, the shared library and the
# tests from them. The archive shows every clv_ function, for the tests and
# programs of this tree; the shared library only what is marked CLEAVE_API.
file(GLOB CLEAVE_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*/*.c)

# Headers and libraries of others, for everything that uses clv_ functions.
add_library(cleave_internal INTERFACE)
target_include_directories(cleave_internal INTERFACE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(cleave_internal INTERFACE _GNU_SOURCE)
target_link_libraries(cleave_internal INTERFACE
    cleave_warnings cleave_sanitizers
    OnnxRuntime::OnnxRuntime PkgConfig::DEPS Threads::Threads m)

add_library(cleave_objects OBJECT ${CLEAVE_SOURCES})
set_target_properties(cleave_objects PROPERTIES
    POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
target_compile_definitions(cleave_objects PRIVATE
    CLEAVE_VERSION="${PROJECT_VERSION}")
target_include_directories(cleave_objects SYSTEM PRIVATE ${ONNX_PROTO_OUT})
target_link_libraries(cleave_objects PRIVATE cleave_internal)
add_dependencies(cleave_objects onnx_proto)

add_library(cleave_static STATIC $<TARGET_OBJECTS:cleave_objects>
    $<TARGET_OBJECTS:onnx_proto>)
set_target_properties(cleave_static PROPERTIES OUTPUT_NAME cleave)
target_include_directories(cleave_static SYSTEM INTERFACE ${ONNX_PROTO_OUT})
target_link_libraries(cleave_static PUBLIC cleave_internal)

add_library(cleave_shared SHARED $<TARGET_OBJECTS:cleave_objects>
    $<TARGET_OBJECTS:onnx_proto>)
set_target_properties(cleave_shared PROPERTIES OUTPUT_NAME cleave
    EXPORT_NAME cleave
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_include_directories(cleave_shared INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(cleave_shared PRIVATE cleave_internal)
