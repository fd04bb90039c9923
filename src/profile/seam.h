/*
 * seam.h - one cut of a network with both its sides on this machine.
 *
 *     clv_seam_open(network, "conv4_relu", CLV_SEAM_BOTH, &seam, err)
 *     clv_seam_head(seam, inputs, n, &tensors, &count, err)
 *         ... the first clv_seam_count of `tensors` may be changed here
 *     clv_seam_tail(seam, tensors, count, &outputs, &output_count, err)
 *
 * The list that the head gives has the cut's tensors first, in network order,
 * and then those of the model's outputs that are there already; the tail
 * takes the same list and gives the model's outputs, in the model's order.
 * At the cut `input` the head does nothing and the tail is the whole.
 *
 * Belongs to one thread.
 */
#ifndef CLV_SEAM_H
#define CLV_SEAM_H

#include <stddef.h>

#include "cleave/status.h"
#include "cleave/tensor.h"
#include "network/network.h"

struct clv_seam;

enum clv_seam_sides { CLV_SEAM_HEAD, CLV_SEAM_BOTH };

/*
 * Opens a cut, or `input`. CLEAVE_INVALID for the cut `output`, where nothing
 * travels; else errors as for clv_network_load. The network must outlive it.
 */
cleave_status clv_seam_open(struct clv_network *network, const char *cut,
                            enum clv_seam_sides sides,
                            struct clv_seam **ret_seam, cleave_error *err);

/* Takes NULL. */
void clv_seam_close(struct clv_seam *seam);

/* The cut's tensors; free dimensions are -1. Borrowed. */
const cleave_tensor_info *clv_seam_tensors(const struct clv_seam *seam,
                                           size_t *ret_count);

/*
 * Computes the head. `inputs` are the model's, in its order. What is given
 * stays until the next call, and where a tensor is an input, as long as that.
 */
cleave_status clv_seam_head(struct clv_seam *seam, const cleave_tensor *inputs,
                            size_t input_count,
                            const cleave_tensor **ret_tensors,
                            size_t *ret_count, cleave_error *err);

/* Computes the tail. The outputs stay until the next call. */
cleave_status clv_seam_tail(struct clv_seam *seam, const cleave_tensor *tensors,
                            size_t count, const cleave_tensor **ret_outputs,
                            size_t *ret_output_count, cleave_error *err);

#endif
