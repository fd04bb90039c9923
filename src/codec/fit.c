/*
 * fit.c - learning a code book from tokens.
 *
 * 1. How large is a magnitude on average in each plane.
 * 2. How do its neighbours, its plane and the energy of earlier planes at the
 *    same place predict it: weighted least squares. A magnitude's spread grows
 *    with its mean, so errors are weighted by about one over the square.
 * 3. Which groups of predictions and left neighbours are worth telling apart
 *    (partition.c).
 * 4. How often does each token occur in each context.
 *
 * The first three look at as many tokens as it takes to be sure of a few
 * numbers, the last at all.
 */
#include "codec/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/context.h"
#include "codec/partition.h"

/* Magnitudes count up to here when they are predicted. */
#define PREDICTED_MAX 6

/* Tokens that are enough to fit by. */
#define ENOUGH ((size_t)3000000)

/* What an escape takes besides its own code: 6 bits for the true token, and
   about as much again for misleading its neighbours. */
#define ESCAPED_BITS 16

/* What predicts a magnitude. */
enum { CONSTANT, LEFT, UP, RIGHT, PLANE, ENERGY, FEATURES };

struct fit {
    const struct clv_specimen *lesson;
    const struct clv_walk *walk;
    size_t used; /* samples looked at in steps 1 to 3 */
    double *plane_mean;
    uint8_t *magnitudes; /* of one sample */
    uint8_t *energy;
    uint8_t e0;
    double weights[FEATURES];
    double scale; /* from magnitudes to the predictions' 0 to 255 */
    struct clv_book *book;
    clv_seen *seen;
};

/* What a pass is told about each position that is not void. */
struct position {
    unsigned token;
    unsigned magnitude;
    unsigned left;
    unsigned up;
    unsigned right;
    unsigned energy;
    size_t plane;
};

typedef void visit(void *self, const struct position *p);

static void find_magnitudes(struct fit *f, const uint8_t *tokens)
{
    size_t size = clv_walk_size(f->walk);

    for (size_t i = 0; i < size; i++) {
        f->magnitudes[i] =
            (uint8_t)clv_token_magnitude(tokens[i], f->lesson->is_signed);
    }
}

static void update_energy(struct fit *f, size_t block)
{
    const struct clv_walk *walk = f->walk;
    size_t positions = walk->rows * walk->width;
    const uint8_t *m = f->magnitudes + block * positions * walk->lanes;

    for (size_t i = 0; i < positions; i++) {
        unsigned sum = 0;
        unsigned now;
        for (size_t lane = 0; lane < walk->lanes; lane++) {
            sum += m[lane] < 3 ? m[lane] : 3;
        }
        now = 64 * sum / (unsigned)walk->lanes;
        f->energy[i] =
            (uint8_t)(block == 0 ? now : (3u * f->energy[i] + now + 2) / 4);
        m += walk->lanes;
    }
}

static void visit_strip(struct fit *f, const uint8_t *tokens, size_t strip,
                        visit *see, void *self)
{
    const struct clv_walk *walk = f->walk;
    size_t lanes = walk->lanes;
    size_t row_size = walk->width * lanes;
    size_t i = strip / lanes * walk->rows * row_size + strip % lanes;
    struct position p = {.plane = clv_walk_plane(walk, strip)};

    for (size_t row = 0; row < walk->rows; row++, i += row_size) {
        size_t columns = clv_walk_columns(walk, strip, row);
        for (size_t col = 0; col < columns; col++) {
            const uint8_t *m = f->magnitudes + i + col * lanes;
            p.token = tokens[i + col * lanes];
            p.magnitude = *m;
            p.left = col > 0 ? m[-(ptrdiff_t)lanes] : 0;
            p.up = row > 0 ? m[-(ptrdiff_t)row_size] : 0;
            p.right = row > 0 && col + 1 < walk->width
                          ? m[(ptrdiff_t)lanes - (ptrdiff_t)row_size]
                          : 0;
            p.energy = f->energy[row * walk->width + col];
            see(self, &p);
        }
    }
}

/* Calls `see` for the positions of the samples that are used. */
static void visit_all(struct fit *f, visit *see, void *self)
{
    const struct clv_walk *walk = f->walk;

    for (size_t s = 0; s < f->used; s++) {
        const uint8_t *tokens = f->lesson->samples[s];
        find_magnitudes(f, tokens);
        memset(f->energy, f->e0, walk->rows * walk->width);
        for (size_t strip = 0; strip < walk->strips; strip++) {
            visit_strip(f, tokens, strip, see, self);
            if (strip % walk->lanes == walk->lanes - 1) {
                update_energy(f, strip / walk->lanes);
            }
        }
    }
}

static double capped(unsigned magnitude)
{
    return magnitude < PREDICTED_MAX ? magnitude : PREDICTED_MAX;
}

/* Sums for the means. */
struct means {
    double *planes;
    double *weights; /* of the planes */
    double low;      /* of magnitudes up to 3 */
    double count;
};

static void add_mean(void *self, const struct position *p)
{
    struct means *means = self;

    means->planes[p->plane] += capped(p->magnitude);
    means->weights[p->plane]++;
    means->low += p->magnitude < 3 ? p->magnitude : 3;
    means->count++;
}

static cleave_status find_means(struct fit *f)
{
    struct means means = {.planes = f->plane_mean};

    means.weights = calloc(f->walk->planes, sizeof *means.weights);
    if (means.weights == NULL) {
        return CLEAVE_MEMORY;
    }
    visit_all(f, add_mean, &means);
    for (size_t i = 0; i < f->walk->planes; i++) {
        if (means.weights[i] > 0) {
            f->plane_mean[i] /= means.weights[i];
        }
    }
    f->e0 = means.count > 0 ? (uint8_t)lrint(64 * means.low / means.count) : 0;
    free(means.weights);
    return CLEAVE_OK;
}

static void features_of(const struct fit *f, const struct position *p,
                        double x[FEATURES])
{
    x[CONSTANT] = 1;
    x[LEFT] = p->left;
    x[UP] = p->up;
    x[RIGHT] = p->right;
    x[PLANE] = f->plane_mean[p->plane];
    x[ENERGY] = p->energy / 64.0;
}

/* Normal equations of the weighted least squares. */
struct squares {
    struct fit *f;
    int have_weights;
    double a[FEATURES][FEATURES];
    double b[FEATURES];
};

static void add_square(void *self, const struct position *p)
{
    struct squares *q = self;
    double x[FEATURES];
    double mean = 0;
    double weight;

    features_of(q->f, p, x);
    for (unsigned i = 0; i < FEATURES; i++) {
        mean += q->f->weights[i] * x[i];
    }
    mean = !q->have_weights ? 1 : mean < 0.02 ? 0.02 : mean;
    weight = 1 / (mean * (mean + 0.3));
    for (unsigned i = 0; i < FEATURES; i++) {
        q->b[i] += weight * x[i] * capped(p->magnitude);
        for (unsigned k = 0; k < FEATURES; k++) {
            q->a[i][k] += weight * x[i] * x[k];
        }
    }
}

/* Solves a * x = b (Gauss and Jordan); a is positive definite thanks to the
   little that is added to its diagonal. */
static void solve(struct squares *q, double x[FEATURES])
{
    for (unsigned i = 0; i < FEATURES; i++) {
        q->a[i][i] += 1e-2;
    }
    for (unsigned i = 0; i < FEATURES; i++) {
        for (unsigned r = 0; r < FEATURES; r++) {
            double factor = q->a[r][i] / q->a[i][i];
            if (r == i) {
                continue;
            }
            for (unsigned k = i; k < FEATURES; k++) {
                q->a[r][k] -= factor * q->a[i][k];
            }
            q->b[r] -= factor * q->b[i];
        }
    }
    for (unsigned i = 0; i < FEATURES; i++) {
        x[i] = q->b[i] / q->a[i][i];
    }
}

static void find_weights(struct fit *f)
{
    for (int round = 0; round < 2; round++) {
        struct squares q = {.f = f, .have_weights = round > 0};
        visit_all(f, add_square, &q);
        solve(&q, f->weights);
        for (unsigned i = LEFT; i < FEATURES; i++) {
            if (!(f->weights[i] > 0)) { /* NaN too */
                f->weights[i] = 0;
            }
        }
    }
}

static uint8_t to_byte(double x)
{
    return x > 0 ? (uint8_t)(x < 255 ? lrint(x) : 255) : 0;
}

/* Weights as bytes: a position with large neighbours shall reach 255. */
static cleave_status make_weights(struct fit *f)
{
    struct clv_book *book = f->book;
    const double *w = f->weights;
    double most = 0;
    double reach;

    for (size_t i = 0; i < f->walk->planes; i++) {
        most = f->plane_mean[i] > most ? f->plane_mean[i] : most;
    }
    reach =
        w[CONSTANT] + 4 * (w[UP] + w[RIGHT]) + w[PLANE] * most + 2 * w[ENERGY];
    f->scale = 255 / (reach > 0.6 ? reach : 0.6);
    book->up = to_byte(w[UP] * f->scale);
    book->right = to_byte(w[RIGHT] * f->scale);
    book->energy = to_byte(w[ENERGY] * f->scale);
    book->e0 = f->e0;
    book->bias = malloc(f->walk->planes);
    if (book->bias == NULL) {
        return CLEAVE_MEMORY;
    }
    book->bias_count = f->walk->planes;
    for (size_t i = 0; i < f->walk->planes; i++) {
        book->bias[i] =
            to_byte((w[CONSTANT] + w[PLANE] * f->plane_mean[i]) * f->scale);
    }
    return CLEAVE_OK;
}

static void add_seen(void *self, const struct position *p)
{
    struct fit *f = self;
    const struct clv_book *book = f->book;
    unsigned up = book->up * p->up;
    unsigned right = book->right * p->right;
    unsigned energy = book->energy * p->energy / 64;
    unsigned rest = (up < 255 ? up : 255) + (right < 255 ? right : 255) +
                    book->bias[p->plane] + (energy < 255 ? energy : 255);

    f->seen[rest < 255 ? rest : 255][p->left][p->token]++;
}

static void add_counts(const uint8_t *contexts, const uint8_t *tokens,
                       size_t size,
                       uint32_t counts[CLV_CONTEXTS_ALL][CLV_TOKENS])
{
    for (size_t i = 0; i < size; i++) {
        counts[contexts[i]][tokens[i]]++;
    }
}

/* Counts all samples with the encoder's own contexts. */
static cleave_status count_all(struct fit *f,
                               uint32_t counts[CLV_CONTEXTS_ALL][CLV_TOKENS])
{
    const struct clv_walk *walk = f->walk;
    size_t row_size = walk->width * walk->lanes;
    uint8_t *contexts = malloc(row_size + 64);
    struct clv_contexts c;
    cleave_status status = CLEAVE_OK;

    clv_contexts_init(&c);
    if (contexts == NULL) {
        return CLEAVE_MEMORY;
    }
    for (size_t s = 0; status == CLEAVE_OK && s < f->lesson->count; s++) {
        uint8_t *tokens = f->lesson->samples[s];
        if (!clv_contexts_begin(&c, clv_processor_best(), f->book, walk)) {
            status = CLEAVE_MEMORY;
            break;
        }
        for (size_t block = 0; block < walk->blocks; block++) {
            clv_contexts_block(&c, block);
            for (size_t row = 0; row < walk->rows; row++) {
                clv_contexts_whole(&c, row, NULL, tokens, contexts);
                add_counts(contexts, tokens, row_size, counts);
                tokens += row_size;
            }
        }
    }
    clv_contexts_fini(&c);
    free(contexts);
    return status;
}

/* What the tokens counted take in bits, those from `limit` on as escapes. */
static double cost_of(const uint32_t counts[CLV_TOKENS], unsigned limit,
                      const uint16_t frequency[CLV_TOKENS])
{
    double cost = 0;

    for (unsigned t = 0; t < CLV_TOKENS; t++) {
        unsigned coded = t < limit ? t : CLV_TOKEN_ESCAPE;
        if (counts[t] > 0) {
            cost += counts[t] * (log2(CLV_SLOTS / (double)frequency[coded]) +
                                 (t < limit ? 0 : ESCAPED_BITS));
        }
    }
    return cost;
}

/*
 * A context's table. The encoder lets all tokens escape from the first that
 * lacks, so below a limit none may lack, and above it none has a use. Which
 * limit is best is tried out.
 */
static void make_table(const uint32_t counts[CLV_TOKENS],
                       uint16_t frequency[CLV_TOKENS])
{
    double least = INFINITY;

    for (unsigned limit = 0; limit <= CLV_TOKEN_ESCAPE; limit++) {
        uint32_t limited[CLV_TOKENS] = {0};
        uint16_t scaled[CLV_TOKENS];
        double cost;
        for (unsigned t = 0; t < CLV_TOKENS; t++) {
            if (t < limit) {
                limited[t] = counts[t] > 0 ? counts[t] : 1;
            } else {
                limited[CLV_TOKEN_ESCAPE] += counts[t];
            }
        }
        clv_book_scale(limited, 1, scaled);
        cost = cost_of(counts, limit, scaled);
        if (cost < least) {
            least = cost;
            memcpy(frequency, scaled, sizeof scaled);
        }
    }
}

static cleave_status make_tables(struct fit *f)
{
    uint32_t counts[CLV_CONTEXTS_ALL][CLV_TOKENS];
    cleave_status status;

    memset(counts, 0, sizeof counts);
    clv_book_ready(f->book);
    status = count_all(f, counts);
    for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
        if (c / 4 <= f->book->threshold_count && c % 4 <= f->book->cut_count) {
            make_table(counts[c], f->book->frequency[c]);
        }
    }
    clv_book_ready(f->book);
    return status;
}

static cleave_status fit_begin(struct fit *f)
{
    size_t size = clv_walk_size(f->walk);

    f->used = ENOUGH / size;
    f->used = f->used == 0 ? 1 : f->used;
    f->used = f->used < f->lesson->count ? f->used : f->lesson->count;
    f->book = clv_book_new();
    f->plane_mean = calloc(f->walk->planes, sizeof *f->plane_mean);
    f->magnitudes = malloc(size);
    f->energy = malloc(f->walk->rows * f->walk->width);
    f->seen = calloc(CLV_PREDICTIONS, sizeof *f->seen);
    return f->book == NULL || f->plane_mean == NULL || f->magnitudes == NULL ||
                   f->energy == NULL || f->seen == NULL
               ? CLEAVE_MEMORY
               : CLEAVE_OK;
}

static cleave_status fit_all(struct fit *f)
{
    cleave_status status = find_means(f);

    f->book->is_signed = f->lesson->is_signed;
    if (status == CLEAVE_OK) {
        find_weights(f);
        status = make_weights(f);
    }
    if (status == CLEAVE_OK) {
        visit_all(f, add_seen, f);
        status = clv_partition((const clv_seen *)f->seen, f->book);
    }
    return status == CLEAVE_OK ? make_tables(f) : status;
}

cleave_status clv_fit_book(const struct clv_specimen *lesson,
                           struct clv_book **ret_book)
{
    struct fit f = {.lesson = lesson, .walk = lesson->walk};
    cleave_status status = fit_begin(&f);

    if (status == CLEAVE_OK) {
        status = fit_all(&f);
    }
    if (status == CLEAVE_OK) {
        *ret_book = f.book;
    } else {
        clv_book_free(f.book);
    }
    free(f.plane_mean);
    free(f.magnitudes);
    free(f.energy);
    free(f.seen);
    return status;
}
