/*
 * fingerprint.c - what measurements depend on, as one short key.
 *
 * All that is fed is written down, one line each, and the lines are hashed.
 * Values are told with their lengths, so none can pass for two.
 */
#include "profile/fingerprint.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fail.h"
#include "base/file.h"

/* Enough for the names of as many files as a source may have. */
#define TEXT_MAX ((size_t)1 << 30)

void clv_fingerprint_init(struct clv_fingerprint *f)
{
    clv_buffer_init(&f->text, TEXT_MAX);
}

void clv_fingerprint_fini(struct clv_fingerprint *f)
{
    clv_buffer_fini(&f->text);
}

void clv_fingerprint_text(struct clv_fingerprint *f, const char *name,
                          const char *value)
{
    if (value == NULL) {
        clv_buffer_printf(&f->text, "%s -\n", name);
    } else {
        clv_buffer_printf(&f->text, "%s %zu ", name, strlen(value));
        clv_buffer_append(&f->text, value, strlen(value));
        clv_buffer_append(&f->text, "\n", 1);
    }
}

void clv_fingerprint_number(struct clv_fingerprint *f, const char *name,
                            uint64_t value)
{
    clv_buffer_printf(&f->text, "%s %" PRIu64 "\n", name, value);
}

void clv_fingerprint_file(struct clv_fingerprint *f, const char *name,
                          const char *path)
{
    struct clv_map map;
    struct clv_sha256 hash;

    if (path == NULL || clv_map_open(path, &map, NULL) != CLEAVE_OK) {
        clv_fingerprint_text(f, name, NULL);
        return;
    }
    hash = clv_sha256_of(map.bytes);
    clv_map_close(&map);
    clv_fingerprint_text(f, name, hash.hex);
}

static void feed_stat(struct clv_fingerprint *f, const char *path)
{
    struct stat st;

    clv_fingerprint_text(f, "file", clv_path_name(path));
    if (stat(path, &st) == 0) {
        clv_fingerprint_number(f, "size", (uint64_t)st.st_size);
        clv_fingerprint_number(f, "seconds", (uint64_t)st.st_mtim.tv_sec);
        clv_fingerprint_number(f, "ns", (uint64_t)st.st_mtim.tv_nsec);
    }
}

void clv_fingerprint_source(struct clv_fingerprint *f, const char *name,
                            const struct clv_source *source)
{
    uint64_t count = clv_source_count(source);
    const char *before = NULL;

    clv_fingerprint_number(f, name, count);
    for (uint64_t i = 0; i < count; i++) {
        const char *path = clv_source_file(source, i);
        if (path != before) { /* rows of one file have one path */
            feed_stat(f, path);
        }
        before = path;
    }
}

cleave_status clv_fingerprint_key(const struct clv_fingerprint *f,
                                  struct clv_sha256 *ret_key, cleave_error *err)
{
    if (clv_buffer_status(&f->text) != CLEAVE_OK) {
        return clv_fail_memory(err, "fingerprint", f->text.size);
    }
    *ret_key = clv_sha256_of(clv_buffer_bytes(&f->text));
    return CLEAVE_OK;
}
