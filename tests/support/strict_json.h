/* JSON as RFC 8259 has it, and lone surrogates as Python reads them (surrogateescape):
 * what earmark writes is read with this, not with its own reader. */
#ifndef EARMARK_TEST_STRICT_JSON_H
#define EARMARK_TEST_STRICT_JSON_H

/* The test fails unless `text` is one JSON object, and a member of that name in it a
 * string. Returns the string's bytes, to be freed. */
char *strict_json_string(const char *text, const char *name);

#endif
