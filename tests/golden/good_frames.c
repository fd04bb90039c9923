/*
 * good_frames.c - the good golden files, one function for each kind.
 *
 * `by_encoder` packs a tensor with the library; `by_hand` writes a frame as
 * the form says. Tensors lie on their quantiser's grid, so that what was
 * packed is what comes out, and packing it again gives the same bytes.
 * LZ4 blocks are made by liblz4, of which versions differ: the manifest
 * exempts them from the latter.
 */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/seeded.h"
#include "codec/bits.h"
#include "codec/planes.h"

/* Indices that are mostly small; `zero` is how often 0. */
static int16_t *some_indices(const struct golden_form *form, double zero)
{
    struct seeded s = seeded_init("golden", 40 + golden_count(form));
    int16_t *indices = calloc(golden_count(form) + 1, sizeof *indices);
    int most = form->quantiser == GOLDEN_RANGE ? (1 << form->bits) - 1 : 32767;

    if (indices == NULL) {
        golden_die("out of memory");
    }
    for (size_t i = 0; i < golden_count(form); i++) {
        int index = form->is_signed ? seeded_laplace(&s, zero)
                                    : seeded_geometric(&s, zero);

        indices[i] = (int16_t)(index < most ? index : most);
    }
    if (form->quantiser == GOLDEN_RANGE) { /* all of it, so that it is found */
        indices[0] = 0;
        indices[golden_count(form) - 1] = (int16_t)most;
    }
    if (form->type == GOLDEN_BOOL) {
        for (size_t i = 0; i < golden_count(form); i++) {
            indices[i] &= 1;
        }
    }
    return indices;
}

/* Packs the tensor of these indices with the library. */
static void by_encoder(struct golden_maker *m, const char *name,
                       const struct golden_form *form, double zero,
                       const char *packing, const char *known, const char *what)
{
    int16_t *indices = some_indices(form, zero);
    struct clv_buffer values;
    cleave_tensor tensor;

    clv_buffer_init(&values, GOLDEN_BYTES_MAX);
    golden_put_values(form, indices, &values);
    tensor = golden_tensor(form, &values);
    tensor.info.name = strcmp(known, "-") != 0 ? known : NULL;
    golden_begin(m);
    golden_pack(m, packing, &tensor, NULL, 1);
    if ((m->message.data[1] & 7) != (unsigned)form->coder ||
        ((m->message.data[2] >> 3 & 1) != 0) != (strcmp(known, "-") != 0)) {
        golden_die("%s: the encoder chose another coder or book", name);
    }
    golden_end(m, name,
               form->coder == CLV_CODER_LZ && m->message.size < values.size &&
                       strstr(name, "stored") == NULL
                   ? "-"
                   : packing,
               known, what);
    clv_buffer_fini(&values);
    free(indices);
}

/* The same as it is, in bytes of chance or these. */
static void raw(struct golden_maker *m, const char *name,
                const struct golden_form *form, const void *bytes,
                const char *packing, const char *what)
{
    struct seeded s = seeded_init("golden", form->type);
    struct clv_buffer values;
    cleave_tensor tensor;

    clv_buffer_init(&values, GOLDEN_BYTES_MAX);
    golden_put_values(form, (const int16_t[64]){0}, &values);
    for (size_t i = 0; i < values.size; i++) {
        values.data[i] = bytes != NULL ? ((const uint8_t *)bytes)[i]
                                       : (uint8_t)seeded_next(&s);
        if (form->type == GOLDEN_BOOL) {
            values.data[i] &= 1;
        }
    }
    tensor = golden_tensor(form, &values);
    golden_begin(m);
    golden_pack(m, packing, &tensor, NULL, 1);
    golden_end(m, name, packing, "-", what);
    clv_buffer_fini(&values);
}

static void make_raw(struct golden_maker *m)
{
    static const char *const names[GOLDEN_TYPES] = {
        "raw-f32", "raw-f16", "raw-u8",  "raw-i8",  "raw-bool", "raw-u16",
        "raw-i16", "raw-u32", "raw-i32", "raw-u64", "raw-i64",  "raw-f64"};
    static const float specials[8] = {0.0f,     -0.0f,    1.5f,      -65504.0f,
                                      0x1p-24f, INFINITY, -INFINITY, NAN};
    struct golden_form form = {.rank = 2, .dim = {2, 4}};

    for (unsigned type = 0; type < GOLDEN_TYPES; type++) {
        form.type = (enum golden_type)type;
        raw(m, names[type], &form, NULL, "f32", "elements as they are");
    }
    form.type = GOLDEN_F32;
    raw(m, "raw-specials", &form, specials, "dense:step=0.5",
        "infinities and a NaN are not quantised");
    raw(m, "raw-half", &form, specials, "f16",
        "f32 as f16, specials and a subnormal among them");
    form.rank = 0;
    raw(m, "raw-scalar", &form, specials, "f32", "rank 0, one element");
    form.rank = 3;
    form.dim[1] = 0;
    form.dim[2] = 5;
    raw(m, "raw-empty", &form, NULL, "lz:bits=4", "no elements, no payload");
    form = (struct golden_form){.rank = 8, .dim = {1, 2, 1, 1, 2, 1, 1, 1}};
    raw(m, "raw-rank-8", &form, NULL, "f32", "the most dimensions");
}

static void make_lz(struct golden_maker *m)
{
    struct golden_form f = {.coder = CLV_CODER_LZ,
                            .quantiser = GOLDEN_RANGE,
                            .rank = 3,
                            .dim = {3, 9, 11},
                            .lo = -1.5f,
                            .hi = 2.25f,
                            .bits = 4};

    by_encoder(m, "lz-bits-4", &f, 0.8, "lz:bits=4", "-",
               "DynO's chain, 297 elements: planes end within a byte");
    f.bits = 8;
    f.type = GOLDEN_F16;
    by_encoder(m, "lz-bits-8-f16", &f, 0.02, "lz:bits=8", "-", "8 bits of f16");
    f.bits = 2;
    by_encoder(m, "lz-bits-2-f16", &f, 0.7, "lz:bits=2", "-", "2 bits of f16");
    f = (struct golden_form){.coder = CLV_CODER_LZ,
                             .quantiser = GOLDEN_STEP,
                             .is_signed = 1,
                             .rank = 2,
                             .dim = {40, 50},
                             .step = 0.25f};
    by_encoder(m, "lz-step", &f, 0.95, "lz:step=0.25", "-",
               "signed, with long matches");
    f.dim[0] = 2;
    f.step = 0.1f;
    by_encoder(m, "lz-stored-long-step", &f, 0.03, "lz:step=0.1", "-",
               "planes that LZ4 cannot shorten, and all of a step");
    f.dim[0] = 40;
    f.is_signed = 0;
    f.quantiser = GOLDEN_NONE;
    f.type = GOLDEN_I32;
    f.base = -100000;
    by_encoder(m, "lz-i32-constant", &f, 1, "lz", "-",
               "one value: no planes at all");
}

static void make_fast(struct golden_maker *m)
{
    struct golden_form f = {.coder = CLV_CODER_FAST,
                            .quantiser = GOLDEN_STEP,
                            .rank = 3,
                            .dim = {5, 17, 13},
                            .step = 0.5f};

    by_encoder(m, "fast-step", &f, 0.7, "fast:step=0.5", "-",
               "3 blocks, the last one of 81 elements");
    f.is_signed = 1;
    f.step = 0.3f;
    by_encoder(m, "fast-long-step", &f, 0.4, "fast:step=0.3", "-",
               "signed, all of a step");
    f.type = GOLDEN_F16;
    f.step = 0.125f;
    by_encoder(m, "fast-f16", &f, 0.2, "fast:step=0.125", "-", "f16, signed");
    f.dim[0] = 1;
    by_encoder(m, "fast-wide", &f, 0.003, "fast:step=0.125", "-",
               "symbols above 255");
    f = (struct golden_form){.coder = CLV_CODER_FAST,
                             .quantiser = GOLDEN_RANGE,
                             .rank = 1,
                             .dim = {999},
                             .lo = -3,
                             .hi = 4,
                             .bits = 3};
    by_encoder(m, "fast-bits-3", &f, 0.5, "fast:bits=3", "-",
               "levels of a range");
    f = (struct golden_form){.coder = CLV_CODER_FAST,
                             .type = GOLDEN_I16,
                             .base = -300,
                             .rank = 2,
                             .dim = {50, 40}};
    by_encoder(m, "fast-i16", &f, 0.96, "fast", "-", "integers, mostly base");
    f.type = GOLDEN_BOOL;
    f.base = 0;
    by_encoder(m, "fast-bool", &f, 0.6, "fast", "-", "bools");
}

/* Alike blocks in a row are one; the encoder sends such tensors as lz. */
static void make_fast_constant(struct golden_maker *m)
{
    static const uint8_t two_stretches[] = {1, 0x7e, 1, 3};
    struct golden_form f = {.coder = CLV_CODER_FAST,
                            .type = GOLDEN_U32,
                            .base = 4000000000,
                            .rank = 2,
                            .dim = {1700, 40}};
    int16_t *indices = calloc(golden_count(&f), sizeof *indices);
    struct clv_buffer payload;

    if (indices == NULL) {
        golden_die("out of memory");
    }
    clv_buffer_init(&payload, GOLDEN_BYTES_MAX);
    (void)clv_buffer_append(&payload, two_stretches, sizeof two_stretches);
    golden_begin(m);
    golden_add(m, &f, indices, &payload, 1);
    golden_end(m, "fast-u32-constant", "-", "-", "one value: two stretches");
    clv_buffer_fini(&payload);
    free(indices);
}

/* Runs, slopes and noise, so that each way has its use; from the sixth file
   on in wide symbols. */
static int16_t *moody_indices(const struct golden_form *form, unsigned file)
{
    struct seeded s = seeded_init("golden", file);
    int16_t *indices = some_indices(form, 0.5);
    int mood = 0;

    for (size_t i = 1; i < golden_count(form); i++) {
        if (i % 100 == 0) {
            mood = (int)seeded_below(&s, 5);
            mood = i > 400 && i < golden_count(form) - 400 ? 1 : mood;
        }
        if (mood == 1) {
            indices[i] = indices[i - 1];
        } else if (mood == 2) {
            indices[i] = (int16_t)(indices[i - 1] + (int)seeded_below(&s, 3));
        } else if (mood == 3) {
            indices[i] = seeded_below(&s, 20) == 0;
        } else if (form->is_signed && mood == 4) {
            indices[i] = (int16_t)((int)seeded_below(&s, 256) - 128);
        }
    }
    for (size_t i = 0; i < golden_count(form) && file >= 6; i++) {
        indices[i] = (int16_t)(indices[i] * 60);
    }
    return indices;
}

/* Whatever ways there are, in runs and by chance. */
static void make_fast_by_hand(struct golden_maker *m)
{
    for (unsigned file = 1; file <= 12; file++) {
        struct seeded s = seeded_init("golden", 90 + file);
        struct golden_form f = {.coder = CLV_CODER_FAST,
                                .type = GOLDEN_I32,
                                .is_signed = (int)file % 2,
                                .rank = 1,
                                .dim = {file == 12      ? 70001
                                        : file % 3 == 0 ? 9000 + file
                                                        : 700 + file}};
        int16_t *indices = moody_indices(&f, file);
        struct clv_buffer payload;
        char name[32];

        snprintf(name, sizeof name, "fast-ways-%u", file);
        clv_buffer_init(&payload, GOLDEN_BYTES_MAX);
        golden_put_fast(&s, &f, indices, &payload);
        golden_begin(m);
        golden_add(m, &f, indices, &payload, 1);
        golden_end(m, name, "-", "-", "ways of blocks, taken by chance");
        clv_buffer_fini(&payload);
        free(indices);
    }
}

static void make_dense_types(struct golden_maker *m)
{
    static const char *const names[GOLDEN_TYPES] = {
        [GOLDEN_U8] = "dense-u8",     [GOLDEN_I8] = "dense-i8",
        [GOLDEN_BOOL] = "dense-bool", [GOLDEN_U16] = "dense-u16",
        [GOLDEN_I16] = "dense-i16",   [GOLDEN_U32] = "dense-u32",
        [GOLDEN_I32] = "dense-i32",   [GOLDEN_U64] = "dense-u64",
        [GOLDEN_I64] = "dense-i64"};
    static const int64_t bases[GOLDEN_TYPES] = {[GOLDEN_U8] = 3,
                                                [GOLDEN_I8] = -100,
                                                [GOLDEN_U16] = 60000,
                                                [GOLDEN_I16] = -32000,
                                                [GOLDEN_U32] = 4294900000,
                                                [GOLDEN_I32] = -2147483000,
                                                [GOLDEN_U64] = (int64_t)1 << 61,
                                                [GOLDEN_I64] =
                                                    -((int64_t)1 << 61)};

    for (unsigned type = GOLDEN_U8; type < GOLDEN_F64; type++) {
        struct golden_form form = {.coder = CLV_CODER_DENSE,
                                   .type = (enum golden_type)type,
                                   .base = bases[type],
                                   .rank = 2,
                                   .dim = {20, 20}};

        by_encoder(m, names[type], &form, 0.6, "dense", "-",
                   "integers without loss, with their base");
    }
}

static void make_dense_floats(struct golden_maker *m)
{
    struct golden_form f = {.coder = CLV_CODER_DENSE,
                            .quantiser = GOLDEN_STEP,
                            .rank = 4,
                            .dim = {1, 7, 9, 6},
                            .step = 0.5f};

    by_encoder(m, "dense-step", &f, 0.7, "dense:step=0.5", "-",
               "unsigned, 4 lanes");
    f.is_signed = 1;
    f.step = 0.3f;
    by_encoder(m, "dense-long-step", &f, 0.5, "dense:step=0.3", "-",
               "signed, all of a step");
    f.type = GOLDEN_F16;
    f.step = 0x1p-20f;
    by_encoder(m, "dense-f16", &f, 0.3, "dense:step=9.5367431640625e-07", "-",
               "f16, subnormals among them");
    f = (struct golden_form){.coder = CLV_CODER_DENSE,
                             .quantiser = GOLDEN_RANGE,
                             .rank = 2,
                             .dim = {30, 8},
                             .lo = 0.1f,
                             .hi = 7.7f,
                             .bits = 5};
    by_encoder(m, "dense-bits-5", &f, 0.4, "dense:bits=5", "-",
               "levels of a range, 1 lane");
    f = (struct golden_form){.coder = CLV_CODER_DENSE,
                             .quantiser = GOLDEN_STEP,
                             .is_signed = 1,
                             .rank = 1,
                             .dim = {1500},
                             .step = 2};
    by_encoder(m, "dense-flat", &f, 0.97, "dense:step=2", "-",
               "a vector seen as 32 rows, the last one partly void");
    f.dim[0] = 300;
    by_encoder(m, "dense-extra-bits", &f, 0.01, "dense:step=2", "-",
               "large indices, 1 lane");
}

static void make_dense_sizes(struct golden_maker *m)
{
    struct golden_form f = {.coder = CLV_CODER_DENSE,
                            .type = GOLDEN_U8,
                            .rank = 3,
                            .dim = {5, 18, 14}};

    by_encoder(m, "dense-lanes-8", &f, 0.9, "dense", "-",
               "8 lanes, strips of 9 rows; the last block has voids");
    f.rank = 2;
    f.dim[0] = 67;
    f.dim[1] = 60;
    by_encoder(m, "dense-lanes-16", &f, 0.97, "dense", "-",
               "16 lanes, the last band has fewer rows");
    f.dim[0] = 200;
    f.dim[1] = 170;
    by_encoder(m, "dense-lanes-32", &f, 0.999, "dense", "-", "32 lanes");
    f.dim[0] = 2;
    by_encoder(m, "dense-lanes-2", &f, 0.9, "dense", "-", "2 rows, 2 lanes");
    f.dim[0] = 60;
    f.dim[1] = 70;
    by_encoder(m, "dense-plain-7", &f, 0.3, "dense", "-",
               "the most contexts of a plain book");
}

static void make_calibrated(struct golden_maker *m)
{
    struct golden_form f = {.coder = CLV_CODER_DENSE,
                            .quantiser = GOLDEN_STEP,
                            .is_signed = 1,
                            .rank = 4,
                            .dim = {1, 4, 6, 8},
                            .step = 0.25f};

    by_encoder(m, "dense-named", &f, 0.5, "dense:step=0.25", "features",
               "a named book with biases and energy, the book's shape");
    f.step = 0.3f;
    by_encoder(m, "dense-named-escapes", &f, 0.05, "dense:step=0.3", "features",
               "tokens that the named book lacks");
    f.is_signed = 0;
    f.step = 1;
    by_encoder(m, "dense-named-unsigned", &f, 0.6, "dense:step=1", "features",
               "another book of the same tensor");
    f = (struct golden_form){.coder = CLV_CODER_DENSE,
                             .type = GOLDEN_U8,
                             .is_signed = 1,
                             .base = 7,
                             .rank = 2,
                             .dim = {40, 30}};
    by_encoder(m, "dense-named-integers", &f, 0.8, "dense", "mask",
               "the calibration's base");
    f = (struct golden_form){.coder = CLV_CODER_DENSE,
                             .type = GOLDEN_BOOL,
                             .is_signed = 1,
                             .rank = 3,
                             .dim = {2, 15, 20}};
    by_encoder(m, "dense-named-shared", &f, 0.9, "dense", "twin",
               "a book that another tensor has too, whose shape it is not");
}

/* Writes one frame by hand. A payload of NULL is dense with this book. */
static void by_hand(struct golden_maker *m, const char *name,
                    const struct golden_form *form,
                    const struct golden_book *book,
                    const struct golden_lanes *lanes, const int16_t *indices,
                    const char *what)
{
    struct clv_buffer payload;
    unsigned quiet = 0;

    clv_buffer_init(&payload, GOLDEN_BYTES_MAX);
    if (form->coder == CLV_CODER_LZ && golden_count(form) > 0) {
        golden_put_planes(form, indices, 16, &payload);
    } else if (golden_count(form) > 0) {
        if (!form->names_book) {
            golden_put_book(book, &payload);
        }
        quiet = golden_put_dense(form, book, lanes, indices, &payload);
        if (quiet != lanes->quiet) {
            golden_die("%s: %u quiet steps", name, quiet);
        }
    }
    golden_begin(m);
    golden_add(m, form, indices, &payload, 1);
    golden_end(m, name, "-", "-", what);
    clv_buffer_fini(&payload);
}

static void make_small(struct golden_maker *m)
{
    struct golden_book book = {.is_signed = 1};
    struct golden_lanes lanes = {.quiet = 1};
    struct golden_form f = {.coder = CLV_CODER_DENSE,
                            .quantiser = GOLDEN_STEP,
                            .is_signed = 1,
                            .step = 1.5f};
    int16_t extremes[8] = {-32767, 32767, 0, 1, -1, 15, -16, 4096};

    golden_tables(&book, 500, 4);
    by_hand(m, "dense-scalar", &f, &book, &lanes, extremes + 4,
            "rank 0, one element, one step, and it is quiet");
    lanes.log2_lanes = 5;
    by_hand(m, "dense-scalar-32", &f, &book, &lanes, extremes,
            "the same in 32 lanes, of which 31 are void");
    f.rank = 2;
    f.dim[0] = 4;
    f.dim[1] = 0;
    by_hand(m, "dense-empty", &f, NULL, NULL, NULL, "no elements, dense");
    f.coder = CLV_CODER_FAST;
    by_hand(m, "fast-empty", &f, NULL, NULL, NULL, "no elements, fast");
    f.coder = CLV_CODER_LZ;
    f.quantiser = GOLDEN_NONE;
    f.type = GOLDEN_I16;
    by_hand(m, "lz-empty", &f, NULL, NULL, NULL, "no elements, lz");
    f.dim[1] = 2;
    by_hand(m, "lz-width-16", &f, NULL, NULL, extremes,
            "16 planes, indices at their bounds, 2 rows of 4 voids");
    f.type = GOLDEN_U8;
    f.base = 250;
    by_hand(m, "lz-u8-wraps", &f, NULL, NULL, extremes,
            "elements wrap in their width");
    f.coder = CLV_CODER_DENSE;
    f.base = ((int64_t)1 << 62) - 1;
    lanes.log2_lanes = 1;
    lanes.quiet = 0;
    golden_tables(&book, 0, 0);
    by_hand(m, "dense-escapes", &f, &book, &lanes, extremes,
            "nothing but escapes, with extra bits, and the greatest base");
    f.type = GOLDEN_BOOL;
    f.base = 1;
    golden_tables(&book, 500, 2);
    by_hand(m, "dense-bool-base-1", &f, &book, &lanes,
            (const int16_t[8]){0, -1, -1, 0, 0, 0, -1, 0}, "bools from 1 down");
}

static void make_books(struct golden_maker *m)
{
    struct golden_book book;
    struct golden_lanes lanes = {.log2_lanes = 2};
    struct golden_form f = {.coder = CLV_CODER_DENSE,
                            .quantiser = GOLDEN_STEP,
                            .is_signed = 1,
                            .rank = 4,
                            .dim = {1, 4, 6, 8},
                            .step = 0.5f};
    int16_t *indices = some_indices(&f, 0.3);

    golden_calibrated_book(0, &book);
    by_hand(m, "dense-biases", &f, &book, &lanes, indices,
            "the book goes along, with biases and energy; no quiet steps");
    lanes.log2_lanes = 3;
    by_hand(m, "dense-bands", &f, &book, &lanes, indices,
            "2 bands a plane, of 3 rows; 1 block");
    lanes.log2_lanes = 5;
    by_hand(m, "dense-thin-bands", &f, &book, &lanes, indices,
            "24 strips of one row for 32 lanes");
    lanes.log2_lanes = 4;
    by_hand(m, "dense-void-band", &f, &book, &lanes, indices,
            "4 bands of 2 rows in 6: the last band of a plane has none");
    f.names_book = 1;
    f.hash = golden_hash(&book);
    f.dim[0] = 2;
    f.dim[1] = 2;
    by_hand(m, "dense-named-other-shape", &f, &book, &lanes, indices,
            "a named book, but not its shape");
    lanes.quiet = 3;
    f.dim[0] = 1;
    f.dim[1] = 4;
    f.takes_shape = 1;
    f.step = 0.7f;
    by_hand(m, "dense-named-quiet-3", &f, &book, &lanes, indices,
            "a named book and its shape, and 3 quiet steps");
    free(indices);
}

static void make_quiet(struct golden_maker *m)
{
    struct golden_book book = {.cut_count = 3,
                               .cut = {1, 2, 15},
                               .threshold_count = 7,
                               .up = 255,
                               .right = 255,
                               .energy = 255,
                               .e0 = 255,
                               .threshold = {0, 1, 50, 100, 200, 254, 255}};
    struct golden_lanes lanes = {.quiet = 255};
    struct golden_form f = {.coder = CLV_CODER_DENSE,
                            .type = GOLDEN_I64,
                            .base = -1,
                            .rank = 3,
                            .dim = {2, 3, 300}};
    int16_t *indices = some_indices(&f, 0.995);

    golden_tables(&book, 1010, 3);
    by_hand(m, "dense-quiet-255", &f, &book, &lanes, indices,
            "the most quiet steps, the most contexts, the largest weights");
    lanes = (struct golden_lanes){.log2_lanes = 5, .quiet = 20};
    by_hand(m, "dense-flat-32", &f, &book, &lanes, indices,
            "1800 elements seen as 32 rows of 57: 24 void at the end");
    f.dim[2] = 170;
    by_hand(m, "dense-not-flat", &f, &book, &lanes, indices,
            "1020 elements are too few to be seen as 32 rows");
    book.is_plain = 1;
    f.dim[1] = 40;
    f.dim[2] = 22;
    lanes = (struct golden_lanes){.quiet = 0};
    by_hand(m, "dense-one-lane", &f, &book, &lanes, indices,
            "2 blocks of 1 lane, a plain book by hand");
    free(indices);
}

/* Signalling NaNs, which no encoder makes of an f32. */
static void make_nans(struct golden_maker *m)
{
    static const uint16_t halves[8] = {0x7C01, 0xFD55, 0x7E00, 0xFC00,
                                       0x83FF, 0x0001, 0x0400, 0xBC01};
    struct golden_form f = {.quantiser = GOLDEN_HALF, .rank = 1, .dim = {8}};
    struct clv_buffer payload;

    clv_buffer_init(&payload, GOLDEN_BYTES_MAX);
    for (unsigned i = 0; i < 8; i++) {
        clv_put_u16(&payload, halves[i]);
    }
    golden_begin(m);
    golden_add(m, &f, (const int16_t *)halves, &payload, 1);
    golden_end(m, "raw-half-nans", "-", "-",
               "NaNs become quiet, subnormals become normal");
    clv_buffer_fini(&payload);
}

/* Many blocks, so that energies are learnt again and again. */
static void make_energy(struct golden_maker *m)
{
    struct golden_book book = {.is_signed = 1,
                               .threshold_count = 7,
                               .threshold = {10, 25, 40, 60, 80, 110, 150},
                               .cut_count = 1,
                               .cut = {2},
                               .up = 7,
                               .right = 3,
                               .energy = 64,
                               .e0 = 33,
                               .biases = 40};
    struct golden_lanes lanes = {.log2_lanes = 1, .quiet = 1};
    struct golden_form f = {.coder = CLV_CODER_DENSE,
                            .quantiser = GOLDEN_STEP,
                            .is_signed = 1,
                            .rank = 3,
                            .dim = {40, 5, 7},
                            .step = 1};
    int16_t *indices = some_indices(&f, 0.5);

    for (unsigned i = 0; i < 32; i++) {
        golden_table(book.frequency[i / 4][i % 4], 700 - 20 * i, 4 + i);
    }
    for (unsigned i = 0; i < 40; i++) {
        book.bias[i] = (uint8_t)(i * 7 % 40);
    }
    by_hand(m, "dense-energy", &f, &book, &lanes, indices,
            "20 blocks of 2 lanes: energies are learnt block by block");
    lanes.log2_lanes = 4;
    by_hand(m, "dense-energy-16", &f, &book, &lanes, indices,
            "the same in 3 blocks of 16 lanes, the last half void");
    lanes = (struct golden_lanes){
        .log2_lanes = 4, .quiet = 5, .has_loud = 1, .loud = 0xA5F3};
    by_hand(m, "dense-loud", &f, &book, &lanes, indices,
            "10 of 16 lanes are loud in 5 quiet steps");
    lanes.log2_lanes = 1;
    lanes.loud = 0;
    lanes.quiet = 1;
    by_hand(m, "dense-loud-none", &f, &book, &lanes, indices,
            "lanes could be loud, and none is");
    book.is_plain = 1;
    lanes = (struct golden_lanes){.log2_lanes = 3, .quiet = 1};
    f.step = 0x1.8p-26f;
    f.type = GOLDEN_F16;
    by_hand(m, "dense-plain-book-7", &f, &book, &lanes, indices,
            "all thresholds of a plain book; f16 at its least subnormals");
    f.step = 16001;
    by_hand(m, "dense-f16-overflow", &f, &book, &lanes, indices,
            "f16 rounded, and beyond its greatest");
    free(indices);
}

static void make_message(struct golden_maker *m)
{
    struct golden_form f = {.coder = CLV_CODER_DENSE,
                            .quantiser = GOLDEN_STEP,
                            .rank = 2,
                            .dim = {30, 20},
                            .step = 1};
    struct clv_buffer values;
    cleave_tensor tensor;

    clv_buffer_init(&values, GOLDEN_BYTES_MAX);
    golden_begin(m);
    for (int i = 0; i < 4; i++) {
        int16_t *indices = NULL;

        f.dim[0] = i == 2 ? 0 : 30;
        f.dim[1] = 20 + (uint64_t)i;
        f.is_signed = i == 3;
        indices = some_indices(&f, 0.7);
        clv_buffer_reset(&values);
        golden_put_values(&f, indices, &values);
        tensor = golden_tensor(&f, &values);
        golden_pack(m, "dense:step=1", &tensor, NULL, i == 3);
        free(indices);
    }
    golden_end(m, "message-of-4", "dense:step=1", "-",
               "four frames, one without elements");
    clv_buffer_fini(&values);
}

void golden_make_good(struct golden_maker *maker)
{
    make_raw(maker);
    make_lz(maker);
    make_fast(maker);
    make_fast_constant(maker);
    make_fast_by_hand(maker);
    make_dense_types(maker);
    make_dense_floats(maker);
    make_dense_sizes(maker);
    make_calibrated(maker);
    make_small(maker);
    make_books(maker);
    make_quiet(maker);
    make_energy(maker);
    make_nans(maker);
    make_message(maker);
}
