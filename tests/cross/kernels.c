/*
 * kernels.c - what the codec's kernels make of seeded inputs, as bytes.
 *
 * Built for two machines, it must print the same: neon.sh compares. Every
 * path that the machine has does every case, and must do it as the portable
 * one does. LZ4 is not asked: it is built for one machine only.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/planes.h"
#include "codec/quantise.h"
#include "codec/shuffle.h"
#include "unit/seeded.h"

#define MOST 3000

int LZ4_compress_default(const char *from, char *to, int size, int room);
int LZ4_decompress_safe(const char *from, char *to, int size, int room);

int LZ4_compress_default(const char *from, char *to, int size, int room)
{
    (void)from, (void)to, (void)size, (void)room;
    return 0;
}

int LZ4_decompress_safe(const char *from, char *to, int size, int room)
{
    (void)from, (void)to, (void)size, (void)room;
    return -1;
}

struct results {
    int fits[2];
    struct clv_extent extents[2];
    int16_t steps[MOST];
    int16_t levels[MOST];
    float values[2][MOST];
    float lo, hi;
    uint8_t planes[2 * MOST];
    uint8_t payload[4 * MOST];
    size_t payload_size;
    int16_t back[MOST];
};

struct inputs {
    float values[MOST];
    size_t count;
    float step;
    unsigned bits;
};

static void sample(struct seeded *s, struct inputs *in)
{
    double zero = 0.02 + 0.97 * seeded_unit(s);

    in->count = seeded_below(s, MOST);
    in->step = (float)(0.01 + seeded_unit(s));
    in->bits = 2 + seeded_below(s, 7);
    for (size_t i = 0; i < in->count; i++) {
        in->values[i] =
            (float)(seeded_laplace(s, zero) + seeded_unit(s) - seeded_unit(s)) *
            in->step;
    }
    if (in->count > 0 && seeded_below(s, 8) == 0) {
        const float odd[] = {0.5f, NAN, INFINITY, -1e30f, 32767.5f, 1e-40f};
        size_t at = seeded_below(s, (uint32_t)in->count);
        in->values[at] = odd[seeded_below(s, 6)] * in->step;
    }
}

static void fail(const char *what)
{
    fprintf(stderr, "kernels: %s\n", what);
    exit(1);
}

static void code(enum clv_path path, const struct inputs *in, struct results *r)
{
    int is_signed = r->extents[0].least < 0;
    struct clv_buffer into;
    clv_bytes rest;

    clv_buffer_init(&into, sizeof r->payload);
    if (clv_fast_encode(path, r->steps, in->count, is_signed, &into) !=
        CLEAVE_OK) {
        fail("no payload");
    }
    memcpy(r->payload, into.data, into.size);
    r->payload_size = into.size;
    rest = clv_buffer_bytes(&into);
    if (clv_fast_decode(path, &rest, in->count, is_signed, r->back) !=
            CLEAVE_OK ||
        memcmp(r->back, r->steps, in->count * sizeof *r->back) != 0) {
        fail("not what was coded");
    }
    clv_buffer_fini(&into);
    clv_shuffle(path, r->steps, in->count, is_signed, 16, r->planes);
    clv_dequantise_step(path, r->steps, in->count, in->step, r->values[0]);
}

static void run(enum clv_path path, const struct inputs *in, struct results *r)
{
    memset(r, 0, sizeof *r);
    for (int i = 0; i < 2; i++) {
        r->extents[i] = (struct clv_extent){INT32_MAX, INT32_MIN};
    }
    r->fits[0] = clv_quantise_step(path, in->values, in->count, in->step,
                                   r->steps, &r->extents[0]);
    r->fits[1] =
        clv_quantise_range(path, in->values, in->count, -in->step, 2 * in->step,
                           in->bits, r->levels, &r->extents[1]);
    clv_values_extent(path, in->values, in->count, &r->lo, &r->hi);
    if (r->fits[0] && in->count > 0) {
        code(path, in, r);
    } else {
        memset(r->steps, 0, sizeof r->steps); /* they mean nothing */
    }
    if (r->fits[1]) {
        clv_dequantise_range(path, r->levels, in->count, -in->step,
                             2 * in->step, in->bits, r->values[1]);
    } else {
        memset(r->levels, 0, sizeof r->levels);
    }
}

int main(void)
{
    static struct inputs in;
    static struct results want;
    static struct results got;
    struct seeded s = {1};

    for (int round = 0; round < 300; round++) {
        sample(&s, &in);
        run(CLV_PATH_PORTABLE, &in, &want);
        SEEDED_EACH_PATH(path)
        {
            run((enum clv_path)path, &in, &got);
            if (memcmp(&got, &want, sizeof got) != 0) {
                fail(clv_processor_name((enum clv_path)path));
            }
        }
        if (fwrite(&want, sizeof want, 1, stdout) != 1) {
            fail("cannot write");
        }
    }
    return 0;
}
