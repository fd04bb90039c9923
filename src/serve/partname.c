/*
 * partname.c - whose tensors these are.
 *
 * Order does not matter in a message: names are compared as sets, and a cut's
 * spelling is the network's own, whichever way it was asked for.
 */
#include "serve/partname.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

bool clv_partname_match(const cleave_tensor_info *infos, size_t info_count,
                        const char *const *names, size_t count)
{
    if (info_count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < count && strcmp(infos[at].name, names[i]) != 0) {
            at++;
        }
        if (at == count) {
            return false;
        }
    }
    return true;
}

cleave_status clv_partname_find(struct clv_network *network,
                                const char *const *names, size_t count,
                                enum clv_part_kind *ret_kind,
                                char ret_cut[CLV_PARTNAME_MAX],
                                cleave_error *err)
{
    size_t inputs = 0;
    const cleave_tensor_info *infos = clv_network_inputs(network, &inputs);
    cleave_status status = CLEAVE_OK;

    if (clv_partname_match(infos, inputs, names, count)) {
        *ret_kind = CLV_PART_WHOLE;
        strcpy(ret_cut, CLV_CUT_INPUT);
        return CLEAVE_OK;
    }
    status = clv_network_cut_of(network, names, count, ret_cut,
                                CLV_PARTNAME_MAX, err);
    if (status == CLEAVE_OK) {
        *ret_kind = CLV_PART_TAIL;
    }
    return status;
}

cleave_status clv_partname_list(struct clv_network *network, const char *cut,
                                const char ***ret_names, size_t *ret_count,
                                cleave_error *err)
{
    cleave_tensor_info tensors[CLV_CUT_TENSORS];
    const cleave_tensor_info *infos = tensors;
    const char **names;
    size_t count = 0;
    cleave_status status = CLEAVE_OK;

    if (strcmp(cut, CLV_CUT_INPUT) == 0) {
        infos = clv_network_inputs(network, &count);
    } else {
        status = clv_network_cut_tensors(network, cut, tensors, &count, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    names = calloc(count + 1, sizeof *names);
    if (names == NULL) {
        return clv_fail_memory(err, cut, count * sizeof *names);
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = infos[i].name;
    }
    *ret_names = names;
    *ret_count = count;
    return CLEAVE_OK;
}
