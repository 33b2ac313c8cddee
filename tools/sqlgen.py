#!/usr/bin/env python3
"""Makes C constants from named SQL statements and from migrations.

One statement is one block of a file `<family>.sql`:

    -- name: message_insert
    -- Any further comment lines before the SQL are documentation.
    -- param: client uuid, now time
    -- rows: id uuid, key text
    -- returns: uuid, text, int?
    INSERT INTO ...;

`:name` is a scalar parameter, `@rows` the batch (always under the alias r). A block of the same name in
`<family>.postgres.sql` or `<family>.sqlite.sql` replaces that engine's text and must declare the same param,
rows and returns; a name that has no common text must be in both. `?` behind a returned type: may be NULL.
What is wrong is reported as file:line, all problems at once, and nothing is written.
"""

import argparse
import os
import re
import sys

TYPES = {
    "uuid": ("u", "uuid"),
    "text": ("t", "text"),
    "int": ("i", "bigint"),
    "time": ("m", "timestamptz"),
    "bool": ("b", "boolean"),
    "json": ("j", "jsonb"),
    "bytes": ("x", "bytea"),
    "double": ("d", "double precision"),
}
ENGINES = ("sqlite", "postgres")
MAX_PARAMS = 64
MAX_COLUMNS = 48  # of a batch: the virtual table has so many
MAX_RETURNS = 64
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
DIRECTIVE = re.compile(r"--\s*(name|param|rows|returns):(.*)\Z")
NEAR_DIRECTIVE = re.compile(r"--\s*(names|params|row|return|parameters?|batch|results?)\s*:", re.I)
# What the scanner must step over or act on; anything else is copied.
TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<string>[eE]?'(?:[^']|'')*')"
    r"|(?P<ident>\"(?:[^\"]|\"\")*\")"
    r"|(?P<dollar>\$(?P<tag>[a-z_]*)\$.*?\$(?P=tag)\$)"
    r"|(?P<cast>::)"
    r"|(?P<param>:[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<batch>@[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<bare>\$[0-9]+|\?[0-9]*)"
    r"|(?P<open>['\"]|/\*)"
    r"|(?P<end>;)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_$]*)",
    re.S,
)
WRITES = re.compile(
    r"\b(INSERT|DELETE|MERGE)\b|\bUPDATE\b|\bREPLACE\s+INTO\b|\bFOR\s+(NO\s+KEY\s+UPDATE|SHARE|KEY\s+SHARE)\b", re.I
)


class Problems:
    def __init__(self):
        self.lines = []

    def add(self, place, text):
        line = "%s:%d: %s" % (place[0], place[1], text)
        if line not in self.lines:  # a common text is looked at once for each engine
            self.lines.append(line)


class Block:
    """One statement for one engine (or for both), as written."""

    def __init__(self, name, engine, place):
        self.name = name
        self.engine = engine  # None: common text
        self.place = place
        self.declared = {"param": [], "rows": [], "returns": []}
        self.body = []
        self.body_line = 0
        self.used = set()
        self.sql = {}


def parse_items(kind, text, place, problems):
    """`a uuid, b text?` -> [(name, type, nullable)]"""
    text = re.sub(r"\s\([^)]*\)\s*\Z", "", text).strip()
    items = []
    if not text:
        problems.add(place, "`-- %s:` declares nothing" % kind)
    for item in text.split(",") if text else []:
        words = item.split()
        if kind == "returns" and len(words) == 1:
            words = ["", words[0]]
        if len(words) != 2 or (words[0] and not NAME.match(words[0])):
            problems.add(place, "`%s` is not `%s`" % (item.strip(), "type" if kind == "returns" else "name type"))
            continue
        nullable = words[1].endswith("?")
        type_name = words[1].rstrip("?")
        if type_name not in TYPES:
            problems.add(place, "unknown type `%s` (known: %s)" % (type_name, " ".join(TYPES)))
            continue
        items.append((words[0], type_name, nullable if kind == "returns" else False))
    return items


def parse_file(path, shown, engine, problems):
    blocks = []
    block = None
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for number, line in enumerate(lines, 1):
        place = (shown, number)
        stripped = line.strip()
        found = DIRECTIVE.match(stripped)
        if found and found.group(1) == "name":
            name = found.group(2).strip()
            if not NAME.match(name):
                problems.add(place, "`%s` is not a name (a-z, 0-9, _)" % name)
            block = Block(name, engine, place)
            blocks.append(block)
        elif block is None:
            if stripped and not stripped.startswith("--"):
                problems.add(place, "SQL before the first `-- name:`")
        elif not block.body and stripped.startswith("--"):
            if found:
                kind = found.group(1)
                block.declared[kind] += parse_items(kind, found.group(2), place, problems)
            elif NEAR_DIRECTIVE.match(stripped):
                problems.add(place, "`%s` is not one of name, param, rows, returns" % stripped.split(":")[0])
        elif stripped or block.body:
            if found:
                problems.add(place, "`-- %s:` must stand before the SQL" % found.group(1))
            if not block.body:
                block.body_line = number
            block.body.append(line)
    return blocks


def check_declared(block, problems):
    for kind, limit in (("param", MAX_PARAMS), ("rows", MAX_COLUMNS), ("returns", MAX_RETURNS)):
        items = block.declared[kind]
        if len(items) > limit:
            problems.add(block.place, "%s: more than %d in `%s`" % (block.name, limit, kind))
        names = [i[0] for i in items if i[0]]
        for name in sorted({n for n in names if names.count(n) > 1}):
            problems.add(block.place, "%s: `%s` is declared twice in `%s`" % (block.name, name, kind))


def expand_rows(block, engine):
    columns = block.declared["rows"]
    first = len(block.declared["param"]) + 1
    if engine == "sqlite":
        names = ", ".join("c%d AS %s" % (i, c[0]) for i, c in enumerate(columns))
        return "(SELECT %s FROM recado_rows(?%d)) AS r" % (names, first)
    arrays = ", ".join("$%d::%s[]" % (first + i, TYPES[c[1]][1]) for i, c in enumerate(columns))
    return "unnest(%s) AS r(%s)" % (arrays, ", ".join(c[0] for c in columns))


def translate(block, engine, problems):
    """The text for one engine. Comments go, white space is folded, parameters are numbered."""
    text = "\n".join(block.body)
    numbers = {p[0]: i for i, p in enumerate(block.declared["param"], 1)}
    out = []
    at = 0
    ended = False

    def fail(message):
        line = block.body_line + text.count("\n", 0, at)
        problems.add((block.place[0], line), "%s: %s" % (block.name, message))

    for m in TOKEN.finditer(text):
        gap = text[at : m.start()]
        at = m.start()
        if ended and (gap.strip() or m.lastgroup not in ("comment", "tag")):
            fail("only one statement a name")
            break
        out.append(gap)
        at = m.end()
        token = m.group()
        if m.group("comment"):
            out.append(" ")
        elif m.group("end"):
            ended = True
        elif m.group("open"):
            fail("%s is never closed" % token)
        elif m.group("bare"):
            fail("write `:name`, not `%s`" % token)
        elif m.group("dollar") and engine == "sqlite":
            fail("SQLite knows no $$ strings")
        elif m.group("cast") and engine == "sqlite":
            fail("SQLite knows no `::`; use CAST(... AS ...) or a .postgres.sql override")
        elif m.group("param"):
            name = token[1:]
            if name not in numbers:
                fail("`%s` is not declared in `-- param:`" % token)
            else:
                block.used.add(name)
                out.append("%s%d" % ("?" if engine == "sqlite" else "$", numbers[name]))
        elif m.group("batch"):
            rest = text[m.end() :].lstrip()
            if token != "@rows":
                fail("`%s`: the only batch is @rows" % token)
            elif not block.declared["rows"]:
                fail("@rows without `-- rows:`")
            elif re.match(r"(AS\b|r\b(?!\s*\.))", rest, re.I):
                fail("@rows is always aliased r; write no alias")
            else:
                block.used.add("@rows")
                out.append(expand_rows(block, engine))
        else:
            out.append(token)
    tail = text[at:]
    if ended and tail.strip():
        fail("only one statement a name")
    else:
        out.append(tail)
    return fold_space("".join(out))


def fold_space(sql):
    """White space outside quotes becomes one blank."""
    parts = re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$([a-z_]*)\$.*?\$\2\$)", sql, flags=re.S)
    kept = []
    for i, part in enumerate(parts):
        if i % 3 == 0:
            kept.append(re.sub(r"\s+", " ", part))
        elif i % 3 == 1:
            kept.append(part)
    return "".join(kept).strip()


def without_literals(sql):
    return re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$([a-z_]*)\$.*?\$\1\$", " ", sql, flags=re.S)


def gives_rows_at_top(sql):
    """Looks only outside parentheses: what stands in a subquery or a CTE gives its rows to the statement."""
    top = without_literals(sql)
    before = None
    while before != top:
        before, top = top, re.sub(r"\([^()]*\)", " ", top)
    if re.search(r"\bRETURNING\b", top, re.I):
        return True
    top = re.sub(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b", " ", top, flags=re.I)
    return not re.search(r"\b(INSERT|UPDATE|DELETE|MERGE|REPLACE\s+INTO)\b", top, re.I)


class Query:
    def __init__(self, block, sql):
        self.name = block.name
        self.place = block.place
        self.sql = sql
        letter = lambda items: "".join(TYPES[i[1]][0] for i in items)
        self.params = letter(block.declared["param"])
        self.rows = letter(block.declared["rows"])
        self.returns = letter(block.declared["returns"])
        self.nullable = sum(1 << i for i, r in enumerate(block.declared["returns"]) if r[2])
        self.writes = any(WRITES.search(without_literals(s)) for s in sql.values())
        self.comment = "; ".join(
            "%s: %s" % (kind, ", ".join((i[0] + " " + i[1]).strip() + ("?" if i[2] else "") for i in items))
            for kind, items in block.declared.items()
            if items
        )


def combine(name, found, problems):
    """One query from the common text and the overrides of one name."""
    common = found.get(None)
    missing = [e for e in ENGINES if e not in found]
    first = common or found[[e for e in ENGINES if e in found][0]]
    if common is None and missing:
        problems.add(first.place, "%s: no text for %s" % (name, missing[0]))
        return None
    if common is not None and not missing:
        problems.add(common.place, "%s: both engines override it, so the common text is never used" % name)
    used = set()
    sql = {}
    for engine in ENGINES:
        block = found.get(engine, common)
        if block.declared != first.declared:
            problems.add(block.place, "%s: param, rows and returns differ from %s:%d" % ((name,) + first.place))
            return None
        if not block.body or not "".join(block.body).strip():
            problems.add(block.place, "%s: no SQL" % name)
            return None
        sql[engine] = translate(block, engine, problems)
        used |= block.used
    for item in first.declared["param"]:
        if item[0] not in used:
            problems.add(first.place, "%s: parameter `:%s` is declared but not used" % (name, item[0]))
    if first.declared["rows"] and "@rows" not in used:
        problems.add(first.place, "%s: `-- rows:` is declared but @rows is not used" % name)
    query = Query(first, sql)
    gives_rows = {e: gives_rows_at_top(s) for e, s in sql.items()}
    if gives_rows["sqlite"] != gives_rows["postgres"]:
        problems.add(first.place, "%s: gives rows on one engine only" % name)
    if gives_rows["postgres"] and not query.returns:
        problems.add(first.place, "%s: gives rows, but has no `-- returns:`" % name)
    if query.returns and not gives_rows["postgres"]:
        problems.add(first.place, "%s: has `-- returns:`, but gives no rows" % name)
    return query


def read_queries(directory, problems):
    by_name = {}
    files = sorted(f for f in os.listdir(directory) if f.endswith(".sql")) if os.path.isdir(directory) else []
    paths = [os.path.join(directory, f) for f in files]
    for path, name in zip(paths, files):
        parts = name[: -len(".sql")].split(".")
        engine = parts[1] if len(parts) == 2 else None
        shown = os.path.relpath(path)
        if len(parts) > 2 or (engine is not None and engine not in ENGINES):
            problems.add((shown, 1), "the name must be <family>.sql or <family>.{sqlite,postgres}.sql")
            continue
        for block in parse_file(path, shown, engine, problems):
            check_declared(block, problems)
            found = by_name.setdefault(block.name, {})
            if engine in found:
                problems.add(block.place, "%s: also defined at %s:%d" % ((block.name,) + found[engine].place))
            found[engine] = block
    queries = [combine(n, by_name[n], problems) for n in sorted(by_name)]
    return [q for q in queries if q is not None], paths


def read_migrations(directory, problems):
    found = {}
    paths = []
    files = sorted(f for f in os.listdir(directory) if f.endswith(".sql")) if os.path.isdir(directory) else []
    for name in files:
        path = os.path.join(directory, name)
        paths.append(path)
        place = (os.path.relpath(path), 1)
        m = re.match(r"([0-9]{4})_([a-z0-9_]+)\.(sqlite|postgres)\.sql\Z", name)
        if not m:
            problems.add(place, "the name must be NNNN_name.{sqlite,postgres}.sql")
            continue
        entry = found.setdefault(int(m.group(1)), {"name": m.group(2), "place": place})
        if entry["name"] != m.group(2):
            problems.add(place, "version %s has two names: %s and %s" % (m.group(1), entry["name"], m.group(2)))
        with open(path, encoding="utf-8") as f:
            entry[m.group(3)] = f.read()
        if re.search(r"(?im)^\s*(BEGIN|COMMIT|ROLLBACK)\s*(TRANSACTION|IMMEDIATE|WORK)?\s*;", entry[m.group(3)]):
            problems.add(place, "a migration is one transaction already: no BEGIN, COMMIT or ROLLBACK")
    migrations = []
    for i, version in enumerate(sorted(found), 1):
        entry = found[version]
        if version != i:
            problems.add(entry["place"], "version %d follows %d: no gaps" % (version, i - 1))
            break
        for engine in ENGINES:
            if engine not in entry:
                problems.add(entry["place"], "no file for %s" % engine)
                entry[engine] = ""
        migrations.append((version, entry))
    return migrations, paths


def c_string(text, indent):
    """A C literal, one line of source for each line of text, long lines cut."""
    out = []
    for line in text.splitlines(keepends=True) or [""]:
        raw = line.encode("utf-8")
        for i in range(0, max(len(raw), 1), 80):
            piece = raw[i : i + 80]
            out.append('"%s"' % "".join(c_char(b) for b in piece))
    return ("\n" + indent).join(out)


def c_char(b):
    if b in (0x22, 0x5C):
        return "\\" + chr(b)
    if b == 0x0A:
        return "\\n"
    return chr(b) if 0x20 <= b < 0x7F else "\\%03o" % b


def header_text(queries, prefix, guard):
    out = ["/* Made by tools/sqlgen.py. Do not edit. */", "#ifndef " + guard, "#define " + guard, ""]
    out += ['#include "store/db.h"', ""]
    for q in queries:
        if q.comment:
            out.append("/* %s */" % q.comment)
        out.append("extern const struct query %s_%s;" % (prefix, q.name))
    name, count = table_names(prefix)
    out += ["", "/* Every query, by id; ends with NULL. */", "extern const struct query *const %s[];" % name]
    out += ["#define %s %d" % (count, len(queries)), "", "#endif", ""]
    return "\n".join(out)


def table_names(prefix):
    return ("query_all", "QUERY_COUNT") if prefix == "q" else (prefix + "_all", prefix.upper() + "_COUNT")


def source_text(queries, prefix, header):
    out = ["/* Made by tools/sqlgen.py. Do not edit. */", '#include "%s"' % os.path.basename(header), ""]
    for i, q in enumerate(queries):
        out.append("/* %s:%d */" % (os.path.basename(q.place[0]), q.place[1]))
        out.append("const struct query %s_%s = {" % (prefix, q.name))
        out.append('\t.name = "%s",' % q.name)
        for engine in ENGINES:
            out.append("\t.%s = %s," % (engine, c_string(q.sql[engine], "\t\t")))
        out.append('\t.params = "%s",' % q.params)
        out.append("\t.rows = %s," % ('"%s"' % q.rows if q.rows else "NULL"))
        out.append('\t.returns = "%s",' % q.returns)
        out.append("\t.nullable = UINT64_C(0x%x)," % q.nullable)
        out.append("\t.id = %d," % i)
        out.append("\t.writes = %s," % ("true" if q.writes else "false"))
        out += ["};", ""]
    out.append("const struct query *const %s[] = {" % table_names(prefix)[0])
    out += ["\t&%s_%s," % (prefix, q.name) for q in queries]
    out += ["\tNULL,", "};", ""]
    return "\n".join(out)


def migrations_text(migrations, symbol):
    out = ["/* Made by tools/sqlgen.py. Do not edit. */", '#include "store/migrate.h"', ""]
    if symbol != "migrations":
        out += ["extern const struct migration %s[];" % symbol, ""]
    out.append("const struct migration %s[] = {" % symbol)
    for version, entry in migrations:
        out.append("\t{")
        out.append('\t\t.version = %d,\n\t\t.name = "%s",' % (version, entry["name"]))
        for engine in ENGINES:
            out.append("\t\t.%s = %s," % (engine, c_string(entry[engine], "\t\t\t")))
        out.append("\t},")
    out += ["\t{ .version = 0 },", "};", ""]
    return "\n".join(out)


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def main():
    arg = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arg.add_argument("--queries", help="directory of the statements")
    arg.add_argument("--prefix", default="q", help="constants are PREFIX_name (default q)")
    arg.add_argument("--source", help="queries.c")
    arg.add_argument("--header", help="queries.h")
    arg.add_argument("--migrate", help="directory of the migrations")
    arg.add_argument("--migrations", help="migrations.c")
    arg.add_argument("--symbol", default="migrations", help="name of the migrations' array")
    arg.add_argument("--depfile")
    args = arg.parse_args()
    problems = Problems()
    outputs = {}
    inputs = []
    if args.queries:
        queries, paths = read_queries(args.queries, problems)
        inputs += [args.queries] + paths
        guard = re.sub(r"[^A-Z0-9]", "_", "RECADO_" + os.path.basename(args.header).upper())
        outputs[args.source] = source_text(queries, args.prefix, args.header)
        outputs[args.header] = header_text(queries, args.prefix, guard)
    if args.migrate:
        migrations, paths = read_migrations(args.migrate, problems)
        inputs += [args.migrate] + paths
        outputs[args.migrations] = migrations_text(migrations, args.symbol)
    if problems.lines:
        sys.stderr.write("\n".join(problems.lines) + "\n")
        return 1
    for path, text in outputs.items():
        write(path, text)
    if args.depfile:
        quote = lambda p: p.replace(" ", "\\ ")
        write(args.depfile, "%s: %s\n" % (" ".join(map(quote, outputs)), " ".join(map(quote, inputs))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
