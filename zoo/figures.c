/*
 * figures.c - what the drawn things look like.
 *
 * Sixteen small drawings, written as tables of parts so that they can be read
 * and changed as one would change a drawing: a house is a square wall, a roof
 * and a door cut out; a key is a ring, a shaft and two teeth. The two that
 * are tedious to write by hand, the spiral and the gear, are computed once.
 *
 * The classes are chosen to come in near pairs (disc and gear, ring and
 * spiral, star and gear, arrow and tree, square and house), so that a network
 * must look at the outline and not only at size or colour.
 *
 * Left out: curves other than circles, and text. Neither is needed.
 */
#include "figures.h"

#include <math.h>

/* clang-format off */
#define DISC(op, x, y, r) \
    {CLV_PART_##op, CLV_PART_DISC, r, 1, {{x, y}}}
#define CAPSULE(op, ax, ay, bx, by, r) \
    {CLV_PART_##op, CLV_PART_CAPSULE, r, 2, {{ax, ay}, {bx, by}}}
#define BAR(op, ax, ay, bx, by, r) \
    {CLV_PART_##op, CLV_PART_BAR, r, 2, {{ax, ay}, {bx, by}}}
#define POLYGON(op, n, ...) \
    {CLV_PART_##op, CLV_PART_POLYGON, 0.0f, n, {__VA_ARGS__}}
/* clang-format on */

enum { SPIRAL = 14, GEAR = 15 };

static struct clv_shape classes[CLV_SHAPE_CLASSES] = {
    {"disc", 1, {DISC(ADD, 0.0f, 0.0f, 0.80f)}},
    {"ring", 2, {DISC(ADD, 0.0f, 0.0f, 0.85f), DISC(CUT, 0.0f, 0.0f, 0.50f)}},
    {"triangle",
     1,
     {POLYGON(ADD, 3, {0.0f, -0.90f}, {0.88f, 0.62f}, {-0.88f, 0.62f})}},
    {"square", 1, {BAR(ADD, -0.70f, 0.0f, 0.70f, 0.0f, 0.70f)}},
    {"star",
     1,
     {POLYGON(ADD, 10, {0.0f, -1.0f}, {0.235f, -0.324f}, {0.951f, -0.309f},
              {0.380f, 0.124f}, {0.588f, 0.809f}, {0.0f, 0.40f},
              {-0.588f, 0.809f}, {-0.380f, 0.124f}, {-0.951f, -0.309f},
              {-0.235f, -0.324f})}},
    {"cross",
     2,
     {BAR(ADD, -0.85f, 0.0f, 0.85f, 0.0f, 0.25f),
      BAR(ADD, 0.0f, -0.85f, 0.0f, 0.85f, 0.25f)}},
    {"arrow",
     2,
     {BAR(ADD, -0.90f, 0.0f, 0.30f, 0.0f, 0.17f),
      POLYGON(ADD, 3, {0.95f, 0.0f}, {0.20f, 0.58f}, {0.20f, -0.58f})}},
    {"heart",
     3,
     {DISC(ADD, -0.40f, -0.30f, 0.44f), DISC(ADD, 0.40f, -0.30f, 0.44f),
      POLYGON(ADD, 5, {0.0f, 0.90f}, {-0.76f, -0.05f}, {-0.40f, -0.30f},
              {0.40f, -0.30f}, {0.76f, -0.05f})}},
    {"crescent",
     2,
     {DISC(ADD, 0.0f, 0.0f, 0.88f), DISC(CUT, 0.38f, 0.0f, 0.70f)}},
    {"house",
     4,
     {BAR(ADD, -0.58f, 0.35f, 0.58f, 0.35f, 0.45f),
      POLYGON(ADD, 3, {0.0f, -0.92f}, {0.85f, -0.08f}, {-0.85f, -0.08f}),
      BAR(ADD, 0.45f, -0.80f, 0.45f, -0.30f, 0.11f),
      BAR(CUT, -0.15f, 0.20f, -0.15f, 0.85f, 0.15f)}},
    {"tree",
     4,
     {POLYGON(ADD, 3, {0.0f, -0.98f}, {0.40f, -0.38f}, {-0.40f, -0.38f}),
      POLYGON(ADD, 3, {0.0f, -0.65f}, {0.55f, 0.08f}, {-0.55f, 0.08f}),
      POLYGON(ADD, 3, {0.0f, -0.25f}, {0.70f, 0.58f}, {-0.70f, 0.58f}),
      BAR(ADD, 0.0f, 0.50f, 0.0f, 0.95f, 0.14f)}},
    {"fish",
     4,
     {DISC(ADD, 0.18f, 0.52f, 0.92f), DISC(MEET, 0.18f, -0.52f, 0.92f),
      POLYGON(ADD, 4, {-0.42f, 0.0f}, {-0.98f, -0.48f}, {-0.82f, 0.0f},
              {-0.98f, 0.48f}),
      DISC(CUT, 0.55f, -0.08f, 0.08f)}},
    {"key",
     5,
     {DISC(ADD, -0.58f, 0.0f, 0.38f), DISC(CUT, -0.60f, 0.0f, 0.18f),
      BAR(ADD, -0.28f, 0.0f, 0.95f, 0.0f, 0.10f),
      BAR(ADD, 0.58f, 0.05f, 0.58f, 0.40f, 0.08f),
      BAR(ADD, 0.85f, 0.05f, 0.85f, 0.34f, 0.08f)}},
    {"umbrella",
     9,
     {DISC(ADD, 0.0f, 0.05f, 0.90f), BAR(MEET, 0.0f, -1.10f, 0.0f, 0.05f, 1.0f),
      DISC(CUT, -0.60f, 0.1f, 0.3f), DISC(CUT, 0.0f, 0.1f, 0.3f),
      DISC(CUT, 0.60f, 0.1f, 0.3f),
      CAPSULE(ADD, 0.0f, -0.95f, 0.0f, 0.72f, 0.06f),
      CAPSULE(ADD, 0.0f, 0.72f, 0.12f, 0.88f, 0.06f),
      CAPSULE(ADD, 0.12f, 0.88f, 0.28f, 0.82f, 0.06f),
      CAPSULE(ADD, 0.28f, 0.82f, 0.31f, 0.68f, 0.06f)}},
    {"spiral", 0, {{0}}},
    {"gear", 0, {{0}}},
};

/* --- dice --------------------------------------------------------------- */

static uint64_t scramble(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

void clv_dice_init(struct clv_dice *dice, uint64_t seed, uint64_t stream)
{
    dice->state = scramble(scramble(seed) + stream);
}

uint32_t clv_dice_roll(struct clv_dice *dice)
{
    uint64_t old = dice->state;
    dice->state = old * 6364136223846793005u + 1442695040888963407u;
    uint32_t mixed = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t turn = (uint32_t)(old >> 59);
    return (mixed >> turn) | (mixed << ((32u - turn) & 31u));
}

int clv_dice_below(struct clv_dice *dice, int sides)
{
    return (int)(((uint64_t)clv_dice_roll(dice) * (uint64_t)sides) >> 32);
}

float clv_dice_between(struct clv_dice *dice, float low, float high)
{
    float unit = (float)(clv_dice_roll(dice) >> 8) * (1.0f / 16777216.0f);
    return low + (high - low) * unit;
}

/* The half-angle formulas give a point on the circle without sin or cos. */
void clv_dice_turn(struct clv_dice *dice, float reach, float *ret_cos,
                   float *ret_sin)
{
    float t = clv_dice_between(dice, -reach, reach);
    float whole = 1.0f + t * t;
    *ret_cos = (1.0f - t * t) / whole;
    *ret_sin = 2.0f * t / whole;
}

/* --- distances ---------------------------------------------------------- */

static float length(float x, float y)
{
    return sqrtf(x * x + y * y);
}

static float clamp(float v, float low, float high)
{
    return v < low ? low : v > high ? high : v;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static float capsule_distance(const struct clv_part *part, float x, float y)
{
    float dx = part->at[1].x - part->at[0].x;
    float dy = part->at[1].y - part->at[0].y;
    float px = x - part->at[0].x, py = y - part->at[0].y;
    float t = clamp((px * dx + py * dy) / (dx * dx + dy * dy), 0.0f, 1.0f);
    return length(px - t * dx, py - t * dy) - part->wide;
}

static float bar_distance(const struct clv_part *part, float x, float y)
{
    float dx = part->at[1].x - part->at[0].x;
    float dy = part->at[1].y - part->at[0].y;
    float px = x - part->at[0].x, py = y - part->at[0].y;
    float run = length(dx, dy);
    float along = (px * dx + py * dy) / run - 0.5f * run;
    float aside = (py * dx - px * dy) / run;
    float out_x = fabsf(along) - 0.5f * run;
    float out_y = fabsf(aside) - part->wide;
    float outside = length(larger(out_x, 0.0f), larger(out_y, 0.0f));
    float inside = larger(out_x, out_y);
    return outside + (inside < 0.0f ? inside : 0.0f);
}

/* The nearest edge gives the distance, the crossings to the right the sign. */
static float polygon_distance(const struct clv_part *part, float x, float y)
{
    float best = 1e9f;
    int crossings = 0;
    for (int i = 0, j = part->count - 1; i < part->count; j = i++) {
        float ax = part->at[i].x, ay = part->at[i].y;
        float ex = part->at[j].x - ax, ey = part->at[j].y - ay;
        float px = x - ax, py = y - ay;
        float t = clamp((px * ex + py * ey) / (ex * ex + ey * ey), 0.0f, 1.0f);
        float qx = px - t * ex, qy = py - t * ey;
        float square = qx * qx + qy * qy;
        best = square < best ? square : best;
        float other = part->at[j].y;
        if ((ay > y) != (other > y))
            crossings += (px * ey < py * ex) == (ey > 0.0f);
    }
    return (crossings & 1) ? -sqrtf(best) : sqrtf(best);
}

static float part_distance(const struct clv_part *part, float x, float y)
{
    switch (part->kind) {
    case CLV_PART_DISC:
        return length(x - part->at[0].x, y - part->at[0].y) - part->wide;
    case CLV_PART_CAPSULE:
        return capsule_distance(part, x, y);
    case CLV_PART_BAR:
        return bar_distance(part, x, y);
    case CLV_PART_POLYGON:
        return polygon_distance(part, x, y);
    }
    return 1e9f;
}

float clv_shape_distance(const struct clv_shape *shape, float x, float y)
{
    float all = 1e9f;
    for (int i = 0; i < shape->count; i++) {
        float one = part_distance(&shape->parts[i], x, y);
        if (shape->parts[i].op == CLV_PART_ADD)
            all = one < all ? one : all;
        else if (shape->parts[i].op == CLV_PART_CUT)
            all = -one > all ? -one : all;
        else
            all = one > all ? one : all;
    }
    return all;
}

/* --- computed shapes ---------------------------------------------------- */

static void add_capsule(struct clv_shape *shape, float ax, float ay, float bx,
                        float by, float wide)
{
    struct clv_part part = CAPSULE(ADD, ax, ay, bx, by, wide);
    shape->parts[shape->count++] = part;
}

/* Two and a quarter turns, nine strokes a turn. */
static void make_spiral(struct clv_shape *shape)
{
    const float turn_cos = 0.766044443f, turn_sin = 0.642787610f;
    float c = 1.0f, s = 0.0f, radius = 0.06f;
    shape->count = 0;
    for (int i = 0; i < 20; i++) {
        float next_c = c * turn_cos - s * turn_sin;
        float next_s = c * turn_sin + s * turn_cos;
        float next_radius = radius + 0.041f;
        add_capsule(shape, radius * c, radius * s, next_radius * next_c,
                    next_radius * next_s, 0.085f);
        c = next_c;
        s = next_s;
        radius = next_radius;
    }
}

/* A wheel, and four bars through its middle that make eight teeth. */
static void make_gear(struct clv_shape *shape)
{
    const float half = 0.707106781f * 0.95f;
    struct clv_shape gear = {"gear",
                             6,
                             {DISC(ADD, 0.0f, 0.0f, 0.70f),
                              BAR(ADD, -0.95f, 0.0f, 0.95f, 0.0f, 0.14f),
                              BAR(ADD, 0.0f, -0.95f, 0.0f, 0.95f, 0.14f),
                              BAR(ADD, -half, -half, half, half, 0.14f),
                              BAR(ADD, -half, half, half, -half, 0.14f),
                              DISC(CUT, 0.0f, 0.0f, 0.24f)}};
    *shape = gear;
}

void clv_shapes_init(void)
{
    make_spiral(&classes[SPIRAL]);
    make_gear(&classes[GEAR]);
}

const struct clv_shape *clv_shape_of_class(int index)
{
    return &classes[index];
}

/* --- scraps ------------------------------------------------------------- */

/* Corners go round the origin at uneven radii: never a regular figure. */
static void make_blob(struct clv_shape *shape, struct clv_dice *dice)
{
    static const float ring[8][2] = {
        {1.0f, 0.0f},  {0.7f, 0.7f},   {0.0f, 1.0f},  {-0.7f, 0.7f},
        {-1.0f, 0.0f}, {-0.7f, -0.7f}, {0.0f, -1.0f}, {0.7f, -0.7f},
    };
    struct clv_part *part = &shape->parts[0];
    int step = clv_dice_below(dice, 2);
    *part = (struct clv_part){.kind = CLV_PART_POLYGON};
    for (int i = 0; i < 8; i++) {
        if (step && i == 3)
            continue;
        float radius = clv_dice_between(dice, 0.25f, 1.0f);
        part->at[part->count].x = ring[i][0] * radius;
        part->at[part->count++].y = ring[i][1] * radius;
    }
    shape->count = 1;
}

static void make_stroke(struct clv_shape *shape, struct clv_dice *dice)
{
    int bends = 1 + clv_dice_below(dice, 3);
    float wide = clv_dice_between(dice, 0.06f, 0.2f);
    float x = -1.0f, y = clv_dice_between(dice, -0.5f, 0.5f);
    shape->count = 0;
    for (int i = 0; i < bends; i++) {
        float next_x = x + 2.0f / (float)bends;
        float next_y = clv_dice_between(dice, -0.6f, 0.6f);
        add_capsule(shape, x, y, next_x, next_y, wide);
        x = next_x;
        y = next_y;
    }
}

void clv_shape_make_scrap(struct clv_shape *shape, struct clv_dice *dice)
{
    shape->name = "scrap";
    if (clv_dice_below(dice, 5) < 3)
        make_blob(shape, dice);
    else
        make_stroke(shape, dice);
}
