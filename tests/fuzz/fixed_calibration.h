/*
 * fixed_calibration.h - one calibration that never changes, so that frames in
 * a corpus go on naming its books.
 */
#ifndef FIXED_CALIBRATION_H
#define FIXED_CALIBRATION_H

#include <stdlib.h>

#include "../unit/hand_calibration.h"
#include "../unit/odd_books.h"
#include "codec/calibration.h"

/* Three tensors: a, f32 3 x 8 x 9, signed, of two steps; b, f32 40, not
   signed; c, u8 20 x 30. */
static inline struct clv_calibration *fixed_calibration(void)
{
    static const cleave_tensor_info forms[] = {
        {"a", CLEAVE_TYPE_F32, 3, {3, 8, 9}},
        {"b", CLEAVE_TYPE_F32, 1, {40}},
        {"c", CLEAVE_TYPE_U8, 2, {20, 30}}};
    struct seeded s = {88172645463325252u};
    struct clv_calibration *calibration = NULL;
    struct clv_buffer b;

    clv_buffer_init(&b, (size_t)1 << 20);
    hand_begin(&b, 3);
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t books = i == 0 ? 2 : 1;
        hand_tensor(&b, &forms[i], i == 0 ? -4.0f : 0.0f, 4, 0, 1,
                    i == 2 ? 5 : 0, books);
        for (uint64_t k = 0; k < books; k++) {
            struct clv_book *book = odd_book(&s, i != 1, i == 0 ? 3 : 1);
            (void)hand_book(&b, i == 2 ? 0.0f : 0.5f + (float)k, book);
            clv_book_free(book);
        }
    }
    hand_end(&b);
    if (clv_calibration_new(clv_buffer_bytes(&b), "fixed", &calibration,
                            NULL) != CLEAVE_OK) {
        abort();
    }
    clv_buffer_fini(&b);
    return calibration;
}

#endif
