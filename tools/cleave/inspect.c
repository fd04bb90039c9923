/*
 * inspect.c - `cleave inspect`: what a model is, and where it can be cut.
 */
#include <jansson.h>
#include <stdio.h>

#include "base/fail.h"
#include "command.h"
#include "tensor/element.h"

struct inspection {
    const char *path;
    struct clv_network *network;
    const struct clv_cut *cuts;
    size_t cut_count;
    uint64_t parameters;
    uint64_t macs;
};

/* -- For programs -- */

static json_t *json_shape(const cleave_tensor_info *info)
{
    json_t *shape = json_array();

    for (uint32_t i = 0; i < info->rank; i++) {
        json_array_append_new(shape, json_integer(info->shape[i]));
    }
    return shape;
}

static json_t *json_info(const cleave_tensor_info *info)
{
    return json_pack("{s:s, s:s, s:o}", "name", info->name, "type",
                     cleave_type_name(info->type), "shape", json_shape(info));
}

static json_t *json_infos(const cleave_tensor_info *infos, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_info(&infos[i]));
    }
    return list;
}

static json_t *json_cut(const struct clv_cut *cut)
{
    json_t *tensors = json_array();

    for (size_t i = 0; i < cut->tensor_count; i++) {
        json_t *tensor = json_info(&cut->tensors[i]);
        uint64_t elements = 0;
        uint64_t bytes = 0;
        cleave_tensor_count(&cut->tensors[i], &elements, &bytes);
        json_object_set_new(tensor, "bytes", json_integer((json_int_t)bytes));
        json_array_append_new(tensors, tensor);
    }
    return json_pack("{s:s, s:o, s:I, s:f}", "name", cut->name, "tensors",
                     tensors, "bytes", (json_int_t)cut->bytes, "head_share",
                     cut->head_share);
}

static cleave_status print_json(const struct inspection *i, cleave_error *err)
{
    size_t inputs;
    size_t outputs;
    const cleave_tensor_info *in = clv_network_inputs(i->network, &inputs);
    const cleave_tensor_info *out = clv_network_outputs(i->network, &outputs);
    json_t *cuts = json_array();
    json_t *root;

    for (size_t k = 0; k < i->cut_count; k++) {
        json_array_append_new(cuts, json_cut(&i->cuts[k]));
    }
    root = json_pack(
        "{s:s, s:s, s:o, s:o, s:I, s:I, s:o}", "model", i->path, "sha256",
        clv_network_sha256(i->network), "inputs", json_infos(in, inputs),
        "outputs", json_infos(out, outputs), "parameters",
        (json_int_t)i->parameters, "macs", (json_int_t)i->macs, "cuts", cuts);
    if (root == NULL) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, i->path,
                        "A name in this model is not UTF-8 and cannot be "
                        "written as JSON.");
    }
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    printf("\n");
    json_decref(root);
    return CLEAVE_OK;
}

/* -- For people -- */

static void print_ends(const char *title, const cleave_tensor_info *infos,
                       size_t count)
{
    char form[128];

    for (size_t i = 0; i < count; i++) {
        printf("%-11s %s  %s\n", i == 0 ? title : "", infos[i].name,
               clv_tensor_describe(&infos[i], form, sizeof form));
    }
}

static void print_cut(const struct clv_cut *cut)
{
    char form[128];

    printf("%6.1f %% %11.1f  %-28s", 100 * cut->head_share,
           (double)cut->bytes / 1024, cut->name);
    for (size_t i = 0; i < cut->tensor_count; i++) {
        printf("%s %s", i > 0 ? "," : "",
               clv_tensor_describe(&cut->tensors[i], form, sizeof form));
    }
    printf("\n");
}

static void print_text(const struct inspection *i)
{
    size_t count;
    const cleave_tensor_info *infos = clv_network_inputs(i->network, &count);

    printf("%-11s %s\n", "model", i->path);
    printf("%-11s %s\n", "sha256", clv_network_sha256(i->network));
    print_ends("inputs", infos, count);
    infos = clv_network_outputs(i->network, &count);
    print_ends("outputs", infos, count);
    printf("%-11s %.3f million\n", "parameters", (double)i->parameters / 1e6);
    printf("%-11s %.3f million multiply-accumulates\n\n", "work",
           (double)i->macs / 1e6);
    printf("head work         KiB  cut\n");
    for (size_t k = 0; k < i->cut_count; k++) {
        print_cut(&i->cuts[k]);
    }
    if (i->cut_count == 0) {
        printf("none: no tensor between the ends survives this machine's "
               "optimiser under its own name\n");
    }
}

/* -- All together -- */

static cleave_status look(struct inspection *i, const struct settings *s,
                          cleave_error *err)
{
    cleave_status status = (s->all ? clv_network_all_cuts : clv_network_cuts)(
        i->network, &i->cuts, &i->cut_count, err);

    if (status == CLEAVE_OK) {
        status = clv_network_work(i->network, &i->parameters, &i->macs, err);
    }
    if (status == CLEAVE_OK && s->json) {
        status = print_json(i, err);
    } else if (status == CLEAVE_OK) {
        print_text(i);
    }
    return status;
}

static cleave_status inspect(const struct settings *s, cleave_error *err)
{
    struct inspection i = {.path = s->rest[0]};
    struct opened opened = {0};
    cleave_status status = command_open(s, i.path, &opened, err);

    if (status == CLEAVE_OK) {
        i.network = opened.network;
        status = look(&i, s, err);
    }
    command_close(&opened);
    return status;
}

const struct command command_inspect = {
    .name = "inspect",
    .taker = TAKES_INSPECT,
    .usage = "MODEL [OPTION...]",
    .summary = "show a model's ends, its work, and where it can be cut",
    .text =
        "Cuts are listed in network order with the share of the work that the\n"
        "head would do and the bytes that would travel unpacked. A cut that\n"
        "another beats in both is left out; --all shows them too.\n\n"
        "examples:\n"
        "  cleave inspect net.onnx\n"
        "  cleave inspect net.onnx --json | jq '.cuts[].name'\n",
    .check = command_check_model,
    .run = inspect,
};
