/*
 * status.h - how every fallible function of cleave answers.
 *
 * A fallible function returns a cleave_status. Results travel in `ret_`
 * parameters, which come last and are written only on CLEAVE_OK. Functions
 * off the hot path also take an optional cleave_error (may be NULL) and
 * describe in it what was wrong, where, and what to do next; the first
 * message wins, so the deepest cause is what the user reads.
 *
 * Everything here is thread-safe; a cleave_error belongs to one thread.
 */
#ifndef CLEAVE_STATUS_H
#define CLEAVE_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CLEAVE_API __attribute__((visibility("default")))
#else
#define CLEAVE_API
#endif

/*
 * The one list of statuses: X(name, HTTP code a server answers with, text).
 */
#define CLEAVE_STATUS_LIST(X)                                \
    X(OK, 200, "ok")                                         \
    X(INVALID, 400, "invalid argument or request")           \
    X(CORRUPT, 400, "bytes do not follow their format")      \
    X(NOT_FOUND, 404, "no such thing")                       \
    X(MISMATCH, 409, "not the same model, version or shape") \
    X(LIMIT, 413, "larger than a limit allows")              \
    X(UNSUPPORTED, 422, "valid, but not supported")          \
    X(MEMORY, 503, "out of memory")                          \
    X(BUSY, 503, "overloaded, try again later")              \
    X(TIMEOUT, 504, "not in time")                           \
    X(UNREACHABLE, 502, "the other side cannot be reached")  \
    X(IO, 500, "reading or writing failed")                  \
    X(ENGINE, 500, "the inference engine failed")            \
    X(CANCELLED, 500, "given up on request")

typedef enum cleave_status {
#define X(name, http, text) CLEAVE_##name,
    CLEAVE_STATUS_LIST(X)
#undef X
        CLEAVE_STATUS_COUNT
} cleave_status;

/*
 * What went wrong, on the caller's stack. `where` names the part, file or
 * field at fault ("model.onnx", "card.yaml:7"), `text` is one sentence or
 * two without a final newline. Zero-initialise before use (CLEAVE_ERROR_INIT).
 */
typedef struct cleave_error {
    cleave_status code;
    char where[128];
    char text[512];
} cleave_error;

#define CLEAVE_ERROR_INIT {CLEAVE_OK, "", ""}

/* The text of a status, for example "ok". Never NULL. */
CLEAVE_API const char *cleave_status_text(cleave_status status);

/* The HTTP code a server answers this status with. */
CLEAVE_API int cleave_status_http(cleave_status status);

/* The library's version, "major.minor.patch". */
CLEAVE_API const char *cleave_version(void);

#ifdef __cplusplus
}
#endif
#endif
