/*
 * random_frames.c - messages by chance: every coder, type, quantiser and
 * book, shapes of all ranks, and states that the encoder would not choose.
 */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/seeded.h"
#include "codec/bits.h"
#include "codec/planes.h"

#define MOST 6000

static void pick_shape(struct seeded *s, struct golden_form *form)
{
    static const unsigned widths[] = {2, 5, 9, 40, 70, 1500, MOST};
    uint32_t below = widths[seeded_below(s, 7)];
    size_t count = 1;

    form->rank = seeded_below(s, 6);
    for (uint32_t i = form->rank; i-- > 0;) {
        form->dim[i] = 1 + seeded_below(s, below);
        if (count * form->dim[i] > MOST) {
            form->dim[i] = 1 + seeded_below(s, 2);
        }
        if (count * form->dim[i] > MOST) {
            form->dim[i] = 1;
        }
        count *= form->dim[i];
    }
    if (form->rank > 0 && seeded_below(s, 40) == 0) {
        form->dim[seeded_below(s, form->rank)] = 0;
    }
}

static void pick_quantiser(struct seeded *s, struct golden_form *form)
{
    form->type = (enum golden_type)seeded_below(s, GOLDEN_F64);
    form->is_signed = (int)seeded_below(s, 2);
    if (form->type > GOLDEN_F16) {
        form->base = (int64_t)seeded_below(s, 1u << 31) - (1 << 30);
        form->base *= seeded_below(s, 2) ? 1 : 1ll << 31;
        form->base = form->type == GOLDEN_BOOL ? form->base & 1 : form->base;
    } else if (seeded_below(s, 2) == 0) {
        uint32_t bits = (seeded_below(s, 254) + 1) << 23 |
                        (seeded_next(s) & 0x7F0000) |
                        (seeded_below(s, 2) ? seeded_next(s) & 0xFFFF : 0);
        form->quantiser = GOLDEN_STEP;
        memcpy(&form->step, &bits, sizeof bits);
    } else {
        form->quantiser = GOLDEN_RANGE;
        form->bits = 2 + seeded_below(s, 7);
        form->lo = (float)(seeded_unit(s) - 0.5) * 100;
        form->hi = form->lo + (float)seeded_unit(s) * 3000;
    }
}

static void pick_indices(struct seeded *s, const struct golden_form *form,
                         int16_t *indices)
{
    static const double zeros[] = {0.0005, 0.02, 0.3, 0.7, 0.95, 0.999};
    double zero = zeros[seeded_below(s, 6)];
    int is_still = 0;
    int can_fall = form->is_signed && form->quantiser != GOLDEN_RANGE;
    int most = form->quantiser == GOLDEN_RANGE ? (1 << form->bits) - 1 : 32767;

    for (size_t i = 0; i < golden_count(form); i++) {
        int index = seeded_geometric(s, zero);

        index = index > most ? most : index;
        if (seeded_below(s, 500) == 0) {
            index = most - (int)seeded_below(s, 2);
        }
        if (form->type == GOLDEN_BOOL) {
            index = (index & 1) - (int)form->base;
            index = can_fall || index >= 0 ? index : 0;
        } else if (can_fall && seeded_below(s, 2)) {
            index = -index;
        }
        indices[i] = (int16_t)index;
        if (i > 0 && is_still) {
            indices[i] = indices[i - 1];
        }
        is_still =
            is_still ? seeded_below(s, 700) != 0 : seeded_below(s, 900) == 0;
    }
}

static void pick_table(struct seeded *s, unsigned *frequency)
{
    unsigned listed = seeded_below(s, 41);
    unsigned left = 1023;

    memset(frequency, 0, GOLDEN_TOKENS * sizeof frequency[0]);
    for (unsigned t = 0; t < listed && left > 0; t++) {
        uint32_t below = seeded_below(s, 3) == 0 ? left : left / 3;

        frequency[t] = seeded_below(s, below + 1);
        left -= frequency[t];
    }
    frequency[40] = left + 1;
    if (seeded_below(s, 8) == 0) { /* all tokens, and no escape */
        for (unsigned t = 0; t < 40; t++) {
            frequency[t] = 25;
        }
        frequency[0] = 1024 - 39 * 25;
        frequency[40] = 0;
    }
}

static size_t planes_of(const struct golden_form *form)
{
    size_t count = golden_count(form);
    size_t width = form->rank > 0 ? form->dim[form->rank - 1] : 1;
    size_t height = form->rank > 1 ? form->dim[form->rank - 2] : 1;

    return count >= 1024 && count / width < 32 ? 1 : count / width / height;
}

static void pick_book(struct seeded *s, const struct golden_form *form,
                      struct golden_book *book)
{
    unsigned last = 0;

    memset(book, 0, sizeof *book);
    book->is_signed = form->is_signed;
    book->is_plain = (int)seeded_below(s, 2);
    book->threshold_count = seeded_below(s, 8);
    book->cut_count = seeded_below(s, 4);
    for (unsigned i = 0; i < book->cut_count; i++) {
        last += 1 + seeded_below(s, 5);
        book->cut[i] = last;
    }
    last = seeded_below(s, 20);
    for (unsigned i = 0; i < book->threshold_count; i++) {
        book->threshold[i] = last;
        last += 1 + seeded_below(s, 33);
    }
    book->up = seeded_below(s, 256);
    book->right = seeded_below(s, 256) >> seeded_below(s, 8);
    book->energy = seeded_below(s, 256) >> seeded_below(s, 8);
    book->e0 = seeded_below(s, 256);
    if (planes_of(form) <= sizeof book->bias && seeded_below(s, 2)) {
        book->biases = planes_of(form);
    }
    for (size_t i = 0; i < book->biases; i++) {
        book->bias[i] = (uint8_t)(seeded_next(s) >> seeded_below(s, 8));
    }
    for (unsigned i = 0; i < 32; i++) {
        pick_table(s, book->frequency[i / 4][i % 4]);
    }
}

static void put_dense(struct seeded *s, struct golden_form *form,
                      const int16_t *indices, struct clv_buffer *payload)
{
    struct golden_book book;
    struct golden_lanes lanes = {seeded_below(s, 6), seeded_below(s, 256), 0,
                                 (int)seeded_below(s, 2), seeded_next(s)};

    if (seeded_below(s, 4) == 0 && form->is_signed) {
        golden_calibrated_book(2, &book);
        form->names_book = 1;
        form->hash = golden_hash(&book);
    } else {
        pick_book(s, form, &book);
        golden_put_book(&book, payload);
    }
    golden_put_dense(form, &book, &lanes, indices, payload);
}

static void put_payload(struct seeded *s, struct golden_form *form,
                        const int16_t *indices, struct clv_buffer *payload)
{
    size_t count = golden_count(form);
    struct clv_buffer scratch;

    clv_buffer_init(&scratch, GOLDEN_BYTES_MAX);
    form->coder = (enum clv_coder)(CLV_CODER_LZ + seeded_below(s, 3));
    if (form->quantiser == GOLDEN_HALF) {
        form->coder = CLV_CODER_RAW;
        for (size_t i = 0; i < count; i++) {
            clv_put_u16(payload, (uint16_t)indices[i]);
        }
    } else if (count == 0) {
        /* nothing */
    } else if (form->coder == CLV_CODER_DENSE) {
        put_dense(s, form, indices, payload);
    } else if (form->coder == CLV_CODER_LZ && seeded_below(s, 3) == 0) {
        golden_put_planes(form, indices, 16, payload);
    } else if (form->coder == CLV_CODER_LZ) {
        clv_lz_encode(CLV_PATH_PORTABLE, indices, count, form->is_signed,
                      &scratch, payload);
    } else if (seeded_below(s, 3) == 0) {
        clv_fast_encode(CLV_PATH_PORTABLE, indices, count, form->is_signed,
                        payload);
    } else {
        golden_put_fast(s, form, indices, payload);
    }
    clv_buffer_fini(&scratch);
}

static void add_random(struct golden_maker *maker, struct seeded *s, int last)
{
    static const struct golden_form none = {.rank = 0};
    struct golden_form form = none;
    int16_t *indices = calloc(MOST, sizeof *indices);
    struct clv_buffer payload;

    if (indices == NULL) {
        golden_die("out of memory");
    }
    clv_buffer_init(&payload, GOLDEN_BYTES_MAX);
    pick_shape(s, &form);
    pick_quantiser(s, &form);
    pick_indices(s, &form, indices);
    if (seeded_below(s, 20) == 0) {
        form.type = GOLDEN_F32;
        form.quantiser = GOLDEN_HALF;
        for (size_t i = 0; i < golden_count(&form); i++) {
            indices[i] = (int16_t)seeded_next(s);
        }
    }
    put_payload(s, &form, indices, &payload);
    golden_add(maker, &form, indices, &payload, last);
    clv_buffer_fini(&payload);
    free(indices);
}

void golden_make_random(struct golden_maker *maker, uint64_t seed,
                        unsigned count)
{
    struct seeded s = seeded_init("make_golden", seed);

    for (unsigned i = 0; i < count; i++) {
        char name[32];

        snprintf(name, sizeof name, "%05u", i);
        golden_begin(maker);
        while (seeded_below(&s, 4) == 0) {
            add_random(maker, &s, 0);
        }
        add_random(maker, &s, 1);
        golden_write(maker->folder, name, "npys", &maker->arrays);
        golden_write(maker->folder, name, "frame", &maker->message);
        golden_end(maker, name, "-", "-", "by chance");
    }
}
