/*
 * cuts.h - where a graph can be cut, and what falls on either side.
 *
 * A cut is a small set of tensors such that the rest of the network can be
 * computed from them alone. Candidates are the live sets of the graph walked
 * in its order: after each node, the tensors already made and still needed.
 * Every single tensor that separates the graph shows up among them.
 */
#ifndef CLV_CUTS_H
#define CLV_CUTS_H

#include "model/model.h"

#define CLV_CUT_MAX_TENSORS 4

/* Tensors in network order. */
struct clv_cut_set {
    uint32_t tensor[CLV_CUT_MAX_TENSORS];
    uint32_t count;
};

/*
 * All candidate cuts of 1 to 4 tensors, in network order, without the one
 * that consists of the model's inputs. The caller frees `ret_sets`.
 */
cleave_status clv_cuts_find(const struct clv_model *model,
                            struct clv_cut_set **ret_sets, size_t *ret_count,
                            cleave_error *err);

/*
 * Marks in `nodes` (one byte per node) all that these tensors need.
 */
void clv_cuts_mark_needed(const struct clv_model *model,
                          const uint32_t *tensors, uint32_t count,
                          uint8_t *nodes);

/*
 * The two sides of a cut. A node may be on both (constants, mostly) and a
 * model's output is made by exactly one. Freed by clv_sides_fini.
 */
struct clv_sides {
    uint8_t *in_head; /* per node */
    uint8_t *in_tail;
    uint32_t *head_outputs; /* model outputs that the head has made, */
    uint32_t head_output_count;
    uint32_t *tail_outputs; /* and those left to the tail */
    uint32_t tail_output_count;
};

/*
 * Splits the graph. CLEAVE_NOT_FOUND if the set does not separate it (the
 * text names an input that gets around it) or holds a tensor too many.
 */
cleave_status clv_sides_init(struct clv_sides *sides,
                             const struct clv_model *model,
                             const struct clv_cut_set *cut, cleave_error *err);
void clv_sides_fini(struct clv_sides *sides);

#endif
