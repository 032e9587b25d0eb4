#include "host/cluster/jobs.h"

#include "host/base/shell_word.h"

#include <stdlib.h>
#include <string.h>

void job_words_add(struct job_words *words, const char *word) {
    text_append(&words->bytes, word, strlen(word) + 1);
    words->count++;
}

void job_words_split(struct job_words *words, const char *string) {
    for (string += strspn(string, " "); *string != '\0'; string += strspn(string, " ")) {
        size_t length = strcspn(string, " ");
        text_append(&words->bytes, string, length);
        text_append(&words->bytes, "", 1);
        words->count++;
        string += length;
    }
}

const char *job_words_next(const struct job_words *words, const char *word) {
    if (words->count == 0 || words->bytes.failed) return NULL;
    const char *next = word == NULL ? words->bytes.data : word + strlen(word) + 1;
    return next < words->bytes.data + words->bytes.length ? next : NULL;
}

void job_words_shell(const struct job_words *words, struct text *text) {
    if (words->bytes.failed) text->failed = true;
    for (const char *word = NULL; (word = job_words_next(words, word)) != NULL;) {
        text_string(text, " ");
        shell_word(text, word);
    }
}

void job_words_free(struct job_words *words) {
    text_free(&words->bytes);
    words->count = 0;
}

void jobs_free(struct jobs *jobs) {
    job_words_free(&jobs->program);
    job_words_free(&jobs->embed);
    job_words_free(&jobs->audit);
    free(jobs->state);
    free(jobs->metrics);
}

bool job_memory_is_size(const char *value) {
    size_t digits = strspn(value, "0123456789");
    return digits > 0 && digits < 10 && value[0] != '0' && value[digits] != '\0' &&
           strchr("KMGT", value[digits]) != NULL && value[digits + 1] == '\0';
}
