/*
 * sha256.c - SHA-256 through nettle, which knows the processor's own
 * instructions for it.
 */
#include "base/sha256.h"

#include <nettle/sha2.h>

static struct clv_sha256 finish(struct sha256_ctx *ctx)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct clv_sha256 out;

    sha256_digest(ctx, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        out.hex[2 * i] = digits[digest[i] >> 4];
        out.hex[2 * i + 1] = digits[digest[i] & 15];
    }
    out.hex[CLV_SHA256_HEX - 1] = '\0';
    return out;
}

struct clv_sha256 clv_sha256_of(clv_bytes bytes)
{
    return clv_sha256_of_parts(&bytes, 1);
}

struct clv_sha256 clv_sha256_of_parts(const clv_bytes *parts, size_t count)
{
    struct sha256_ctx ctx;

    sha256_init(&ctx);
    for (size_t i = 0; i < count; i++) {
        sha256_update(&ctx, parts[i].size, parts[i].data);
    }
    return finish(&ctx);
}
