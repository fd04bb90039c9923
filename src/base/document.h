/*
 * document.h - a YAML file read through a libcyaml schema.
 *
 * libcyaml checks keys and types and fills a struct of the caller's; the
 * outline (outline.h) first refuses what is hostile and later gives lines to
 * the checks that a schema cannot express. Every error points at
 * "path:line".
 *
 * A document owns what its schema filled. It is read-only once made, and may
 * then be read by all threads.
 */
#ifndef CLV_DOCUMENT_H
#define CLV_DOCUMENT_H

#include <cyaml/cyaml.h>

#include "base/buffer.h"
#include "base/outline.h"
#include "cleave/status.h"

/* A larger file is not one that a person wrote. */
#define CLV_DOCUMENT_BYTES 65536

struct clv_document;

/*
 * Reads `bytes` through `schema`, whose top level must be a mapping with
 * CYAML_FLAG_POINTER. `path` names the file in errors. CLEAVE_LIMIT above
 * CLV_DOCUMENT_BYTES; CLEAVE_INVALID for an unknown key, a wrong type, a
 * missing key and the like; also what clv_outline_new refuses. The schema
 * must outlive the document. The caller frees.
 */
cleave_status clv_document_new(clv_bytes bytes, const char *path,
                               const cyaml_schema_value_t *schema,
                               struct clv_document **ret_document,
                               cleave_error *err);

/* Takes NULL. */
void clv_document_free(struct clv_document *document);

/* The struct that the schema filled. Borrowed. */
const void *clv_document_data(const struct clv_document *document);

/*
 * Fills an error at what `at` names ("input[0].std", see
 * clv_outline_line) and returns CLEAVE_INVALID.
 */
cleave_status clv_document_fail(const struct clv_document *document,
                                cleave_error *err, const char *at,
                                const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
