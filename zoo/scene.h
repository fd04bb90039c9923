/*
 * scene.h - one drawn picture, made to look a little like a photograph.
 *
 *     clv_scene_new -> clv_scene_draw, again and again -> clv_scene_free
 *
 * A picture is a function of (seed, index, class, hard, size) only: drawing
 * number 70 does not need numbers 0 to 69, and every machine draws the same
 * bytes.
 *
 * Thread rule: one scene belongs to one thread at a time; different scenes are
 * independent. clv_shapes_init() must have been called.
 */
#ifndef CLV_ZOO_SCENE_H
#define CLV_ZOO_SCENE_H

#include <stdint.h>

enum { CLV_SCENE_SIZE_MIN = 32, CLV_SCENE_SIZE_MAX = 1024 };

struct clv_scene;

/* NULL if there is no memory, or size is outside the bounds above. */
struct clv_scene *clv_scene_new(int size);
void clv_scene_free(struct clv_scene *scene);

/*
 * Draws into `rgb`, which holds size * size * 3 bytes, rows from the top.
 * `hard`, 0 to 100, is how small, hidden, noisy and pale the object may be.
 */
void clv_scene_draw(struct clv_scene *scene, uint64_t seed, uint64_t index,
                    int class_index, int hard, uint8_t *rgb);

/* What the ground of the picture drawn last is covered with. */
enum clv_ground {
    CLV_GROUND_PLAIN, /* one colour, one slowly turning into another, clouds */
    CLV_GROUND_STRIPES,
    CLV_GROUND_CHECKS,
    CLV_GROUND_DOTS,
    CLV_GROUNDS
};

enum clv_ground clv_scene_ground(const struct clv_scene *scene);
const char *clv_ground_name(enum clv_ground ground);

#endif
