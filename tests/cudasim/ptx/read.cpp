/* Reads the text of a module as nvcc writes it: kernels and declarations of shared memory.
 * Anything else ends the test. A kernel's statements are decoded when it is launched first. */
#include "ptx.h"

#include <cxxabi.h>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <stdlib.h>
#include <unistd.h>

struct source {
    struct ptx_kernel kernel;
    std::vector<struct ptx_statement> parameters, shared;
    std::string body;
    int line;
    bool decoded;
};
static std::map<std::string, std::unique_ptr<struct source>> sources; /* by the kernel's name */

/* What is read, and how far. */
struct reader {
    std::string path, text;
    size_t at;
    int line;
    std::vector<struct ptx_statement> shared;
};

std::string ptx_trim(const std::string &text) {
    const size_t first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
    return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

/* Up to one of the characters, which is taken, too. */
static std::string take(struct reader *reader, const char *ends) {
    const size_t end = reader->text.find_first_of(ends, reader->at);
    if (end == std::string::npos)
        cudasim_fail("ptx: %s:%d: no %s follows", reader->path.c_str(), reader->line, ends);
    const std::string taken = reader->text.substr(reader->at, end - reader->at);
    for (size_t i = reader->at; i <= end; i++) reader->line += reader->text[i] == '\n';
    reader->at = end + 1;
    return ptx_trim(taken);
}

static void skip_space(struct reader *reader) {
    for (; reader->at < reader->text.size() && isspace((unsigned char)reader->text[reader->at]);
         reader->at++)
        reader->line += reader->text[reader->at] == '\n';
}

/* Without comments, which end with their line in what nvcc writes. */
static std::string read_text(const char *path) {
    std::ifstream file(path);
    std::string line, text;
    if (!file) cudasim_fail("ptx: %s cannot be read", path);
    while (std::getline(file, line)) text += line.substr(0, line.find("//")) + "\n";
    return text;
}

/* ---- names, as the simulator's launch has them ---- */

static void replace(std::string *name, const std::string &before, const std::string &after) {
    for (size_t at; (at = name->find(before)) != std::string::npos;)
        name->replace(at, before.size(), after);
}

static std::string plain_name(std::string name) {
    replace(&name, "short unsigned int", "unsigned short");
    replace(&name, "long unsigned int", "unsigned long");
    return name;
}

static std::string demangle(const std::string &symbol) {
    int status;
    char *words = abi::__cxa_demangle(symbol.c_str(), NULL, NULL, &status);
    std::string name = words != NULL ? words : symbol;
    free(words);
    name = name.substr(0, name.find('('));
    return plain_name(name.rfind("void ", 0) == 0 ? name.substr(5) : name);
}

/* ---- kernels ---- */

/* To the brace that ends the body. */
static std::string take_body(struct reader *reader) {
    const size_t begin = reader->at;
    int depth = 1;
    for (; reader->at < reader->text.size() && depth > 0; reader->at++) {
        const char c = reader->text[reader->at];
        depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        reader->line += c == '\n';
    }
    if (depth != 0) cudasim_fail("ptx: %s: a kernel does not end", reader->path.c_str());
    return reader->text.substr(begin, reader->at - 1 - begin);
}

static void read_parameters(struct reader *reader, struct source *source) {
    const int line = reader->line;
    std::istringstream list(take(reader, ")"));
    std::string text;
    while (std::getline(list, text, ',')) source->parameters.push_back({ptx_trim(text), line});
}

/* .maxntid 256, 1, 1 and what the assembler is told besides */
static void read_directives(struct reader *reader, struct source *source) {
    std::istringstream words(take(reader, "{"));
    std::string word;
    while (words >> word) {
        if (word == ".maxntid" || word == ".reqntid")
            words >> source->kernel.threads_limit;
        else if (word[0] == '.' && word != ".minnctapersm")
            cudasim_fail("ptx: %s:%d: unknown: %s", reader->path.c_str(), reader->line,
                         word.c_str());
    }
}

static void read_kernel(struct reader *reader) {
    std::unique_ptr<struct source> source(new struct source());
    const std::string head = take(reader, "(");
    const size_t space = head.find_last_of(" \t");
    source->kernel.file = reader->path;
    source->kernel.name = demangle(head.substr(space + 1));
    read_parameters(reader, source.get());
    read_directives(reader, source.get());
    source->line = reader->line;
    source->body = take_body(reader);
    source->shared = reader->shared;
    const std::string name = source->kernel.name;
    if (!sources.emplace(name, std::move(source)).second)
        cudasim_fail("ptx: %s: there are two kernels %s", reader->path.c_str(), name.c_str());
}

void ptx_read(const char *path) {
    struct reader reader = {path, read_text(path), 0, 1, {}};
    for (skip_space(&reader); reader.at < reader.text.size(); skip_space(&reader)) {
        const size_t end = reader.text.find('\n', reader.at);
        const std::string line = reader.text.substr(reader.at, end - reader.at);
        const std::string word = line.substr(0, line.find_first_of(" \t"));
        if (word == ".version" || word == ".target" || word == ".address_size")
            take(&reader, "\n");
        else if (word == ".shared" || line.rfind(".extern .shared", 0) == 0)
            reader.shared.push_back({take(&reader, ";"), reader.line});
        else if (line.find(".entry") != std::string::npos)
            read_kernel(&reader);
        else
            cudasim_fail("ptx: %s:%d: unknown: %s", path, reader.line, line.c_str());
    }
}

/* ---- statements ---- */

/* Labels keep their colon. A brace where a statement could begin opens or closes a scope, in which
 * registers of the same name and type are declared again: it may be left out. */
static std::vector<struct ptx_statement> split_body(const struct source *source) {
    std::vector<struct ptx_statement> statements;
    std::string pending;
    int line = source->line, first = line;
    for (const char c : source->body) {
        if (ptx_trim(pending).empty()) {
            pending.clear();
            first = line;
        }
        line += c == '\n';
        if (pending.empty() && (c == '{' || c == '}')) continue;
        if (c == ';' || (c == ':' && pending[0] == '$')) {
            if (c == ':') pending += c;
            if (!pending.empty()) statements.push_back({ptx_trim(pending), first});
            pending.clear();
        } else {
            pending += c == '\n' ? ' ' : c;
        }
    }
    if (!ptx_trim(pending).empty())
        cudasim_fail("ptx: %s:%d: unknown: %s", source->kernel.file.c_str(), first,
                     pending.c_str());
    return statements;
}

static const struct ptx_kernel *decode(struct source *source) {
    if (!source->decoded)
        ptx_decode(&source->kernel, source->parameters, source->shared, split_body(source));
    source->decoded = true;
    return &source->kernel;
}

const struct ptx_kernel *ptx_find(const char *name) {
    const auto found = sources.find(plain_name(name));
    if (found == sources.end()) cudasim_fail("ptx: there is no kernel %s", name);
    return decode(found->second.get());
}

void ptx_decode_all(void) {
    for (const auto &[name, source] : sources) decode(source.get());
}

/* In one piece, since other processes may append to the file. */
void ptx_write_executed(const char *path) {
    std::ostringstream lines;
    for (const auto &[name, source] : sources) {
        const struct ptx_kernel *kernel = &source->kernel;
        for (size_t i = 0; i < kernel->code.size(); i++)
            lines << kernel->code[i].executed << "\t" << kernel->file << ":"
                  << kernel->texts[i].line << "\t" << name << "\t" << kernel->texts[i].text << "\n";
    }
    const std::string all = lines.str();
    const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0 || write(file, all.data(), all.size()) != (ssize_t)all.size())
        cudasim_fail("ptx: %s cannot be written", path);
    close(file);
}
