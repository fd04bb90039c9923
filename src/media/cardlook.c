/*
 * cardlook.c - looking things up in a card, and holding it against a model.
 */
#include "media/card.h"

#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"

#define FORM_TEXT 128

cleave_status clv_card_default_path(const char *model_path,
                                    char into[CLV_PATH_MAX], cleave_error *err)
{
    static const char suffix[] = ".onnx";
    size_t length = strlen(model_path);

    if (clv_path_ends(model_path, suffix)) {
        length -= sizeof suffix - 1;
    }
    return clv_path_print(into, CLV_PATH_MAX, err, "%.*s.yaml", (int)length,
                          model_path);
}

const struct clv_card_input *clv_card_input(const struct clv_card *card,
                                            const char *name)
{
    for (size_t i = 0; i < card->input_count; i++) {
        if (strcmp(card->inputs[i].name, name) == 0) {
            return &card->inputs[i];
        }
    }
    return NULL;
}

const struct clv_card_output *clv_card_output(const struct clv_card *card,
                                              const char *name)
{
    for (size_t i = 0; i < card->output_count; i++) {
        if (strcmp(card->outputs[i].name, name) == 0) {
            return &card->outputs[i];
        }
    }
    return NULL;
}

int64_t clv_card_class(const struct clv_card_output *output, uint64_t element)
{
    return (int64_t)element - output->first_class;
}

const char *clv_card_label(const struct clv_card_output *output,
                           uint64_t element)
{
    int64_t class_index = clv_card_class(output, element);

    if (class_index < 0 || (uint64_t)class_index >= output->labels.count) {
        return NULL;
    }
    return output->labels.list[class_index];
}

static int is_among(const char *name, const cleave_tensor_info *infos,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Free dimensions on either side agree with anything. */
static int agree(const cleave_tensor_info *a, const cleave_tensor_info *b)
{
    if (a->type != b->type || a->rank != b->rank) {
        return 0;
    }
    for (uint32_t i = 0; i < a->rank; i++) {
        if (a->shape[i] >= 0 && b->shape[i] >= 0 &&
            a->shape[i] != b->shape[i]) {
            return 0;
        }
    }
    return 1;
}

static cleave_status check_array(const struct clv_card *card,
                                 const struct clv_card_input *input,
                                 const cleave_tensor_info *model,
                                 cleave_error *err)
{
    cleave_tensor_info said = {.type = input->dtype, .rank = input->rank};
    char card_form[FORM_TEXT];
    char model_form[FORM_TEXT];

    memcpy(said.shape, input->shape, sizeof said.shape);
    if (agree(&said, model)) {
        return CLEAVE_OK;
    }
    return clv_fail(err, CLEAVE_MISMATCH, card->path,
                    "The card says that input %s is %s, the model wants %s; "
                    "correct dtype and shape in the card.",
                    input->name,
                    clv_tensor_describe(&said, card_form, sizeof card_form),
                    clv_tensor_describe(model, model_form, sizeof model_form));
}

static cleave_status check_inputs(const struct clv_card *card,
                                  const cleave_tensor_info *inputs,
                                  size_t count, cleave_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct clv_card_input *input =
            clv_card_input(card, inputs[i].name);
        cleave_status status = CLEAVE_OK;

        if (input == NULL) {
            return clv_fail(err, CLEAVE_MISMATCH, card->path,
                            "The model's input %s is not in the card, whose "
                            "first is %s; add it, or correct its name.",
                            inputs[i].name, card->inputs[0].name);
        }
        if (input->kind == CLV_KIND_ARRAY) {
            status = check_array(card, input, &inputs[i], err);
        }
        if (status != CLEAVE_OK) {
            return status;
        }
    }
    return CLEAVE_OK;
}

cleave_status clv_card_check(const struct clv_card *card,
                             const cleave_tensor_info *inputs,
                             size_t input_count,
                             const cleave_tensor_info *outputs,
                             size_t output_count, cleave_error *err)
{
    cleave_status status = check_inputs(card, inputs, input_count, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    for (size_t i = 0; i < card->input_count; i++) {
        if (!is_among(card->inputs[i].name, inputs, input_count)) {
            return clv_fail(err, CLEAVE_MISMATCH, card->path,
                            "The model has no input %s; remove it from the "
                            "card.",
                            card->inputs[i].name);
        }
    }
    for (size_t i = 0; outputs != NULL && i < card->output_count; i++) {
        if (!is_among(card->outputs[i].name, outputs, output_count)) {
            return clv_fail(err, CLEAVE_MISMATCH, card->path,
                            "The model has no output %s, but for example %s; "
                            "correct it in the card.",
                            card->outputs[i].name,
                            output_count > 0 ? outputs[0].name : "none at all");
        }
    }
    return CLEAVE_OK;
}
