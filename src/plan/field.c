/*
 * field.c - the candidates that a scheduler searches, laid out for it.
 *
 * The more alike the 64 candidates of a block, the nearer the block's bound
 * to its best one, and the more blocks a search passes over. So each group is
 * halved again and again where its logarithms of device time, bytes or server
 * time are furthest apart, until blocks remain (a k-d tree, of which only the
 * order of the leaves is kept).
 */
#include "plan/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/dominance.h"

size_t clv_group_of(uint32_t server)
{
    return server == CLV_NO_SERVER ? 0 : (size_t)server + 1;
}

/* -- Rows -- */

static void fill_row(struct clv_field *f, size_t row)
{
    const struct clv_candidate *c = &f->space->candidates[f->known[row]];
    double *to = f->rows + row * f->width;

    to[CLV_TIE_DEVICE] = c->device_ns.mean;
    to[CLV_TIE_UP] = c->bytes_up.mean;
    to[CLV_TIE_SERVER] = c->server_ns.mean;
    to[CLV_TIE_DOWN] = c->bytes_down;
    for (size_t p = 0; p < f->panel_count; p++) {
        clv_formula_stakes(&f->panels[p].formula, f->space, f->known[row],
                           to + CLV_TIES + p * CLV_STAKES);
    }
}

/* 64-byte aligned, zeroed; a little longer than asked, for the lanes. */
static void *new_array(size_t count, size_t size)
{
    size_t bytes = ((count + CLV_BLOCK) * size + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, bytes);

    if (memory != NULL) {
        memset(memory, 0, bytes);
    }
    return memory;
}

static int allocate(struct clv_field *f)
{
    int all;

    f->known = new_array(f->known_count, sizeof *f->known);
    f->rows = new_array(f->known_count * f->width, sizeof *f->rows);
    f->slots = new_array(f->blocks_max * CLV_BLOCK, sizeof *f->slots);
    f->places = new_array(f->known_count, sizeof *f->places);
    all = f->known && f->rows && f->slots && f->places;
    for (size_t p = 0; p < f->panel_count; p++) {
        struct clv_panel *panel = &f->panels[p];
        panel->columns = new_array(f->blocks_max * CLV_BLOCK * CLV_STAKES,
                                   sizeof *panel->columns);
        panel->floors =
            new_array(f->blocks_max * CLV_STAKES, sizeof *panel->floors);
        all = all && panel->columns && panel->floors;
    }
    return all;
}

cleave_status clv_field_init(struct clv_field *field,
                             const struct clv_space *space,
                             const uint32_t *known, size_t known_count,
                             const struct clv_formula *formulas,
                             size_t formula_count, cleave_error *err)
{
    struct clv_field f = {
        .space = space,
        .known_count = known_count,
        .width = CLV_TIES + formula_count * CLV_STAKES,
        .panel_count = formula_count,
        .blocks_max = known_count / CLV_BLOCK + CLV_GROUPS,
    };

    for (size_t p = 0; p < formula_count; p++) {
        f.panels[p].formula = formulas[p];
    }
    if (!allocate(&f)) {
        clv_field_fini(&f);
        return clv_fail_memory(err, "scheduler",
                               known_count * f.width * sizeof *f.rows);
    }
    memcpy(f.known, known, known_count * sizeof *known);
    for (size_t row = 0; row < known_count; row++) {
        fill_row(&f, row);
    }
    *field = f;
    return CLEAVE_OK;
}

void clv_field_fini(struct clv_field *field)
{
    for (size_t p = 0; p < field->panel_count; p++) {
        free(field->panels[p].columns);
        free(field->panels[p].floors);
    }
    free(field->known);
    free(field->rows);
    free(field->slots);
    free(field->places);
    *field = (struct clv_field){0};
}

uint32_t clv_field_row(const struct clv_field *field, size_t candidate)
{
    size_t low = 0;
    size_t high = field->known_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (field->known[middle] < candidate) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < field->known_count && field->known[low] == candidate
               ? (uint32_t)low
               : CLV_NO_ROW;
}

const double *clv_field_stakes(const struct clv_field *field, uint32_t row,
                               size_t panel)
{
    return field->rows + row * field->width + CLV_TIES + panel * CLV_STAKES;
}

int clv_field_order(const struct clv_field *field, uint32_t a, uint32_t b)
{
    const double *x = field->rows + a * field->width;
    const double *y = field->rows + b * field->width;

    for (size_t i = 0; i < CLV_TIES; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return (a > b) - (a < b);
}

/* -- Blocks that are alike -- */

static void swap(struct clv_entrant *a, struct clv_entrant *b)
{
    struct clv_entrant kept = *a;

    *a = *b;
    *b = kept;
}

/* Moves the `nth` least in one coordinate to its place (Hoare). */
static void divide(struct clv_entrant *p, size_t count, size_t nth, int axis)
{
    size_t low = 0;
    size_t high = count - 1;

    while (low < high) {
        float pivot = p[low + (high - low) / 2].coords[axis];
        size_t i = low;
        size_t j = high;
        while (i <= j) {
            while (p[i].coords[axis] < pivot) {
                i++;
            }
            while (p[j].coords[axis] > pivot) {
                j--;
            }
            if (i <= j) {
                swap(&p[i++], &p[j]);
                if (j == 0) {
                    break;
                }
                j--;
            }
        }
        if (nth <= j) {
            high = j;
        } else if (nth >= i) {
            low = i;
        } else {
            return;
        }
    }
}

static int widest_axis(const struct clv_entrant *p, size_t count)
{
    int widest = 0;
    float width = -1;

    for (int axis = 0; axis < CLV_TIES; axis++) {
        float least = p[0].coords[axis];
        float most = least;
        for (size_t i = 1; i < count; i++) {
            float x = p[i].coords[axis];
            least = x < least ? x : least;
            most = x > most ? x : most;
        }
        if (most - least > width) {
            width = most - least;
            widest = axis;
        }
    }
    return widest;
}

/* Halves on the border of a block. As deep as the blocks' logarithm. */
static void arrange(struct clv_entrant *p, size_t count)
{
    while (count > CLV_BLOCK) {
        size_t blocks = (count + CLV_BLOCK - 1) / CLV_BLOCK;
        size_t half = blocks / 2 * CLV_BLOCK;
        divide(p, count, half, widest_axis(p, count));
        arrange(p, half);
        p += half;
        count -= half;
    }
}

/* -- Columns -- */

static void fill_slot(struct clv_field *f, size_t slot, uint32_t row)
{
    size_t stride = f->blocks_max * CLV_BLOCK;

    f->slots[slot] = row;
    for (size_t p = 0; row != CLV_NO_ROW && p < f->panel_count; p++) {
        const double *stakes = clv_field_stakes(f, row, p);
        for (int i = 0; i < CLV_STAKES; i++) {
            f->panels[p].columns[(size_t)i * stride + slot] =
                clv_screen_stake(&f->panels[p].formula, i, stakes[i]);
        }
    }
}

static float least_of(const float *values, const uint32_t *slots)
{
    float least = INFINITY;

    for (size_t i = 0; i < CLV_BLOCK && slots[i] != CLV_NO_ROW; i++) {
        least = values[i] < least ? values[i] : least;
    }
    return least;
}

static void fill_floors(struct clv_field *f, size_t block)
{
    size_t stride = f->blocks_max * CLV_BLOCK;
    const uint32_t *slots = f->slots + block * CLV_BLOCK;

    for (size_t p = 0; p < f->panel_count; p++) {
        for (size_t i = 0; i < CLV_STAKES; i++) {
            f->panels[p].floors[i * f->blocks_max + block] = least_of(
                f->panels[p].columns + i * stride + block * CLV_BLOCK, slots);
        }
    }
}

static void add_group(struct clv_field *f, struct clv_entrant *places,
                      size_t count)
{
    size_t blocks = (count + CLV_BLOCK - 1) / CLV_BLOCK;
    uint32_t group = places[0].group;

    f->groups[f->group_count++] = (struct clv_group){
        .server = group == 0 ? CLV_NO_SERVER : group - 1,
        .first_block = f->blocks,
        .blocks = blocks,
    };
    arrange(places, count);
    for (size_t i = 0; i < blocks * CLV_BLOCK; i++) {
        fill_slot(f, f->blocks * CLV_BLOCK + i,
                  i < count ? places[i].row : CLV_NO_ROW);
    }
    for (size_t b = 0; b < blocks; b++) {
        fill_floors(f, f->blocks + b);
    }
    f->blocks += blocks;
}

static struct clv_entrant place_of(const struct clv_field *f, uint32_t row)
{
    const struct clv_candidate *c = &f->space->candidates[f->known[row]];
    const double *ties = f->rows + row * f->width;
    struct clv_entrant place = {.row = row,
                                .group = (uint32_t)clv_group_of(c->server)};

    for (int i = 0; i < CLV_TIES; i++) {
        place.key += log1p(ties[i]);
        place.coords[i] = (float)log1p(ties[i]);
    }
    return place;
}

void clv_field_fill(struct clv_field *field, const uint8_t *is_in)
{
    size_t count = 0;
    size_t first = 0;

    for (uint32_t row = 0; row < field->known_count; row++) {
        if (is_in[row]) {
            field->places[count++] = place_of(field, row);
        }
    }
    count =
        clv_dominance_prune(field->places, count, field->rows, field->width);
    field->active = count;
    field->group_count = 0;
    field->blocks = 0;
    for (size_t i = 1; i <= count; i++) {
        if (i == count ||
            field->places[i].group != field->places[first].group) {
            add_group(field, field->places + first, i - first);
            first = i;
        }
    }
}
