/*
 * stack.c - which samples a .npy file holds.
 *
 *     input      file        samples
 *     1 x rest   1 x rest    1
 *     1 x rest   rest        1
 *     1 x rest   N x rest    N
 *     shape      shape       1
 *     shape      N x shape   N
 *
 * tried from the top; a free first dimension (-1) counts as 1.
 */
#include "media/stack.h"

#include <string.h>

#include "base/fail.h"
#include "media/npy.h"
#include "tensor/element.h"

#define FORM_TEXT 128

/* True if `count` dimensions of the file are what the input wants. */
static int dims_fit(const int64_t *want, const int64_t *have, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (want[i] >= 0 && want[i] != have[i]) {
            return 0;
        }
    }
    return 1;
}

/* One sample of shape dims[0..rank), after a 1 if `batch`. */
static void set_row(struct clv_stack *s, const cleave_tensor_info *want,
                    int batch, const int64_t *dims, uint32_t rank,
                    uint64_t rows)
{
    uint32_t front = batch ? 1 : 0;

    s->row = *want;
    s->row.rank = rank + front;
    s->row.shape[0] = 1;
    if (rank > 0) {
        memcpy(s->row.shape + front, dims, rank * sizeof *dims);
    }
    s->rows = rows;
}

static int match(struct clv_stack *s, const cleave_tensor_info *want,
                 const cleave_tensor_info *have)
{
    const int64_t *w = want->shape;
    const int64_t *h = have->shape;
    int batch = want->rank > 0 && (w[0] == 1 || w[0] == -1);
    uint32_t rest = want->rank - (batch ? 1 : 0);

    if (want->type != have->type) {
        return 0;
    }
    if (batch && have->rank == rest + 1 && dims_fit(w + 1, h + 1, rest)) {
        set_row(s, want, 1, h + 1, rest, (uint64_t)h[0]);
    } else if (batch && have->rank == rest && dims_fit(w + 1, h, rest)) {
        set_row(s, want, 1, h, rest, 1);
    } else if (have->rank == want->rank && dims_fit(w, h, want->rank)) {
        set_row(s, want, 0, h, want->rank, 1);
    } else if (have->rank == want->rank + 1 && dims_fit(w, h + 1, want->rank)) {
        set_row(s, want, 0, h + 1, want->rank, (uint64_t)h[0]);
    } else {
        return 0;
    }
    return 1;
}

static cleave_status refuse(const char *path, const cleave_tensor_info *want,
                            const cleave_tensor_info *have, cleave_error *err)
{
    char want_text[FORM_TEXT];
    char have_text[FORM_TEXT];

    clv_tensor_describe(want, want_text, sizeof want_text);
    clv_tensor_describe(have, have_text, sizeof have_text);
    if (want->type != have->type) {
        return clv_fail(err, CLEAVE_MISMATCH, path,
                        "The array is %s, input %s of the model wants %s; "
                        "convert it with astype() before saving it.",
                        have_text, want->name, want_text);
    }
    return clv_fail(err, CLEAVE_MISMATCH, path,
                    "The array is %s, input %s of the model wants %s; save one "
                    "sample in that shape, or several stacked along the first "
                    "dimension.",
                    have_text, want->name, want_text);
}

static cleave_status view(struct clv_stack *s, const char *path,
                          const cleave_tensor_info *want, cleave_error *err)
{
    cleave_tensor tensor;
    cleave_status status = clv_npy_view(s->map.bytes, path, &tensor, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (!match(s, want, &tensor.info)) {
        return refuse(path, want, &tensor.info, err);
    }
    if (tensor.bytes == 0) {
        return clv_fail(err, CLEAVE_MISMATCH, path,
                        "The array is empty; there must be a sample in it.");
    }
    s->data = tensor.data;
    s->row_bytes = (size_t)(tensor.bytes / s->rows);
    s->is_aligned = clv_npy_is_aligned(&tensor);
    return CLEAVE_OK;
}

cleave_status clv_stack_open(const char *path, const cleave_tensor_info *want,
                             struct clv_stack *ret_stack, cleave_error *err)
{
    struct clv_stack s = {0};
    cleave_status status = clv_map_open(path, &s.map, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    status = view(&s, path, want, err);
    if (status != CLEAVE_OK) {
        clv_map_close(&s.map);
        return status;
    }
    *ret_stack = s;
    return CLEAVE_OK;
}

void clv_stack_close(struct clv_stack *stack)
{
    clv_map_close(&stack->map);
}

const uint8_t *clv_stack_row(const struct clv_stack *stack, uint64_t row)
{
    return stack->data + row * stack->row_bytes;
}
