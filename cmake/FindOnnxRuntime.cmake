# ONNX Runtime: -DONNXRUNTIME_ROOT=DIR (with include/ and lib/) and nowhere
# else, or what `make setup` put into .deps/, or the system's.
set(ONNXRUNTIME_ROOT "" CACHE PATH "Folder with ONNX Runtime's include/ and lib/")
set(ONNXRUNTIME_API 21) # the oldest ORT_API_VERSION that has what we call

set(where HINTS ${PROJECT_SOURCE_DIR}/.deps/onnxruntime)
if(ONNXRUNTIME_ROOT)
    set(where PATHS ${ONNXRUNTIME_ROOT} NO_DEFAULT_PATH)
endif()
if(NOT "${where}" STREQUAL "${OnnxRuntime_WHERE}") # another root than last time
    unset(OnnxRuntime_INCLUDE_DIR CACHE)
    unset(OnnxRuntime_LIBRARY CACHE)
endif()
set(OnnxRuntime_WHERE "${where}" CACHE INTERNAL "Where it was looked for")
find_path(OnnxRuntime_INCLUDE_DIR onnxruntime_c_api.h ${where}
    PATH_SUFFIXES include include/onnxruntime onnxruntime)
find_library(OnnxRuntime_LIBRARY onnxruntime ${where} PATH_SUFFIXES lib)

if(OnnxRuntime_INCLUDE_DIR)
    file(STRINGS ${OnnxRuntime_INCLUDE_DIR}/onnxruntime_c_api.h line
        REGEX "^#define ORT_API_VERSION [0-9]+")
    string(REGEX REPLACE "[^0-9]" "" OnnxRuntime_VERSION "${line}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OnnxRuntime
    REQUIRED_VARS OnnxRuntime_LIBRARY OnnxRuntime_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "Run `make setup`, or give -DONNXRUNTIME_ROOT=DIR")
if(OnnxRuntime_FOUND AND OnnxRuntime_VERSION LESS ONNXRUNTIME_API)
    message(FATAL_ERROR "ONNX Runtime's headers in ${OnnxRuntime_INCLUDE_DIR} "
        "have API ${OnnxRuntime_VERSION}; ${ONNXRUNTIME_API} is needed. Run "
        "`make setup`, or give -DONNXRUNTIME_ROOT=DIR.")
endif()
if(OnnxRuntime_FOUND AND NOT TARGET OnnxRuntime::OnnxRuntime)
    add_library(OnnxRuntime::OnnxRuntime UNKNOWN IMPORTED)
    set_target_properties(OnnxRuntime::OnnxRuntime PROPERTIES
        IMPORTED_LOCATION ${OnnxRuntime_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${OnnxRuntime_INCLUDE_DIR})
endif()
