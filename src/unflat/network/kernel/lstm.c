/*
 * An LSTM layer over whole sequences, forward and backward, on the processor.
 *
 * The batch is split into shares, one for each thread, and a thread takes its share through all steps without waiting
 * for another: a sequence never needs to know of its neighbours. Only the gradients of the weights are added up at the
 * end, in the order of the shares. Weights are packed once for all steps; a step's products, activations and states
 * are computed together in registers; a step's gradients are used up while they are in the cache.
 *
 * The equations are those of unflat.network.recurrence.Recurrence; gates stand in torch's order i, f, g, o. Arrays are
 * float32, contiguous, time first.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#if !defined(__GNUC__)
#error "vectors are those of GCC and Clang"
#endif

#ifndef SOURCES
#define SOURCES 0
#endif

/* One pass over a batch. The caller owns all memory; the fields are those of unflat.network.kernel.library.Pass. */
struct pass {
    long batch, steps, features, units;
    long shares;     /* parts of the batch, each of which a thread takes through all steps */
    long threads;    /* how many take shares, each the next when it is free; no more than there are shares */
    long taped;      /* steps that the tape holds: all for a backward pass, or the last two */
    long kind;       /* place in `kinds` */
    long padded;     /* units with those that fill the last panel; set here */
    const float *x;  /* (steps, batch, features) */
    const float *weight_input, *weight_hidden, *bias_input, *bias_hidden; /* as torch has them */
    float *states;   /* (steps, batch, units) */
    float *memory;   /* (batch, units), after the last step */
    float *tape;     /* (taped, panels, batch, 5, lanes): gates and memory after each step */
    float *packed;   /* weights in the order of the products */
    const float *grad_states, *grad_memory; /* as states and memory, or null for zeros */
    float *grad_x;                          /* as x, or null */
    float *grad_weight_input, *grad_weight_hidden, *grad_bias;
    float *scratch;  /* of all shares */
};

/* Where the tape has a sequence's gates i, f, g, o and memory c of a step, in a panel of so many units. */
static inline long tape_place(const struct pass *p, long t, long b, long unit, long lanes)
{
    return (t % p->taped) * p->batch * 5 * p->padded + p->batch * 5 * unit + b * 5 * lanes;
}

/* What one share of a backward pass works in. */
struct scratch {
    float *bias, *weights; /* sums of the gradients: (4 * padded), (features + units, 4 * padded), in panels */
    float *gates;          /* gradients of a step's gates, (rows, pitch) */
    float *state, *memory; /* gradients of h and c after a step, (rows, padded) */
    long pitch;
};

struct kind {
    const char *name;
    long width;
    long (*padded)(long units);
    void (*pack_forward)(void *pass, long panel);
    void (*forward)(void *pass, long share);
    void (*pack_backward)(void *pass, long which);
    void (*backward)(void *pass, long share);
    void (*merge)(void *pass, long panel);
};

#define BLOCK 64               /* sequences whose gradients, of one step, fit into the cache together */
#define ALIGNED 16             /* floats of a line of the cache */
#define TANH_IS_ONE 7.90531110f /* in float32 tanh is 1 from here on */

static long rounded(long count)
{
    return (count + ALIGNED - 1) / ALIGNED * ALIGNED;
}

/* Rows an odd number of lines apart, so that they do not fight for the same places in the cache. */
static long pitch_of(const struct pass *p)
{
    const long lines = rounded(4 * p->padded) / ALIGNED;
    return (lines | 1) * ALIGNED;
}

static long scratch_size(const struct pass *p)
{
    const long sums = rounded((1 + p->features + p->units) * 4 * p->padded);
    return sums + BLOCK * (pitch_of(p) + 2 * rounded(p->padded));
}

static struct scratch scratch_of(const struct pass *p, long share)
{
    struct scratch s;
    s.pitch = pitch_of(p);
    s.bias = p->scratch + share * scratch_size(p);
    s.weights = s.bias + 4 * p->padded;
    s.gates = s.bias + rounded((1 + p->features + p->units) * 4 * p->padded);
    s.state = s.gates + BLOCK * s.pitch;
    s.memory = s.state + BLOCK * rounded(p->padded);
    return s;
}

#if defined(__x86_64__)
#define NAME(x) x##_avx512
#define KIND "AVX-512"
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#define WIDTH 16
#define HALF 8
#define ROWS_MOST 6
#define ROWS_SOME 2
#include "lstm_steps.h"

#define NAME(x) x##_avx2
#define KIND "AVX2"
#define TARGET __attribute__((target("avx2,fma")))
#define WIDTH 8
#define HALF 4
#define ROWS_MOST 3
#define ROWS_SOME 2
#include "lstm_steps.h"
#endif

#define NAME(x) x##_any
#define KIND "any"
#define TARGET
#define WIDTH 4
#define HALF 0
#if defined(__aarch64__)
#define ROWS_MOST 6
#else
#define ROWS_MOST 3
#endif
#define ROWS_SOME 2
#include "lstm_steps.h"

/* Kinds of processors, the fastest first. */
static const struct kind *const kinds[] = {
#if defined(__x86_64__)
    &kind_avx512,
    &kind_avx2,
#endif
    &kind_any,
};

/* Whether this processor is of a kind. */
static int supports(const struct kind *kind)
{
#if defined(__x86_64__)
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (kind == &kind_avx512)
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (kind == &kind_avx2)
        return avx2;
#endif
    return kind == &kind_any;
}

/* The name of a kind that this processor has, "" of one that it has not, and NULL beyond the last. */
const char *unflat_lstm_kind(long number)
{
    if (number < 0 || number >= (long)(sizeof kinds / sizeof *kinds))
        return NULL;
    return supports(kinds[number]) ? kinds[number]->name : "";
}

/* What the library was made from: to tell one that was made before its source was changed. */
unsigned long unflat_lstm_sources(void)
{
    return SOURCES;
}

/*
 * Numbers below 1e-38 as zeros: gradients fade away over many steps, and many processors are slow with them. Gives what
 * is to be put back.
 */
static unsigned flush_to_zero(void)
{
#if defined(__x86_64__)
    const unsigned before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040);
    return before;
#else
    return 0;
#endif
}

static void restore(unsigned before)
{
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(before);
#else
    (void)before;
#endif
}

/* Work of so many parts; whoever is free takes the next. */
struct work {
    void (*part)(void *job, long number);
    void *job;
    long count;
    atomic_long next;
};

static void take_parts(void *given)
{
    struct work *work = given;
    const unsigned before = flush_to_zero();
    long number;
    while ((number = atomic_fetch_add(&work->next, 1)) < work->count)
        work->part(work->job, number);
    restore(before);
}

static void *take_parts_in_thread(void *given)
{
    take_parts(given);
    return NULL;
}

#define THREADS_MOST 256

/* In a process that was forked off, OpenMP waits for threads that it has no longer: there, threads are made. */
static int forked;

static void note_fork(void)
{
    forked = 1;
}

__attribute__((constructor)) static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, note_fork);
}

/*
 * Do all parts on so many threads: those of torch where they can be had (on Linux its OpenMP is GCC's), since they
 * wait for work by turning in circles, on processors that other threads would have to share with them; otherwise on
 * threads made for it.
 */
static void share_out(void (*part)(void *, long), void *job, long count, long threads)
{
    typedef void (*parallel)(void (*)(void *), void *, unsigned, unsigned);
    struct work work = {part, job, count, 0};
    if (threads > count)
        threads = count;
    if (threads <= 1) {
        take_parts(&work);
        return;
    }
    parallel gomp = forked ? NULL : (parallel)dlsym(RTLD_DEFAULT, "GOMP_parallel");
    if (gomp) {
        gomp(take_parts, &work, (unsigned)threads, 0);
        return;
    }
    pthread_t made[THREADS_MOST];
    long started = 0;
    while (started < threads - 1 && started < THREADS_MOST &&
           !pthread_create(&made[started], NULL, take_parts_in_thread, &work))
        started++;
    take_parts(&work);
    while (started)
        pthread_join(made[--started], NULL);
}

/* Floats of a pass's tape, packed weights and scratch. */
void unflat_lstm_sizes(struct pass *p, long *sizes)
{
    const struct kind *kind = kinds[p->kind];
    p->padded = kind->padded(p->units);
    sizes[0] = p->taped * p->batch * 5 * p->padded;
    sizes[1] = 4 * p->padded * (1 + p->features + p->units);
    sizes[2] = 4 * p->padded * (p->padded + kind->padded(p->features));
    sizes[3] = p->shares * scratch_size(p);
}

void unflat_lstm_forward(struct pass *p)
{
    const struct kind *kind = kinds[p->kind];
    p->padded = kind->padded(p->units);
    share_out(kind->pack_forward, p, (p->padded + kind->width - 1) / kind->width, p->threads);
    share_out(kind->forward, p, p->shares, p->threads);
}

void unflat_lstm_backward(struct pass *p)
{
    const struct kind *kind = kinds[p->kind];
    p->padded = kind->padded(p->units);
    share_out(kind->pack_backward, p, p->grad_x ? 2 : 1, p->threads);
    share_out(kind->backward, p, p->shares, p->threads);
    share_out(kind->merge, p, (p->padded + kind->width - 1) / kind->width, p->threads);
}
