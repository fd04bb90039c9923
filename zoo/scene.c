/*
 * scene.c - from "a fish, please" to a picture of one.
 *
 * The picture is painted like one on canvas, back to front:
 *
 *     ground -> scraps -> shadow -> the object -> scraps in front of it
 *            -> lighting -> lens blur -> sensor noise -> bytes
 *
 * Every layer is a shape put somewhere by an affine map and filled with a
 * paint: two colours, a pattern that mixes them, and roughness. Roughness and
 * the cloud pattern come from one field of fractal noise per picture, whose
 * spectrum falls with frequency as that of photographs does; without it, a
 * codec would find the pictures far easier than real ones.
 *
 * How hard the task is, is decided by the handful of ranges in put_object(),
 * choose_paints() and clv_scene_draw(), which all give way to one number.
 *
 * The same bytes everywhere: no libm but sqrtf, no contraction of products and
 * sums (see the build's flags), and dice are never rolled twice within one
 * expression, whose order C does not fix.
 *
 * Left out: perspective, several objects, textures that follow a surface.
 */
#include "scene.h"
#include "figures.h"

#include <stdlib.h>

enum pattern { FLAT, SLOPE, STRIPES, CHECKS, DOTS, CLOUD, PATTERNS };

struct paint {
    enum pattern pattern;
    float base[3];   /* 0 to 255 */
    float change[3]; /* what full pattern adds to the base */
    float dx, dy;    /* direction times repeats per unit */
    float shift;
    float sharp; /* how abruptly the pattern's two colours meet */
    float rough; /* how much the noise field shows, 0 to 255 */
};

/* picture = centre + A * shape; kept is the inverse of A, row by row. */
struct layer {
    const struct clv_shape *shape;
    float cx, cy;
    float inverse[4];
    float reach;      /* no point of the shape is farther from the centre */
    float unit;       /* pixels per unit of the shape */
    float soft;       /* pixels over which the edge fades */
    float opacity;    /* 0 to 1 */
    float rim;        /* width of a darker edge, in units of the shape */
    float rim_darken; /* 0 to 1 */
    struct paint paint;
};

struct clv_scene {
    int size;
    int side;       /* of the noise field: 2^n + 1, at least size */
    int16_t *field; /* side * side, about -16384 to 16384 */
    int16_t *spare; /* the same size, while the field grows */
    float *plane;   /* size * size * 3, 0 to 255 but not yet clamped */
    float hard;     /* 0 to 1 */
    enum pattern ground;
    struct clv_dice dice;
};

struct clv_scene *clv_scene_new(int size)
{
    if (size < CLV_SCENE_SIZE_MIN || size > CLV_SCENE_SIZE_MAX)
        return NULL;
    struct clv_scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL)
        return NULL;
    scene->size = size;
    scene->side = 5;
    while (scene->side < size)
        scene->side = 2 * scene->side - 1;
    size_t cells = (size_t)scene->side * (size_t)scene->side;
    scene->field = calloc(cells, sizeof *scene->field);
    scene->spare = calloc(cells, sizeof *scene->spare);
    scene->plane = calloc((size_t)size * (size_t)size * 3, sizeof(float));
    if (!scene->field || !scene->spare || !scene->plane) {
        clv_scene_free(scene);
        return NULL;
    }
    return scene;
}

void clv_scene_free(struct clv_scene *scene)
{
    if (scene == NULL)
        return;
    free(scene->field);
    free(scene->spare);
    free(scene->plane);
    free(scene);
}

static float clamp(float v, float low, float high)
{
    return v < low ? low : v > high ? high : v;
}

static float fraction(float v)
{
    float rest = v - (float)(int)v;
    return rest < 0.0f ? rest + 1.0f : rest;
}

/* --- the noise field ---------------------------------------------------- */

static void add_noise(struct clv_dice *dice, int16_t *cells, int count,
                      int amplitude)
{
    for (int i = 0; i < count; i++) {
        int roll = (int)(clv_dice_roll(dice) >> 16) - 32768;
        cells[i] = (int16_t)(cells[i] + roll * amplitude / 32768);
    }
}

/* n by n cells become 2n-1 by 2n-1, the new ones midway between the old. */
static void grow_field(const int16_t *from, int n, int16_t *to)
{
    int wide = 2 * n - 1;
    for (int y = 0; y < wide; y++) {
        const int16_t *up = from + (y / 2) * n, *down = from + (y + 1) / 2 * n;
        for (int x = 0; x < wide; x++) {
            int left = x / 2, right = (x + 1) / 2;
            int sum = up[left] + up[right] + down[left] + down[right];
            to[y * wide + x] = (int16_t)(sum / 4);
        }
    }
}

static void fill_field(struct clv_scene *scene)
{
    int keep = 116 + clv_dice_below(&scene->dice, 64); /* of 256, per octave */
    int amplitude = 10000, n = 5;
    for (int i = 0; i < n * n; i++)
        scene->field[i] = 0;
    add_noise(&scene->dice, scene->field, n * n, amplitude);
    while (n < scene->side) {
        int16_t *old = scene->field;
        grow_field(old, n, scene->spare);
        n = 2 * n - 1;
        amplitude = amplitude * keep / 256;
        add_noise(&scene->dice, scene->spare, n * n, amplitude);
        scene->field = scene->spare;
        scene->spare = old;
    }
}

/* --- paints ------------------------------------------------------------- */

/* Rises from -1 to 1 and falls back once in every whole step of u. */
static float wave(float u)
{
    float f = fraction(u) - 0.5f;
    return 4.0f * (f < 0.0f ? -f : f) - 1.0f;
}

/* How much of the paint's second colour shows at a point, 0 to 1. */
static float pattern_at(const struct paint *paint, float x, float y,
                        float noise)
{
    float u = paint->dx * x + paint->dy * y + paint->shift;
    float v = paint->dx * y - paint->dy * x;
    float level = 0.0f;
    switch (paint->pattern) {
    case SLOPE:
        level = 0.35f * u;
        break;
    case STRIPES:
        level = wave(u) * paint->sharp;
        break;
    case CHECKS:
        level = wave(u) * wave(v) * paint->sharp * 2.0f;
        break;
    case DOTS:
        u = fraction(u) - 0.5f;
        v = fraction(v) - 0.5f;
        level = (0.09f - u * u - v * v) * paint->sharp * 6.0f;
        break;
    case CLOUD:
        level = noise * paint->sharp;
        break;
    default:
        return 0.0f;
    }
    return clamp(0.5f + level, 0.0f, 1.0f);
}

/* Colours are whole numbers, so that comparing them is exact. */
static void roll_colour(struct clv_dice *dice, int colour[3])
{
    for (int c = 0; c < 3; c++)
        colour[c] = 25 + clv_dice_below(dice, 206);
}

static void roll_paint(struct clv_dice *dice, struct paint *paint, int change)
{
    float c, s;
    int colour[3];
    roll_colour(dice, colour);
    paint->pattern = (enum pattern)clv_dice_below(dice, PATTERNS);
    clv_dice_turn(dice, 1.0f, &c, &s);
    float often = clv_dice_between(dice, 1.0f, 5.0f);
    if (paint->pattern == SLOPE)
        often = 1.0f;
    paint->dx = c * often;
    paint->dy = s * often;
    paint->shift = clv_dice_between(dice, 0.0f, 1.0f);
    paint->sharp = clv_dice_between(dice, 0.5f, 4.0f);
    paint->rough = clv_dice_between(dice, 4.0f, 60.0f);
    for (int i = 0; i < 3; i++) {
        paint->base[i] = (float)colour[i];
        paint->change[i] = (float)(clv_dice_below(dice, 2 * change) - change);
    }
}

/* The square of the distance between two paints' nearest pair of colours. */
static int paint_gap(const struct paint *a, const struct paint *b)
{
    int nearest = 1 << 30;
    for (int pair = 0; pair < 4; pair++) {
        int gap = 0;
        for (int c = 0; c < 3; c++) {
            int one = (int)a->base[c] + (pair & 1 ? (int)a->change[c] : 0);
            int two = (int)b->base[c] + (pair & 2 ? (int)b->change[c] : 0);
            gap += (one - two) * (one - two);
        }
        nearest = gap < nearest ? gap : nearest;
    }
    return nearest;
}

/* Object and ground differ enough to be told apart; the demand shrinks. */
static void choose_paints(struct clv_scene *scene, struct paint *ground,
                          struct paint *object)
{
    struct clv_dice *dice = &scene->dice;
    float enough = clv_dice_between(dice, 40.0f, 120.0f);
    int change = 20 + (int)(50.0f * scene->hard);
    int start = (int)(enough * scene->hard + 150.0f * (1.0f - scene->hard));
    roll_paint(dice, ground, change);
    for (int gap = start; gap > 0; gap--) {
        roll_paint(dice, object, change);
        if (paint_gap(ground, object) >= gap * gap)
            return;
    }
}

/* --- layers ------------------------------------------------------------- */

static void paint_ground(struct clv_scene *scene, const struct paint *paint)
{
    float step = 2.0f / (float)scene->size;
    float *out = scene->plane;
    for (int row = 0; row < scene->size; row++) {
        const int16_t *noise = scene->field + row * scene->side;
        float y = ((float)row + 0.5f) * step - 1.0f;
        for (int col = 0; col < scene->size; col++) {
            float x = ((float)col + 0.5f) * step - 1.0f;
            float rough = (float)noise[col] * (1.0f / 16384.0f);
            float level = pattern_at(paint, x, y, rough);
            for (int c = 0; c < 3; c++)
                *out++ = paint->base[c] + level * paint->change[c] +
                         rough * paint->rough;
        }
    }
}

/* The field is read mirrored, so that layers do not share the ground's. */
static void blend_pixel(const struct clv_scene *scene,
                        const struct layer *layer, int row, int col, float x,
                        float y, float distance)
{
    float cover = 0.5f - distance * layer->unit / layer->soft;
    if (cover <= 0.0f)
        return;
    cover = clamp(cover, 0.0f, 1.0f) * layer->opacity;
    const struct paint *paint = &layer->paint;
    int mirrored = (scene->size - 1 - row) * scene->side + col;
    float rough = (float)scene->field[mirrored] * (1.0f / 16384.0f);
    float level = pattern_at(paint, x, y, rough);
    float dark = -distance < layer->rim ? 1.0f - layer->rim_darken : 1.0f;
    float *out = scene->plane + (row * scene->size + col) * 3;
    for (int c = 0; c < 3; c++) {
        float ink = paint->base[c] + level * paint->change[c];
        ink = (ink + rough * paint->rough) * dark;
        out[c] += (ink - out[c]) * cover;
    }
}

static int pixel_of(const struct clv_scene *scene, float at)
{
    return (int)clamp((at + 1.0f) * 0.5f * (float)scene->size, 0.0f,
                      (float)scene->size);
}

static void paint_layer(struct clv_scene *scene, const struct layer *layer)
{
    float step = 2.0f / (float)scene->size;
    float reach = layer->reach + layer->soft * step;
    int top = pixel_of(scene, layer->cy - reach);
    int bottom = pixel_of(scene, layer->cy + reach);
    int left = pixel_of(scene, layer->cx - reach);
    int right = pixel_of(scene, layer->cx + reach);
    for (int row = top; row < bottom; row++) {
        float y = ((float)row + 0.5f) * step - 1.0f - layer->cy;
        for (int col = left; col < right; col++) {
            float x = ((float)col + 0.5f) * step - 1.0f - layer->cx;
            if (x * x + y * y > reach * reach)
                continue;
            float u = layer->inverse[0] * x + layer->inverse[1] * y;
            float v = layer->inverse[2] * x + layer->inverse[3] * y;
            float distance = clv_shape_distance(layer->shape, u, v);
            blend_pixel(scene, layer, row, col, x, y, distance);
        }
    }
}

/* A = rotation * (wide lean; 0 tall), so its inverse is written down at once */
static void place_layer(const struct clv_scene *scene, struct layer *layer,
                        float wide, float tall, float lean, float c, float s)
{
    float across = 1.0f / wide, down = 1.0f / tall;
    float slant = -lean * across * down;
    layer->inverse[0] = across * c - slant * s;
    layer->inverse[1] = across * s + slant * c;
    layer->inverse[2] = -down * s;
    layer->inverse[3] = down * c;
    float lean_size = lean < 0.0f ? -lean : lean;
    float larger = wide > tall ? wide : tall;
    layer->reach = 1.15f * (larger + lean_size);
    layer->unit = 0.25f * (wide + tall) * (float)scene->size;
    layer->soft = 1.0f;
    layer->opacity = 1.0f;
    layer->rim = -1.0f;
    layer->rim_darken = 0.0f;
}

static void put_object(struct clv_scene *scene, struct layer *layer,
                       int class_index)
{
    struct clv_dice *dice = &scene->dice;
    float c, s;
    float least = 0.55f - 0.28f * scene->hard;
    float scale = clv_dice_between(dice, least, 0.66f);
    float squeeze = clv_dice_between(dice, 0.82f, 1.18f);
    float lean = clv_dice_between(dice, -0.22f, 0.22f) * scale;
    clv_dice_turn(dice, 0.55f, &c, &s);
    layer->shape = clv_shape_of_class(class_index);
    place_layer(scene, layer, scale * squeeze, scale, lean, c, s);
    float room = clamp(0.86f - scale, 0.05f, 0.5f);
    layer->cx = clv_dice_between(dice, -room, room);
    layer->cy = clv_dice_between(dice, -room, room);
    if (clv_dice_below(dice, 3) == 0) {
        layer->rim = clv_dice_between(dice, 0.02f, 0.07f);
        layer->rim_darken = clv_dice_between(dice, 0.2f, 0.8f);
    }
}

/* The object's own outline, moved, dark, soft and half transparent. */
static void paint_shadow(struct clv_scene *scene, const struct layer *object)
{
    struct clv_dice *dice = &scene->dice;
    struct layer shadow = *object;
    float dark = clv_dice_between(dice, 5.0f, 40.0f);
    shadow.paint = (struct paint){.base = {dark, dark, dark}};
    shadow.cx += clv_dice_between(dice, -0.08f, 0.08f);
    shadow.cy += clv_dice_between(dice, -0.08f, 0.08f);
    shadow.opacity = clv_dice_between(dice, 0.1f, 0.55f);
    shadow.soft = clv_dice_between(dice, 0.01f, 0.06f) * (float)scene->size;
    shadow.rim = -1.0f;
    paint_layer(scene, &shadow);
}

static void put_scrap(struct clv_scene *scene, float x, float y, float spread,
                      float largest)
{
    struct clv_dice *dice = &scene->dice;
    struct clv_shape scrap;
    struct layer layer;
    float c, s;
    clv_shape_make_scrap(&scrap, dice);
    float scale = clv_dice_between(dice, 0.05f, largest);
    float squeeze = clv_dice_between(dice, 0.6f, 1.5f);
    clv_dice_turn(dice, 5.0f, &c, &s);
    layer.shape = &scrap;
    place_layer(scene, &layer, scale * squeeze, scale, 0.0f, c, s);
    layer.cx = x + clv_dice_between(dice, -spread, spread);
    layer.cy = y + clv_dice_between(dice, -spread, spread);
    roll_paint(dice, &layer.paint, 50);
    if (clv_dice_below(dice, 4) == 0)
        layer.opacity = clv_dice_between(dice, 0.4f, 0.9f);
    paint_layer(scene, &layer);
}

static void put_scraps(struct clv_scene *scene, int count, float x, float y,
                       float spread, float largest)
{
    for (int i = 0; i < count; i++)
        put_scrap(scene, x, y, spread, largest);
}

/* --- camera ------------------------------------------------------------- */

/* Brighter to one side, darker towards the corners. */
static void light(struct clv_scene *scene)
{
    struct clv_dice *dice = &scene->dice;
    float bright = clv_dice_between(dice, 0.75f, 1.2f);
    float to_x = clv_dice_between(dice, -0.3f, 0.3f);
    float to_y = clv_dice_between(dice, -0.3f, 0.3f);
    float corner = clv_dice_between(dice, 0.0f, 0.25f);
    float step = 2.0f / (float)scene->size;
    float *out = scene->plane;
    for (int row = 0; row < scene->size; row++) {
        float y = ((float)row + 0.5f) * step - 1.0f;
        for (int col = 0; col < scene->size; col++) {
            float x = ((float)col + 0.5f) * step - 1.0f;
            float lamp = bright + to_x * x + to_y * y;
            lamp -= corner * (x * x + y * y);
            for (int c = 0; c < 3; c++)
                *out++ *= lamp;
        }
    }
}

/* One pass of the weights 1 2 1 along a line whose pixels are `step` apart. */
static void blur_line(float *line, int count, int step)
{
    float before[3] = {line[0], line[1], line[2]};
    for (int i = 0; i < count; i++) {
        float *here = line + i * step;
        const float *after = i + 1 < count ? here + step : here;
        for (int c = 0; c < 3; c++) {
            float old = here[c];
            here[c] = 0.25f * (before[c] + after[c]) + 0.5f * old;
            before[c] = old;
        }
    }
}

/* The same down the columns, a row at a time to go along memory. */
static void blur_down(float *plane, int size, float *before)
{
    int wide = size * 3;
    for (int i = 0; i < wide; i++)
        before[i] = plane[i];
    for (int row = 0; row < size; row++) {
        float *here = plane + row * wide;
        const float *after = row + 1 < size ? here + wide : here;
        for (int i = 0; i < wide; i++) {
            float old = here[i];
            here[i] = 0.25f * (before[i] + after[i]) + 0.5f * old;
            before[i] = old;
        }
    }
}

static void blur(struct clv_scene *scene, int passes)
{
    float before[CLV_SCENE_SIZE_MAX * 3];
    for (int pass = 0; pass < passes; pass++) {
        for (int row = 0; row < scene->size; row++)
            blur_line(scene->plane + row * scene->size * 3, scene->size, 3);
        blur_down(scene->plane, scene->size, before);
    }
}

/* Four bytes of one roll add up to nearly a normal variable; sigma in levels */
static void expose(struct clv_scene *scene, float sigma, uint8_t *rgb)
{
    int count = scene->size * scene->size * 3;
    float scale = sigma / 147.8f;
    for (int i = 0; i < count; i++) {
        uint32_t roll = clv_dice_roll(&scene->dice);
        int sum = (int)((roll & 255u) + ((roll >> 8) & 255u) +
                        ((roll >> 16) & 255u) + (roll >> 24));
        float level = scene->plane[i] + (float)(sum - 510) * scale;
        rgb[i] = (uint8_t)(clamp(level, 0.0f, 255.0f) + 0.5f);
    }
}

/* At least `low`, and how much more is up to the dice and the hardness. */
static int roll_count(struct clv_scene *scene, int low, int more)
{
    float count = (float)clv_dice_below(&scene->dice, more + 1);
    return low + (int)(count * scene->hard + 0.5f);
}

/* Blur and noise are set for 256 pixels a side and scaled to other sizes. */
void clv_scene_draw(struct clv_scene *scene, uint64_t seed, uint64_t index,
                    int class_index, int hard, uint8_t *rgb)
{
    struct clv_dice *dice = &scene->dice;
    struct paint ground;
    struct layer object;
    float relative = (float)scene->size * (1.0f / 256.0f);
    clv_dice_init(dice, seed, index);
    scene->hard = (float)hard * 0.01f;
    choose_paints(scene, &ground, &object.paint);
    scene->ground = ground.pattern;
    int behind = roll_count(scene, 1, 14);
    int in_front = roll_count(scene, 0, 4);
    int shadowed = clv_dice_below(dice, 2);
    int passes = roll_count(scene, 0, 6) * scene->size / 256;
    float sigma = clv_dice_between(dice, 1.0f, 2.0f + 16.0f * scene->hard);
    fill_field(scene);
    paint_ground(scene, &ground);
    put_scraps(scene, behind, 0.0f, 0.0f, 1.0f, 0.22f);
    put_object(scene, &object, class_index);
    if (shadowed)
        paint_shadow(scene, &object);
    paint_layer(scene, &object);
    put_scraps(scene, in_front, object.cx, object.cy, 0.40f, 0.24f);
    light(scene);
    blur(scene, passes);
    expose(scene, sigma * relative, rgb);
}

enum clv_ground clv_scene_ground(const struct clv_scene *scene)
{
    switch (scene->ground) {
    case STRIPES:
        return CLV_GROUND_STRIPES;
    case CHECKS:
        return CLV_GROUND_CHECKS;
    case DOTS:
        return CLV_GROUND_DOTS;
    default:
        return CLV_GROUND_PLAIN;
    }
}

const char *clv_ground_name(enum clv_ground ground)
{
    static const char *const names[CLV_GROUNDS] = {"plain", "stripes", "checks",
                                                   "dots"};

    return names[ground];
}
