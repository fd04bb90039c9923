/*
 * split.c - `cleave split`: writes head and tail as ONNX files.
 *
 * The files are portable: cut from the original graph, not optimised for
 * this machine. What the program itself runs is made in the cache.
 */
#include <stdio.h>

#include "base/fail.h"
#include "command.h"

static cleave_status check(const struct settings *s, cleave_error *err)
{
    if (s->cut == NULL || s->head == NULL || s->tail == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "--cut, --head and --tail are all needed.");
    }
    return command_check_model(s, err);
}

static cleave_status split(const struct settings *s, cleave_error *err)
{
    struct opened opened = {0};
    const char *path = s->rest[0];
    cleave_status status = command_open(s, path, &opened, err);

    if (status == CLEAVE_OK) {
        status =
            clv_network_split(opened.network, s->cut, s->head, s->tail, err);
    }
    command_close(&opened);
    if (status == CLEAVE_OK) {
        printf("%s: cut at %s into %s and %s\n", path, s->cut, s->head,
               s->tail);
    }
    return status;
}

const struct command command_split = {
    .name = "split",
    .taker = TAKES_SPLIT,
    .usage = "MODEL --cut NAME --head FILE --tail FILE",
    .summary = "write the two halves of a model as ONNX files",
    .text =
        "Any set of up to four tensors that separates the network will do,\n"
        "their names joined by '+'; `cleave inspect` lists the useful "
        "ones.\n\n"
        "examples:\n"
        "  cleave split net.onnx --cut conv4_relu --head h.onnx --tail "
        "t.onnx\n",
    .check = check,
    .run = split,
};
