# ONNX Runtime: -DONNXRUNTIME_ROOT=DIR (with include/ and lib/), else what
# `make setup` put into .deps/, else the system's.
set(ONNXRUNTIME_ROOT "" CACHE PATH "Folder with ONNX Runtime's include/ and lib/")
set(hints ${ONNXRUNTIME_ROOT} ${PROJECT_SOURCE_DIR}/.deps/onnxruntime)
find_path(OnnxRuntime_INCLUDE_DIR onnxruntime_c_api.h
    HINTS ${hints} PATH_SUFFIXES include include/onnxruntime onnxruntime)
find_library(OnnxRuntime_LIBRARY onnxruntime HINTS ${hints} PATH_SUFFIXES lib)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OnnxRuntime
    REQUIRED_VARS OnnxRuntime_LIBRARY OnnxRuntime_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "Run `make setup`, or give -DONNXRUNTIME_ROOT=DIR")
if(OnnxRuntime_FOUND AND NOT TARGET OnnxRuntime::OnnxRuntime)
    add_library(OnnxRuntime::OnnxRuntime UNKNOWN IMPORTED)
    set_target_properties(OnnxRuntime::OnnxRuntime PROPERTIES
        IMPORTED_LOCATION ${OnnxRuntime_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${OnnxRuntime_INCLUDE_DIR})
endif()
