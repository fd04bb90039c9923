/*
 * hush.h - keeping a library's known noise off standard error.
 *
 * Some distributions' ONNX Runtime (Debian 13's among them) registers ONNX's
 * operators twice and complains of it, a thousand lines, whenever its
 * environment is made; and where there is no Vulkan, trying WebGPU warns of it
 * besides failing. Between begin and end what the process writes to
 * standard error is caught in a file; at the end everything but that noise
 * is passed on. Process-wide: not for more than a moment, nor for two
 * threads at once.
 */
#ifndef CLV_HUSH_H
#define CLV_HUSH_H

#include <stdio.h>

struct clv_hush {
    int saved;  /* the true standard error, or -1: nothing is caught */
    FILE *said; /* what was caught */
};

void clv_hush_begin(struct clv_hush *hush);
void clv_hush_end(struct clv_hush *hush);

#endif
