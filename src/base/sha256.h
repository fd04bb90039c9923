/*
 * sha256.h - the identity of models and cached things.
 */
#ifndef CLV_SHA256_H
#define CLV_SHA256_H

#include "base/buffer.h"

/* A digest in lower-case hexadecimal, with its final zero. */
#define CLV_SHA256_HEX 65

struct clv_sha256 {
    char hex[CLV_SHA256_HEX];
};

/* The digest of a run of bytes. */
struct clv_sha256 clv_sha256_of(clv_bytes bytes);

/* The digest of several runs, one after the other. */
struct clv_sha256 clv_sha256_of_parts(const clv_bytes *parts, size_t count);

#endif
