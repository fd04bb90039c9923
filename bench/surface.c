/*
 * surface.c - the points of a sweep, written for programs and for eyes.
 */
#include "bench/surface.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "bench/stage.h"

#define COLUMNS 4

void surface_init(struct surface *s, const struct clv_policy *policies,
                  size_t count)
{
    s->policies = policies;
    s->policy_count = count;
    s->points = json_array();
}

void surface_fini(struct surface *s)
{
    json_decref(s->points);
}

/* How many times better ours is than the best of the others. */
static double best_ratio(const struct surface *s,
                         const struct surface_point *point)
{
    double least = INFINITY;

    for (size_t i = 1; i < s->policy_count; i++) {
        least = fmin(least, point->is_latency
                                ? point->values[i] / point->values[0]
                                : point->values[0] / point->values[i]);
    }
    return least;
}

void surface_add(struct surface *s, const struct surface_point *point,
                 const struct clv_space *space)
{
    json_t *row = json_pack("{s:s, s:s, s:f, s:f, s:f}", "network",
                            point->network, "mode", point->mode, "slowdown",
                            point->slowdown, "up_mbps", point->up_bps / 1e6,
                            "over_best_baseline", best_ratio(s, point));
    json_t *policies = json_object();

    for (size_t i = 0; i < s->policy_count; i++) {
        char design[CLV_DESIGN_TEXT];
        double value =
            point->is_latency ? point->values[i] / 1e6 : point->values[i];
        json_object_set_new(
            policies, s->policies[i].name,
            json_pack("{s:f, s:s}",
                      point->is_latency ? "latency_ms" : "throughput_per_s",
                      value, "design",
                      clv_design_text(space, point->candidates[i], design)));
    }
    json_object_set_new(row, "policies", policies);
    json_array_append_new(s->points, row);
}

/* -- The plot -- */

static const char *text_of(json_t *point, const char *key)
{
    return json_string_value(json_object_get(point, key));
}

static double number_of(json_t *point, const char *key)
{
    return json_number_value(json_object_get(point, key));
}

static int is_same_panel(json_t *a, json_t *b)
{
    return strcmp(text_of(a, "network"), text_of(b, "network")) == 0 &&
           strcmp(text_of(a, "mode"), text_of(b, "mode")) == 0;
}

static size_t count_panels(const struct surface *s)
{
    size_t panels = 0;

    for (size_t i = 0; i < json_array_size(s->points); i++) {
        panels += i == 0 || !is_same_panel(json_array_get(s->points, i),
                                           json_array_get(s->points, i - 1));
    }
    return panels;
}

/* A panel from point `from` on; gives the point behind it. */
static size_t draw_panel(const struct surface *s, FILE *out, size_t from)
{
    json_t *first = json_array_get(s->points, from);
    double slowdown = number_of(first, "slowdown");
    size_t i;

    fprintf(out, "set title '%s, %s' noenhanced\n", text_of(first, "network"),
            text_of(first, "mode"));
    fprintf(out, "plot '-' using (log10($1)):(log10($2)):($3) with image "
                 "pixels notitle, "
                 "'-' using (log10($1)):(log10($2)):(sprintf('%%.2g',$3)) "
                 "with labels font ',8' notitle\n");
    for (int pass = 0; pass < 2; pass++) {
        for (i = from; i < json_array_size(s->points); i++) {
            json_t *point = json_array_get(s->points, i);
            if (!is_same_panel(first, point)) {
                break;
            }
            if (number_of(point, "slowdown") > slowdown) {
                slowdown = number_of(point, "slowdown");
            }
            fprintf(out, "%g %g %g\n", number_of(point, "up_mbps"),
                    number_of(point, "slowdown"),
                    number_of(point, "over_best_baseline"));
        }
        fprintf(out, "e\n");
    }
    return i;
}

static void draw(const struct surface *s, const char *path)
{
    size_t panels = count_panels(s);
    size_t rows = (panels + COLUMNS - 1) / COLUMNS;
    FILE *out = popen("gnuplot 2>/dev/null", "w");

    if (out == NULL || panels == 0) {
        return;
    }
    fprintf(out,
            "set terminal svg size %d,%zu background '#ffffff'\n"
            "set output '%s'\n"
            "set multiplot layout %zu,%d title 'cleave over the best "
            "baseline'\n"
            "set xlabel 'uplink, Mbit/s'\nset ylabel 'device slow-down'\n"
            "set xtics ('0.2' -0.7, '1.6' 0.2, '12.4' 1.09, '200' 2.3)\n"
            "set ytics ('1' 0, '5' 0.7, '20' 1.3, '80' 1.9)\n"
            "set palette defined (0 '#d55e00', 1 '#ffffff', 2 '#009e73', "
            "5 '#0072b2')\nset cbrange [0:5]\nunset key\n",
            COLUMNS * 380, rows * 300, path, rows, COLUMNS);
    for (size_t i = 0; i < json_array_size(s->points);) {
        i = draw_panel(s, out, i);
    }
    (void)pclose(out);
}

void surface_write(const struct surface *s)
{
    char folder[CLV_PATH_MAX];
    char path[CLV_PATH_MAX + 16];

    stage_cache(folder);
    *strrchr(folder, '/') = '\0';
    snprintf(path, sizeof path, "%s/sweep.json", folder);
    stage_must(json_dump_file(s->points, path,
                              JSON_COMPACT | JSON_REAL_PRECISION(5)) == 0
                   ? CLEAVE_OK
                   : CLEAVE_IO,
               NULL, path);
    printf("the surface is in %s\n", path);
    snprintf(path, sizeof path, "%s/sweep.svg", folder);
    draw(s, path);
}
