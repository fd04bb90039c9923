/*
 * hush.c - keeping a library's known noise off standard error.
 *
 * If there is no room for the file, nothing is caught and the noise is heard.
 */
#include "engine/hush.h"

#include <string.h>
#include <unistd.h>

static const char *const noise[] = {
    "Schema error: ", "Warning: Couldn't load Vulkan",
    "    at operator() (/build/", /* the line that follows it */
};

static int is_noise(const char *line)
{
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++) {
        if (strncmp(line, noise[i], strlen(noise[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

void clv_hush_begin(struct clv_hush *hush)
{
    hush->saved = -1;
    hush->said = tmpfile();
    if (hush->said == NULL) {
        return;
    }
    fflush(stderr);
    hush->saved = dup(STDERR_FILENO);
    if (hush->saved >= 0 && dup2(fileno(hush->said), STDERR_FILENO) < 0) {
        close(hush->saved);
        hush->saved = -1;
    }
}

static void pass_on(FILE *said)
{
    char line[1024];
    int after_noise = 0;

    rewind(said);
    while (fgets(line, sizeof line, said) != NULL) {
        int noisy = is_noise(line);
        int is_gap = after_noise && line[0] == '\n'; /* one follows each */
        if (!noisy && !is_gap) {
            fputs(line, stderr);
        }
        after_noise = noisy;
    }
    fflush(stderr);
}

void clv_hush_end(struct clv_hush *hush)
{
    if (hush->saved >= 0) {
        dup2(hush->saved, STDERR_FILENO);
        close(hush->saved);
        pass_on(hush->said);
    }
    if (hush->said != NULL) {
        fclose(hush->said);
    }
}
