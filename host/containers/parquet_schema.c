/* The columns of a parquet file from its schema, which is a tree written depth first. */
#include "host/base/memory.h"
#include "host/containers/parquet_file.h"

#include <stdlib.h>
#include <string.h>

#define MAXIMUM_DEPTH 32
#define MAXIMUM_NAME 1024 /* of a column, with those around it */

enum { REQUIRED = 0, OPTIONAL = 1, REPEATED = 2 };
enum { CONVERTED_LIST = 3, LOGICAL_LIST = 3 };

struct walk {
    const struct parquet_element *elements;
    size_t count;
    size_t at;
    struct parquet_file *file;
    size_t capacity;
    struct text name; /* of the current element, with those around it */
};

/* Levels and names around an element. */
struct around {
    uint16_t definition;
    uint16_t repetition;
    uint16_t list_definition;
    int unnamed; /* so many levels of a list have no name of their own */
    int depth;
};

/* ---- meanings ---- */

struct meaning {
    int number;
    enum parquet_meaning meaning;
    const char *name;
};

static const struct meaning converted[] = {
    {0, PARQUET_STRING, NULL},       {4, PARQUET_STRING, NULL},    {5, PARQUET_OTHER, "decimals"},
    {6, PARQUET_OTHER, "dates"},     {7, PARQUET_OTHER, "times"},  {8, PARQUET_OTHER, "times"},
    {9, PARQUET_OTHER, "times"},     {10, PARQUET_OTHER, "times"}, {11, PARQUET_UNSIGNED, NULL},
    {12, PARQUET_UNSIGNED, NULL},    {13, PARQUET_UNSIGNED, NULL}, {14, PARQUET_UNSIGNED, NULL},
    {15, PARQUET_INTEGER, NULL},     {16, PARQUET_INTEGER, NULL},  {17, PARQUET_INTEGER, NULL},
    {18, PARQUET_INTEGER, NULL},     {19, PARQUET_STRING, NULL},   {20, PARQUET_OTHER, "BSON"},
    {21, PARQUET_OTHER, "intervals"}};

static const struct meaning logical[] = {
    {1, PARQUET_STRING, NULL},       {4, PARQUET_STRING, NULL},     {5, PARQUET_OTHER, "decimals"},
    {6, PARQUET_OTHER, "dates"},     {7, PARQUET_OTHER, "times"},   {8, PARQUET_OTHER, "times"},
    {10, PARQUET_INTEGER, NULL},     {11, PARQUET_PLAIN, NULL},     {12, PARQUET_STRING, NULL},
    {13, PARQUET_OTHER, "BSON"},     {14, PARQUET_OTHER, "UUIDs"},  {15, PARQUET_OTHER, "halves"},
    {16, PARQUET_OTHER, "variants"}, {17, PARQUET_OTHER, "shapes"}, {18, PARQUET_OTHER, "shapes"}};

static const struct meaning *find_meaning(const struct meaning *table, size_t count, int number) {
    for (size_t i = 0; i < count; i++)
        if (table[i].number == number) return &table[i];
    return NULL;
}

static void take_meaning(const struct parquet_element *element, struct parquet_column *column) {
    const struct meaning *found = NULL;
    if (element->logical >= 0)
        found = find_meaning(logical, sizeof logical / sizeof *logical, element->logical);
    if (found == NULL && element->converted >= 0)
        found = find_meaning(converted, sizeof converted / sizeof *converted, element->converted);
    if (found == NULL) return;
    column->meaning = found->meaning;
    column->meaning_name = found->name;
    if (found->meaning == PARQUET_INTEGER && element->is_unsigned)
        column->meaning = PARQUET_UNSIGNED;
}

/* ---- the tree ---- */

static enum error_code add_column(struct walk *walk, const struct parquet_element *element,
                                  const struct around *around, struct error *error) {
    struct parquet_file *file = walk->file;
    TRY(memory_grow(&file->columns, &walk->capacity, file->column_count + 1, sizeof *file->columns,
                    "columns", error));
    struct parquet_column *column = &file->columns[file->column_count];
    *column = (struct parquet_column){.type = (enum parquet_type)element->type,
                                      .definition = around->definition,
                                      .repetition = around->repetition,
                                      .list_definition = around->list_definition};
    if (element->type > PARQUET_FIXED) return PARQUET_DAMAGED(error, "a column of no known type");
    if (element->type == PARQUET_FIXED) {
        if (element->fixed_size <= 0 || element->fixed_size > INT32_MAX)
            return PARQUET_DAMAGED(error, "a column whose values have no size");
        column->fixed_size = (uint32_t)element->fixed_size;
    }
    take_meaning(element, column);
    TRY(text_check(&walk->name, error));
    column->name = memory_string(walk->name.data == NULL ? "" : walk->name.data, error);
    if (column->name != NULL) file->column_count++;
    return error->code;
}

static bool is_list(const struct parquet_element *element) {
    return element->logical == LOGICAL_LIST || element->converted == CONVERTED_LIST;
}

/* Appends the name of an element, unless it is one that lists only need for their form. */
static enum error_code add_name(struct walk *walk, const struct parquet_element *element,
                                const struct around *around, struct error *error) {
    if (around->unnamed > 0) return ERROR_NONE;
    if (walk->name.length + element->name_size > MAXIMUM_NAME ||
        memchr(element->name, '\0', element->name_size) != NULL)
        return PARQUET_DAMAGED(error, "a column whose name is no name");
    if (walk->name.length > 0) text_string(&walk->name, ".");
    text_append(&walk->name, element->name, element->name_size);
    return ERROR_NONE;
}

/* How many levels inside this element have no name: a list has a repeated group with one element,
 * older ones only something repeated. */
static int unnamed_inside(const struct parquet_element *element, const struct around *around) {
    if (around->unnamed < 2) return is_list(element) ? 2 : 0;
    return element->children == 1 ? 1 : 0;
}

static enum error_code visit(struct walk *walk, const struct around *around, struct error *error) {
    if (walk->at == walk->count || around->depth > MAXIMUM_DEPTH)
        return PARQUET_DAMAGED(error, "its schema is not complete");
    const struct parquet_element *element = &walk->elements[walk->at++];
    const size_t name = walk->name.length;
    struct around own = *around;
    own.depth++;
    if (element->repetition != REQUIRED) own.definition++;
    if (element->repetition == REPEATED) {
        own.repetition++;
        if (own.list_definition == 0) own.list_definition = own.definition;
    }
    TRY(add_name(walk, element, around, error));
    own.unnamed = unnamed_inside(element, around);
    if (element->type >= 0) TRY(add_column(walk, element, &own, error));
    for (int64_t i = 0; i < element->children && element->type < 0; i++)
        TRY(visit(walk, &own, error));
    walk->name.length = name;
    if (walk->name.data != NULL) walk->name.data[name] = '\0';
    return ERROR_NONE;
}

enum error_code parquet_schema(const struct parquet_element *elements, size_t count,
                               struct parquet_file *file, struct error *error) {
    struct walk walk = {.elements = elements, .count = count, .at = 1, .file = file};
    const struct around outside = {0};
    int64_t children = count == 0 || elements[0].type >= 0 ? 0 : elements[0].children;
    for (int64_t i = 0; i < children && error->code == ERROR_NONE; i++)
        visit(&walk, &outside, error);
    text_free(&walk.name);
    TRY(error->code);
    if (walk.at != count) return PARQUET_DAMAGED(error, "its schema has more than its columns");
    if (file->column_count == 0) return FAIL(error, ERROR_DATA, "it has no columns");
    return ERROR_NONE;
}
