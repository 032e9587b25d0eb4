/* The manifests of an Indexed Job, one index for each shard, and of the reducer, which is created
 * suspended: Kubernetes has no dependencies between jobs. */
#include "host/base/utf8.h"
#include "host/base/version.h"
#include "host/cluster/jobs.h"

#include <stdio.h>
#include <string.h>

#define NAME_LIMIT 50 /* "-embed-99999" follows, in 63 characters of a pod's host name */

/* What the two jobs do not share. */
struct manifest {
    const char *stage;
    const struct job_words *options;
    int tasks;          /* 0: a plain job */
    const char *policy; /* rules of podFailurePolicy */
};

static const char embed_policy[] =
    "    # 75: stopped by TERM, everything safe. It is started again, and not counted.\n"
    "    - {action: Ignore, onExitCodes: {containerName: earmark, operator: In, values: [75]}}\n"
    "    - {action: Ignore, onPodConditions: [{type: DisruptionTarget}]}\n"
    "    # 2: options that no shard can be made with.\n"
    "    - {action: FailJob, onExitCodes: {containerName: earmark, operator: In, values: [2]}}\n";

static const char audit_policy[] =
    "    - {action: Ignore, onExitCodes: {containerName: earmark, operator: In, values: [75]}}\n"
    "    - {action: Ignore, onPodConditions: [{type: DisruptionTarget}]}\n"
    "    # 3: done, but clips could not be read; 4: issues, with --fail-on-issues. Once is "
    "enough.\n"
    "    - {action: FailJob, onExitCodes: {containerName: earmark, operator: In, values: [2, 3, "
    "4]}}\n";

static bool is_utf8(const char *string) {
    for (size_t length; *string != '\0'; string += length)
        if ((length = utf8_length(string)) == 0) return false;
    return true;
}

/* Of a double-quoted scalar. In a command `$` is doubled, since Kubernetes replaces $(NAME). */
static void characters(struct text *text, const char *string, bool in_command) {
    for (size_t length; *string != '\0'; string += length) {
        length = utf8_length(string);
        if (length == 0) length = 1; /* refused before */
        uint32_t point = utf8_point(string, length);
        if (*string == '"' || *string == '\\')
            text_format(text, "\\%c", *string);
        else if (*string == '$' && in_command)
            text_string(text, "$$");
        else if (utf8_is_hidden(point))
            text_format(text, "\\U%08x", point);
        else
            text_append(text, string, length);
    }
}

static void scalar(struct text *text, const char *string, bool in_command) {
    text_string(text, "\"");
    characters(text, string, in_command);
    text_string(text, "\"");
}

static void word(struct text *text, const char *string) {
    text_string(text, "        - ");
    scalar(text, string, true);
    text_string(text, "\n");
}

static void words(struct text *text, const struct job_words *list) {
    for (const char *each = NULL; (each = job_words_next(list, each)) != NULL;) word(text, each);
}

static enum error_code check_volume(const char *volume, struct error *error) {
    const char *path = strrchr(volume, ':');
    size_t source = path == NULL ? 0 : (size_t)(path - volume);
    if (source > 0 && path[1] == '/' && memchr(volume, ':', source) == NULL) return ERROR_NONE;
    return FAIL(error, ERROR_USAGE,
                "--volume %s: give CLAIM:/PATH, a volume claim and where the pods see it, or "
                "/FOLDER:/PATH, a folder of every node",
                volume);
}

static enum error_code check_words(const struct job_words *list, struct error *error) {
    for (const char *each = NULL; (each = job_words_next(list, each)) != NULL;)
        if (!is_utf8(each))
            return FAIL(error, ERROR_USAGE,
                        "%s: is not UTF-8, and YAML has only that; give names in UTF-8", each);
    return ERROR_NONE;
}

static enum error_code check(const struct jobs *jobs, struct error *error) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const struct job_settings *settings = jobs->settings;
    const char *name = settings->name;
    size_t length = strlen(name);
    if (length == 0 || length > NAME_LIMIT || name[strspn(name, letters)] != '\0' ||
        strchr("-0123456789", name[0]) != NULL || name[length - 1] == '-')
        return FAIL(error, ERROR_USAGE,
                    "--name %s: give at most %d lower-case letters, digits and dashes, a letter "
                    "first and no dash last",
                    name, NAME_LIMIT);
    if (settings->memory != NULL && !job_memory_is_size(settings->memory))
        return FAIL(error, ERROR_USAGE, "--mem %s: give a size such as 16G", settings->memory);
    for (size_t i = 0; i < JOB_REPEATS && settings->volumes[i] != NULL; i++)
        TRY(check_volume(settings->volumes[i], error));
    struct job_words all = {.bytes = TEXT_INITIAL};
    job_words_add(&all, jobs->input);
    job_words_add(&all, jobs->out);
    job_words_add(&all, settings->image);
    if (jobs->metrics != NULL) job_words_add(&all, jobs->metrics);
    for (size_t i = 0; i < JOB_REPEATS && settings->volumes[i] != NULL; i++)
        job_words_add(&all, settings->volumes[i]);
    check_words(&all, error);
    job_words_free(&all);
    TRY(check_words(&jobs->program, error));
    TRY(check_words(&jobs->embed, error));
    return check_words(&jobs->audit, error);
}

/* What a task asks for; memory and GPUs are limits, too. */
static void resources(struct text *text, const struct job_settings *settings) {
    if (settings->cpus == 0 && settings->gpus == 0 && settings->memory == NULL) return;
    text_string(text, "        resources:\n");
    if (settings->cpus > 0 || settings->memory != NULL) text_string(text, "          requests:\n");
    if (settings->cpus > 0) text_format(text, "            cpu: %d\n", settings->cpus);
    if (settings->memory != NULL) text_format(text, "            memory: %si\n", settings->memory);
    if (settings->gpus > 0 || settings->memory != NULL) text_string(text, "          limits:\n");
    if (settings->memory != NULL) text_format(text, "            memory: %si\n", settings->memory);
    if (settings->gpus > 0) text_format(text, "            nvidia.com/gpu: %d\n", settings->gpus);
}

static void volumes(struct text *text, const struct job_settings *settings, bool mounts) {
    for (size_t i = 0; i < JOB_REPEATS && settings->volumes[i] != NULL; i++) {
        const char *volume = settings->volumes[i], *path = strrchr(volume, ':') + 1;
        struct text source = TEXT_INITIAL;
        text_append(&source, volume, (size_t)(path - 1 - volume));
        if (i == 0) text_string(text, mounts ? "        volumeMounts:\n" : "      volumes:\n");
        text_format(text, "%s- name: volume-%zu\n", mounts ? "        " : "      ", i);
        if (source.failed) {
            text->failed = true;
        } else if (mounts) {
            text_string(text, "          mountPath: ");
            scalar(text, path, false);
            text_string(text, "\n");
        } else {
            text_string(text, volume[0] == '/' ? "        hostPath: {path: "
                                               : "        persistentVolumeClaim: {claimName: ");
            scalar(text, source.data, false);
            text_string(text, "}\n");
        }
        text_free(&source);
    }
}

static void container(struct text *text, const struct jobs *jobs, const struct manifest *job) {
    text_string(text, "      containers:\n"
                      "      - name: earmark\n"
                      "        image: ");
    scalar(text, jobs->settings->image, false);
    text_string(text, "\n        command:\n");
    words(text, &jobs->program);
    word(text, job->stage);
    word(text, jobs->input);
    word(text, "-o");
    word(text, jobs->out);
    if (job->tasks > 0) word(text, "--shard");
    word(text, job->tasks > 0 ? "env" : "--from-shards");
    words(text, job->options);
    if (jobs->settings->cpus > 0 && !jobs->own_threads) {
        char number[16];
        snprintf(number, sizeof number, "%d", jobs->settings->cpus);
        word(text, "--threads");
        word(text, number);
    }
    if (job->tasks > 0 && jobs->metrics != NULL) {
        word(text, "--metrics");
        text_string(text, "        - \"");
        characters(text, jobs->metrics, true);
        text_string(text, "-$(JOB_COMPLETION_INDEX).prom\"\n");
    }
    if (job->tasks > 0)
        text_format(text,
                    "        env:\n"
                    "        - {name: EARMARK_SHARDS, value: \"%d\"}\n",
                    job->tasks);
    resources(text, jobs->settings);
    volumes(text, jobs->settings, true);
    volumes(text, jobs->settings, false);
}

static void manifest(struct text *text, const struct jobs *jobs, const struct manifest *job) {
    const struct job_settings *settings = jobs->settings;
    text_format(text,
                "apiVersion: batch/v1\n"
                "kind: Job\n"
                "metadata:\n"
                "  name: %s-%s\n"
                "spec:\n",
                settings->name, job->stage);
    if (job->tasks > 0)
        text_format(text,
                    "  completionMode: Indexed\n"
                    "  completions: %d\n"
                    "  parallelism: %d\n"
                    "  backoffLimitPerIndex: 3\n",
                    job->tasks,
                    settings->max_running > 0 && settings->max_running < job->tasks
                        ? settings->max_running
                        : job->tasks);
    else
        text_string(text, "  suspend: true\n"
                          "  backoffLimit: 3\n");
    text_format(text,
                "  podFailurePolicy:\n"
                "    rules:\n"
                "%s"
                "  template:\n"
                "    spec:\n"
                "      restartPolicy: Never\n"
                "      terminationGracePeriodSeconds: 60\n",
                job->policy);
    container(text, jobs, job);
}

enum error_code jobs_kubernetes(const struct jobs *jobs, struct text *text, struct error *error) {
    const char *name = jobs->settings->name;
    const struct manifest embed = {"embed", &jobs->embed, jobs->settings->tasks, embed_policy};
    const struct manifest audit = {"audit", &jobs->audit, 0, audit_policy};
    TRY(check(jobs, error));
    text_format(
        text,
        "# Made by earmark " EARMARK_VERSION
        ", for Kubernetes 1.29 or later: kubectl apply -f FILE. The second job is suspended; this\n"
        "# starts it when the first has ended (it names the shards that are missing, if any):\n"
        "#   until kubectl get job %s-embed -o 'jsonpath={.status.conditions[*].type}' |\n"
        "#       grep -qwE 'Complete|Failed'; do sleep 30; done\n"
        "#   kubectl patch job %s-audit -p '{\"spec\":{\"suspend\":false}}'\n",
        name, name);
    manifest(text, jobs, &embed);
    text_string(text, "---\n");
    manifest(text, jobs, &audit);
    return text_check(text, error);
}
