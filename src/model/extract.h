/*
 * extract.h - writing a part of a graph as an ONNX file of its own.
 *
 * Weights go from the mapped source straight to the file. They are embedded,
 * unless a placer puts them elsewhere or the file would pass the 2 GiB that
 * protocol buffers allow; then they go to `PATH.data` beside it.
 */
#ifndef CLV_EXTRACT_H
#define CLV_EXTRACT_H

#include "model/model.h"

/* Where a placer has put a weight. */
struct clv_weight_place {
    char location[128]; /* relative to the new file's folder */
    uint64_t offset;
};

/*
 * Takes weights out of a file. `place` either leaves the weight embedded
 * (*ret_moved = 0) or stores its bytes and says where (*ret_moved = 1).
 */
struct clv_weight_placer {
    cleave_status (*place)(void *self, const cleave_tensor *weight,
                           int *ret_moved, struct clv_weight_place *ret_place,
                           cleave_error *err);
    void *self;
};

/*
 * What to write: the nodes (NULL = all), and the new graph's inputs and
 * outputs with types and shapes as far as known (type CLEAVE_TYPE_NONE and
 * dimensions of -1 are left open; an input needs its type). Nodes read the
 * tensors marked in `pooled` (a byte per tensor, or NULL) through an average
 * pool of one by one: the same values, but an operator for an optimiser to
 * put into a layout of its own, which it cannot do to an input.
 */
struct clv_extract {
    const uint8_t *nodes;
    const cleave_tensor_info *inputs;
    size_t input_count;
    const cleave_tensor_info *outputs;
    size_t output_count;
    const uint8_t *pooled;
    const struct clv_weight_placer *placer; /* or NULL */
    uint64_t embed_limit_bytes;             /* 0 = 2 GiB less a little */
};

/*
 * Writes the part to `path`, whole or not at all. CLEAVE_IO on a full disk.
 */
cleave_status clv_model_write(const struct clv_model *model,
                              const struct clv_extract *what, const char *path,
                              cleave_error *err);

#endif
