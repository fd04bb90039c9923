/*
 * scarce_memory.h - allocations that fail when a test says so.
 *
 * Replaces the allocator's functions for the whole program, so it is included
 * by one source. scarce_begin(n) lets the n-th allocation from then on fail,
 * and that one only; scarce_end tells whether it came to that. What is
 * allocated and not freed is counted too. Sanitizers have an allocator of
 * their own: with them SCARCE_MEMORY is 0 and nothing is replaced.
 */
#ifndef SCARCE_MEMORY_H
#define SCARCE_MEMORY_H

#include <errno.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    !defined(__GLIBC__)
#define SCARCE_MEMORY 0
#else
#define SCARCE_MEMORY 1

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void free(void *memory);

static struct {
    long until; /* allocations until one fails, 0: none shall */
    long held;  /* allocated and not freed */
} scarce;

static void *scarce_count(void *memory)
{
    scarce.held += memory != NULL;
    return memory;
}

static int scarce_fails(void)
{
    if (scarce.until > 0 && --scarce.until == 0) {
        scarce.until = -1;
        errno = ENOMEM;
        return 1;
    }
    return 0;
}

void *malloc(size_t size)
{
    return scarce_fails() ? NULL : scarce_count(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return scarce_fails() ? NULL : scarce_count(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    void *memory = scarce_fails() ? NULL : __libc_realloc(old, size);

    return old == NULL ? scarce_count(memory) : memory;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return scarce_fails() ? NULL
                          : scarce_count(__libc_memalign(alignment, size));
}

void free(void *memory)
{
    scarce.held -= memory != NULL;
    __libc_free(memory);
}

/* Returns how many allocations are held. */
static inline long scarce_begin(long nth)
{
    scarce.until = nth;
    return scarce.held;
}

/* Returns 1 if an allocation was made to fail. */
static inline int scarce_end(long *ret_held)
{
    int failed = scarce.until < 0;

    scarce.until = 0;
    *ret_held = scarce.held;
    return failed;
}
#endif
#endif
