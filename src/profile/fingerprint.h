/*
 * fingerprint.h - what measurements depend on, as one short key.
 *
 * A fingerprint is fed texts, whole files, and the files of a source by name,
 * size and time of change; equal keys mean equal things were fed in the
 * same order. Belongs to one thread.
 */
#ifndef CLV_FINGERPRINT_H
#define CLV_FINGERPRINT_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/sha256.h"
#include "cleave/status.h"
#include "media/source.h"

/* Errors stick until the end. */
struct clv_fingerprint {
    struct clv_buffer text;
};

/* Allocates nothing. */
void clv_fingerprint_init(struct clv_fingerprint *f);
void clv_fingerprint_fini(struct clv_fingerprint *f);

/* Feeds a name and a value; NULL is a value of its own. */
void clv_fingerprint_text(struct clv_fingerprint *f, const char *name,
                          const char *value);
void clv_fingerprint_number(struct clv_fingerprint *f, const char *name,
                            uint64_t value);

/* Feeds a file's content, or its absence. */
void clv_fingerprint_file(struct clv_fingerprint *f, const char *name,
                          const char *path);

/* Feeds a source's files, without reading them. */
void clv_fingerprint_source(struct clv_fingerprint *f, const char *name,
                            const struct clv_source *source);

/* The key. CLEAVE_MEMORY. */
cleave_status clv_fingerprint_key(const struct clv_fingerprint *f,
                                  struct clv_sha256 *ret_key,
                                  cleave_error *err);

#endif
