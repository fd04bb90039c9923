/*
 * job.c - one task's work in a run of several.
 *
 * Turns are numbers; what they begin, and when, follows from them and from
 * the time since the part of the run began.
 */
#include "job.h"

#include "report.h"
#include "run/adaptive.h"
#include "taskwish.h"

cleave_status job_init(struct job *job, size_t index,
                       const struct settings *settings,
                       const struct clv_application *application,
                       cleave_error *err)
{
    cleave_status status;

    *job = (struct job){.task = &application->tasks[index], .index = index};
    pthread_mutex_init(&job->lock, NULL);
    status = taskwish_rate(settings, job->task, &job->rate, err);
    if (status == CLEAVE_OK) {
        status = taskwish_feed(settings, job->task, &job->feed, err);
    }
    if (status == CLEAVE_OK && job->task->labels != NULL) {
        status = clv_labels_read(job->task->labels, &job->labels, err);
    }
    return status;
}

void job_fini(struct job *job)
{
    if (job->task == NULL) {
        return;
    }
    clv_feed_fini(&job->feed);
    clv_labels_free(job->labels);
    pthread_mutex_destroy(&job->lock);
}

cleave_status job_open(struct job *job, cleave_runner *runner,
                       struct crowdlog *log, cleave_error *err)
{
    cleave_status status =
        clv_runner_count(runner, &job->feed, &job->names, err);

    job->runner = runner;
    job->log = log;
    if (status == CLEAVE_OK) {
        job->count = clv_source_count(job->names);
    }
    return status;
}

/* -- Turns -- */

void job_rewind(struct job *job)
{
    pthread_mutex_lock(&job->lock);
    job->next = 0;
    pthread_mutex_unlock(&job->lock);
}

/* The latest turn that is due, as far as a number can tell. */
static uint64_t turn_at(const struct job *job, int64_t elapsed_ns)
{
    double turn = (double)elapsed_ns / 1e9 * job->rate;

    return turn > 0 && turn < 9e15 ? (uint64_t)turn : 0;
}

int job_take(struct job *job, int is_once, int64_t elapsed_ns,
             uint64_t *ret_turn, int64_t *ret_due_ns, uint64_t *ret_missed)
{
    uint64_t turn;
    int is_there;

    pthread_mutex_lock(&job->lock);
    turn = job->next;
    *ret_missed = 0;
    if (job->rate > 0 && turn_at(job, elapsed_ns) > turn) {
        turn = turn_at(job, elapsed_ns);
        if (is_once && turn > job->count) {
            turn = job->count;
        }
        *ret_missed = turn - job->next;
    }
    is_there = !is_once || turn < job->count;
    job->next = turn + (uint64_t)is_there;
    pthread_mutex_unlock(&job->lock);
    *ret_turn = turn;
    *ret_due_ns = taskwish_due_ns(job->rate, turn);
    return is_there;
}

static int64_t class_of(const struct job *job, uint64_t sample)
{
    int64_t class_index = -1;

    if (job->labels == NULL ||
        clv_labels_find(job->labels, clv_source_file(job->names, sample),
                        clv_source_row(job->names, sample), &class_index,
                        NULL) != CLEAVE_OK) {
        return NO_LABEL;
    }
    return class_index;
}

void job_infer(struct job *job, uint64_t turn, enum crowdlog_part part)
{
    uint64_t sample = turn % job->count;
    char name[CLV_SOURCE_NAME];
    cleave_error error = CLEAVE_ERROR_INIT;
    cleave_result *result = NULL;

    (void)clv_runner_infer_sample(job->runner, &job->feed, sample, &result,
                                  &error);
    clv_source_name(job->names, sample, name);
    crowdlog_sample(job->log, job->index, part, name, result, &error,
                    class_of(job, sample));
    cleave_result_free(result);
}
