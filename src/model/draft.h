/*
 * draft.h - the graph of an int8 variant while it is written.
 *
 * A draft starts as the old model's shell with an empty graph: its ends and
 * its name, no node, no weight. Nodes are put into it in the order in which
 * they are to stand, weights in any. What is new and small lives in the
 * draft's arena and goes with it; all else is borrowed from the old model,
 * which the draft leaves as it was.
 *
 * Names of new tensors are the old ones with a word behind a slash:
 *
 *     t/before  t/int8  t/float  t/scale  t/zero       an activation
 *     t/w8  t/w  t/wscale  t/wzero                     weights of what makes t
 *     t/b32  t/b  t/bscale  t/bzero                    its bias
 *
 * Memory that runs out is remembered in `failed`, and nothing is put into a
 * draft that has failed: whoever writes a whole chapter asks once, at its end;
 * only what a function returned is to be tested before it is written to.
 *
 * One thread. The plan, and the model under it, must outlive the draft.
 */
#ifndef CLV_DRAFT_H
#define CLV_DRAFT_H

#include "model/quantplan.h"

/* ONNX Runtime's own operators. */
#define CLV_DRAFT_RUNTIME "com.microsoft"

struct clv_draft {
    const struct clv_quantised *plan;
    const struct clv_model *model; /* the plan's */
    struct clv_arena arena;
    const char *domain; /* of QuantizeLinear and DequantizeLinear */
    Onnx__ModelProto shell;
    Onnx__GraphProto graph;
    int failed; /* no memory */
};

/*
 * The caller's storage. There is room for the plan's own: each node once, and
 * for each two steps and six tensors; for each tensor two steps and two
 * tensors; all old weights. clv_draft_fini always follows.
 */
void clv_draft_init(struct clv_draft *draft, const struct clv_quantised *plan);

void clv_draft_fini(struct clv_draft *draft);

/* Zeroed memory that lasts as long as the draft; one element more than asked,
   so that none is not an error. NULL if there is none left. */
void *clv_draft_room(struct clv_draft *draft, size_t count, size_t size);

/* NAME/WORD, or with a number behind it if the model has a tensor of that
   name. Equal arguments give equal names. */
char *clv_draft_name(struct clv_draft *draft, const char *name,
                     const char *word);

/*
 * A new weight of `count` elements of `element` bytes each, zeroed, in this
 * shape. Returns its elements, which the caller fills; NULL if the draft has
 * failed.
 */
void *clv_draft_tensor(struct clv_draft *draft, char *name, int type,
                       const cleave_tensor_info *form, size_t element,
                       size_t count);

/* A QuantizeLinear or DequantizeLinear; `axis` below 0 is none. Names are
   borrowed. */
void clv_draft_step(struct clv_draft *draft, const char *op, const char *from,
                    const char *scale, const char *zero, char *to,
                    int64_t axis);

/* Writes the file, whole or not at all. CLEAVE_LIMIT above 2 GiB. The draft
   must not have failed. */
cleave_status clv_draft_write(const struct clv_draft *draft, const char *path,
                              cleave_error *err);

#endif
