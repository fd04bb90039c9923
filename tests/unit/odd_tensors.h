/*
 * odd_tensors.h - shapes, numbers and indices as property tests of the codec
 * want them: ordinary ones and those at the edges.
 */
#ifndef ODD_TENSORS_H
#define ODD_TENSORS_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "cleave/tensor.h"
#include "seeded.h"

/* What numbers look like. */
enum odd_kind {
    ODD_ZERO,
    ODD_CONSTANT,
    ODD_SPARSE,
    ODD_LAPLACE,
    ODD_HEAVY,
    ODD_UNIFORM,
    ODD_SPIKE,
    ODD_SMOOTH,
    ODD_RELU, /* never negative, many zeros */
    ODD_KINDS
};

static inline size_t odd_count(const cleave_tensor_info *info)
{
    size_t count = 1;

    for (uint32_t i = 0; i < info->rank; i++) {
        count *= (size_t)info->shape[i];
    }
    return count;
}

/*
 * A shape of 0 to 8 dimensions with at most `most` elements: ones, primes,
 * powers of two and their neighbours; now and then a dimension of zero if
 * `zero_too`.
 */
static inline void odd_shape(struct seeded *s, size_t most, int zero_too,
                             cleave_tensor_info *info)
{
    static const int64_t sizes[] = {1,  1,  2,  3,  4,  5,  7,  8,   9,   13,
                                    15, 16, 17, 31, 32, 33, 64, 127, 211, 1024};
    size_t room = most;

    info->rank = seeded_below(s, 9);
    for (uint32_t i = 0; i < info->rank; i++) {
        int64_t size = sizes[seeded_below(s, sizeof sizes / sizeof *sizes)];
        if ((size_t)size > room) {
            size = (int64_t)(1 + seeded_below(s, (uint32_t)room));
        }
        info->shape[i] = size;
        room /= (size_t)size;
    }
    if (zero_too && info->rank > 0 && seeded_below(s, 16) == 0) {
        info->shape[seeded_below(s, info->rank)] = 0;
    }
}

/* Uniform from -1 to 1. */
static inline double odd_unit(struct seeded *s)
{
    return 2 * seeded_unit(s) - 1;
}

/* Integers of a kind, of magnitudes up to 32767, mostly much less. */
static inline void odd_indices(struct seeded *s, enum odd_kind kind,
                               int is_signed, int16_t *indices, size_t count)
{
    double zero = 0.05 + 0.9 * seeded_unit(s);
    int32_t constant = (int32_t)seeded_below(s, 100);
    size_t spike = count > 0 ? seeded_below(s, (uint32_t)count) : 0;
    double last = 0;

    for (size_t i = 0; i < count; i++) {
        double x = 0;
        switch (kind) {
        case ODD_CONSTANT:
            x = constant;
            break;
        case ODD_SPARSE:
            x = seeded_below(s, 50) == 0 ? seeded_laplace(s, 0.3) : 0;
            break;
        case ODD_LAPLACE:
            x = seeded_laplace(s, zero);
            break;
        case ODD_HEAVY:
            x = 0.5 / (odd_unit(s) + 1e-9);
            break;
        case ODD_UNIFORM:
            x = 32767.49 * odd_unit(s);
            break;
        case ODD_SPIKE:
            x = i == spike ? 32767 * (seeded_below(s, 2) ? 1.0 : -1.0) : 0;
            break;
        case ODD_SMOOTH:
            last = 0.9 * last + 4 * odd_unit(s);
            x = last;
            break;
        case ODD_RELU:
            x = fmax(0, 8 * odd_unit(s));
            break;
        default:
            break;
        }
        x = is_signed ? x : fabs(x);
        indices[i] = (int16_t)fmax(-32767, fmin(32767, x));
    }
}

/* Floats of a kind whose spread is about `scale`. */
static inline void odd_floats(struct seeded *s, enum odd_kind kind,
                              double scale, float *values, size_t count)
{
    int is_relu = (int)seeded_below(s, 2);
    double constant = odd_unit(s);
    size_t spike = count > 0 ? seeded_below(s, (uint32_t)count) : 0;
    double last = 0;

    for (size_t i = 0; i < count; i++) {
        double x = 0;
        switch (kind) {
        case ODD_CONSTANT:
            x = constant;
            break;
        case ODD_SPARSE:
            x = seeded_below(s, 50) == 0 ? odd_unit(s) : 0;
            break;
        case ODD_LAPLACE:
            x = log(1 - seeded_unit(s)) * (odd_unit(s) > 0 ? 1 : -1);
            break;
        case ODD_HEAVY:
            x = 0.1 / (odd_unit(s) + 1e-6);
            break;
        case ODD_UNIFORM:
            x = odd_unit(s);
            break;
        case ODD_SPIKE:
            x = i == spike ? 1e4 : 0.1 * odd_unit(s);
            break;
        case ODD_SMOOTH:
            last = 0.9 * last + odd_unit(s);
            x = last;
            break;
        case ODD_RELU:
            x = fmax(0, odd_unit(s));
            break;
        default:
            break;
        }
        values[i] = (float)(scale * (is_relu && x < 0 ? 0 : x));
    }
}

#endif
