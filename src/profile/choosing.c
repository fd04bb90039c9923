/*
 * choosing.c - which cuts are worth measuring.
 *
 * The guesses: of trained networks, an activation's elements are mostly zero
 * and take about one bit at a quantiser's step of a standard deviation, others
 * about two; integers travel as they are. Good to a factor of two, which is
 * what the first look's margin is for.
 */
#include "profile/choosing.h"

#define ACTIVATION_BITS 1.0
#define OTHER_BITS 2.0

static double guess_bits(const struct clv_cut *cut)
{
    double bits = 0;

    for (size_t i = 0; i < cut->tensor_count; i++) {
        uint64_t elements = 0;
        uint64_t bytes = 0;
        cleave_type type = cut->tensors[i].type;
        (void)cleave_tensor_count(&cut->tensors[i], &elements, &bytes);
        if (type != CLEAVE_TYPE_F32 && type != CLEAVE_TYPE_F16) {
            bits += 8 * (double)bytes;
        } else {
            bits += (double)elements *
                    (cut->is_activation ? ACTIVATION_BITS : OTHER_BITS);
        }
    }
    return bits;
}

struct clv_option clv_option_of(const struct clv_cut *cut)
{
    return (struct clv_option){
        .name = cut->name,
        .head_share = cut->head_share,
        .raw_bytes = (double)cut->bytes,
        .packed_bytes = guess_bits(cut) / 8,
        .is_single = cut->tensor_count == 1,
        .is_activation = cut->is_activation,
    };
}

/* -- Groups -- */

static int is_in(const struct clv_option *o, unsigned group)
{
    switch (group) {
    case CLV_CHOSEN_SINGLE:
        return o->is_single;
    case CLV_CHOSEN_ACTIVATION:
        return o->is_activation;
    default:
        return 1;
    }
}

static int is_raw(unsigned group)
{
    return group == CLV_CHOSEN_RAW || group == CLV_CHOSEN_SINGLE;
}

static double bytes_in(const struct clv_option *o, unsigned group)
{
    return is_raw(group) ? o->raw_bytes : o->packed_bytes;
}

/* Of equals the later one stays: it is the one behind an activation. */
static int beats(const struct clv_option *a, const struct clv_option *b,
                 unsigned group, double margin, int a_is_later)
{
    double at = bytes_in(a, group) * margin;
    double bt = bytes_in(b, group);

    if (a->head_share > b->head_share || at > bt) {
        return 0;
    }
    return a->head_share < b->head_share || at < bt || a_is_later;
}

static int is_best(const struct clv_option *options, size_t count, size_t i,
                   unsigned group, double margin)
{
    if (!is_in(&options[i], group)) {
        return 0;
    }
    for (size_t j = 0; j < count; j++) {
        if (j != i && is_in(&options[j], group) &&
            beats(&options[j], &options[i], group, margin, j > i)) {
            return 0;
        }
    }
    return 1;
}

/* Sending the input instead takes no work at all. */
static int is_below(double bytes, double input, double margin)
{
    return input <= 0 || bytes < input * margin;
}

void clv_choosing_look(struct clv_option *options, size_t count, double margin,
                       double input_raw, double input_packed)
{
    static const unsigned groups[] = {CLV_CHOSEN_PACKED, CLV_CHOSEN_RAW,
                                      CLV_CHOSEN_SINGLE, CLV_CHOSEN_ACTIVATION};

    for (size_t i = 0; i < count; i++) {
        options[i].groups = 0;
        for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
            int raw = is_raw(groups[g]);
            if (is_best(options, count, i, groups[g], raw ? 1 : margin) &&
                is_below(bytes_in(&options[i], groups[g]),
                         raw ? input_raw : input_packed, raw ? 1 : margin)) {
                options[i].groups |= groups[g];
            }
        }
    }
}

size_t clv_choosing_rival(const struct clv_option *options, size_t count,
                          size_t i)
{
    for (size_t j = 0; j < count; j++) {
        if (j != i &&
            beats(&options[j], &options[i], CLV_CHOSEN_PACKED, 1, j > i)) {
            return j;
        }
    }
    return count;
}
