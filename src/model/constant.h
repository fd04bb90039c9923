/*
 * constant.h - the numbers of a constant tensor, for the files of this folder.
 */
#ifndef CLV_CONSTANT_H
#define CLV_CONSTANT_H

#include <string.h>

#include "model/graph.h"

/* f32 elements as they lie in the file: raw, and then not always aligned, or
   unpacked. Borrowed from the model. */
struct clv_constant {
    cleave_tensor_info info;
    const uint8_t *raw;  /* or NULL */
    const float *floats; /* or NULL */
    size_t count;
};

/*
 * Finds an initializer's or a Constant node's elements. Returns 0 if the
 * tensor is neither, is not f32, is not all there, or holds an element that
 * is not finite. NULL as a name is no tensor.
 */
int clv_constant_find(const struct clv_model *model, const char *name,
                      struct clv_constant *ret_constant);

static inline float clv_constant_at(const struct clv_constant *c, size_t i)
{
    float value;

    if (c->floats != NULL) {
        return c->floats[i];
    }
    memcpy(&value, c->raw + i * sizeof value, sizeof value);
    return value;
}

#endif
