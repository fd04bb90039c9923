/*
 * json.h - reading foreign JSON within limits, and writing our own.
 *
 * Reading goes through jansson into a document; the limits below are checked
 * on the text before, so that a small message cannot make a large document.
 * Writing appends text to a clv_buffer, whose sticky status is checked once
 * at the end. Thread-safe as long as each thread has its own document and
 * buffer.
 */
#ifndef CLV_JSON_H
#define CLV_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"

struct json_t;

/* The largest text, the deepest nesting and the most values that are read. */
#define CLV_JSON_MAX_BYTES ((size_t)16 << 20)
#define CLV_JSON_MAX_DEPTH 24
#define CLV_JSON_MAX_VALUES ((size_t)2 << 20)

/*
 * Reads a text whose value is an object. CLEAVE_LIMIT beyond the limits,
 * CLEAVE_INVALID for anything that is not one JSON object without duplicate
 * keys; the message gives line and column. The caller frees the document.
 */
cleave_status clv_json_read(clv_bytes text, const char *where,
                            struct json_t **ret_document, cleave_error *err);

/* Frees a document with all strings that were borrowed from it. Takes NULL. */
void clv_json_free(struct json_t *document);

/*
 * Members of an object by key. An absent member (or an object that is NULL)
 * gives NULL, false or 0 and CLEAVE_OK; a member of another kind, a negative
 * number or one above `max` is CLEAVE_INVALID, and the message names `where`
 * and the key. Strings are borrowed from the document.
 */
cleave_status clv_json_string(const struct json_t *object, const char *key,
                              const char *where, const char **ret_string,
                              cleave_error *err);
cleave_status clv_json_bool(const struct json_t *object, const char *key,
                            const char *where, bool *ret_bool,
                            cleave_error *err);
cleave_status clv_json_uint(const struct json_t *object, const char *key,
                            const char *where, uint64_t max, uint64_t *ret_uint,
                            cleave_error *err);
cleave_status clv_json_object(const struct json_t *object, const char *key,
                              const char *where,
                              const struct json_t **ret_object,
                              cleave_error *err);
cleave_status clv_json_array(const struct json_t *object, const char *key,
                             const char *where, const struct json_t **ret_array,
                             cleave_error *err);

/* Appends a string with its quotes, escaped. */
void clv_json_put_string(struct clv_buffer *into, const char *string);

/* The same for `size` bytes; what is not UTF-8 becomes U+FFFD. */
void clv_json_put_bytes(struct clv_buffer *into, clv_bytes bytes);

/* Appends text as it stands. */
void clv_json_put(struct clv_buffer *into, const char *text);

/*
 * Appends spaces until the size is a multiple of 16: what follows the text
 * is then as well aligned as the memory the text stands in.
 */
void clv_json_pad(struct clv_buffer *into);

#endif
