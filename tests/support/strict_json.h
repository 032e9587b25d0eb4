/* A strict reader of JSON by RFC 8259, with lone surrogates as in Python (surrogateescape), for
 * the files that earmark writes; independent of earmark's reader. */
#ifndef EARMARK_TEST_STRICT_JSON_H
#define EARMARK_TEST_STRICT_JSON_H

/* Fails the test unless `text` is one JSON object whose member of that name is a string.
 * Returns the string's bytes, to be freed. */
char *strict_json_string(const char *text, const char *name);

#endif
