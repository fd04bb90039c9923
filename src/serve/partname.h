/*
 * partname.h - a part by its tensors, and the tensors by their part.
 *
 * A message says which part it is for by the tensors that it brings: the
 * model's inputs are for the whole, those at a cut for the tail behind it.
 * Pure, but for what the network looks up.
 */
#ifndef CLV_PARTNAME_H
#define CLV_PARTNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "network/network.h"

/* A cut's name in the network's spelling, with the final 0. */
#define CLV_PARTNAME_MAX 4096

/* True if the infos have exactly these names, whatever the order. */
bool clv_partname_match(const cleave_tensor_info *infos, size_t info_count,
                        const char *const *names, size_t count);

/*
 * Which part takes these tensors: what it is, and its cut, `input` for the
 * whole. CLEAVE_NOT_FOUND if they do not cut the network.
 */
cleave_status clv_partname_find(struct clv_network *network,
                                const char *const *names, size_t count,
                                enum clv_part_kind *ret_kind,
                                char ret_cut[CLV_PARTNAME_MAX],
                                cleave_error *err);

/*
 * The names of the tensors at a cut, in a message's order. The caller frees
 * the list; the names are the network's. CLEAVE_NOT_FOUND for no cut.
 */
cleave_status clv_partname_list(struct clv_network *network, const char *cut,
                                const char ***ret_names, size_t *ret_count,
                                cleave_error *err);

#endif
