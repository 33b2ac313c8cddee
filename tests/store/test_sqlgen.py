#!/usr/bin/env python3
"""Planted faults for tools/sqlgen.py (its path is the argument): each must be reported at its line, and nothing written."""

import os
import subprocess
import sys
import tempfile
import unittest

SQLGEN = sys.argv.pop(1) if len(sys.argv) > 1 else "tools/sqlgen.py"
GOOD = "-- name: good\n-- param: a text\n-- returns: text\nSELECT :a;\n"

# files, what must be in the report
QUERY_FAULTS = {
    "an undeclared parameter": ({"a.sql": "-- name: q\n-- returns: int\nSELECT\n  :no;\n"}, "a.sql:4: q: `:no` is not declared"),
    "an unused parameter": ({"a.sql": "-- name: q\n-- param: a int\n-- returns: int\nSELECT 1;\n"}, "a.sql:1: q: parameter `:a` is declared but not used"),
    "unused rows": ({"a.sql": "-- name: q\n-- rows: a int\n-- returns: int\nSELECT 1;\n"}, "a.sql:1: q: `-- rows:` is declared but @rows is not used"),
    "rows without columns": ({"a.sql": "-- name: q\n-- returns: int\nSELECT r.a FROM @rows;\n"}, "a.sql:3: q: @rows without"),
    "another batch": ({"a.sql": "-- name: q\n-- rows: a int\n-- returns: int\nSELECT r.a FROM @row;\n"}, "a.sql:4: q: `@row`: the only batch"),
    "an alias of the batch": ({"a.sql": "-- name: q\n-- rows: a int\n-- returns: int\nSELECT x.a FROM @rows AS x;\n"}, "a.sql:4: q: @rows is always aliased r"),
    "an unknown type": ({"a.sql": "-- name: q\n-- param: a integer\n-- returns: int\nSELECT :a;\n"}, "a.sql:2: unknown type `integer`"),
    "a parameter without type": ({"a.sql": "-- name: q\n-- param: a\n-- returns: int\nSELECT :a;\n"}, "a.sql:2: `a` is not `name type`"),
    "an empty declaration": ({"a.sql": "-- name: q\n-- param:\n-- returns: int\nSELECT 1;\n"}, "a.sql:2: `-- param:` declares nothing"),
    "a parameter declared twice": ({"a.sql": "-- name: q\n-- param: a int, a text\n-- returns: int\nSELECT :a;\n"}, "a.sql:1: q: `a` is declared twice in `param`"),
    "a misspelt directive": ({"a.sql": "-- name: q\n-- params: a int\n-- returns: int\nSELECT 1;\n"}, "a.sql:2: `-- params` is not one of"),
    "a directive in the SQL": ({"a.sql": "-- name: q\n-- returns: int\nSELECT 1\n-- param: a int\n;\n"}, "a.sql:4: `-- param:` must stand before"),
    "a bad name": ({"a.sql": "-- name: Q-1\n-- returns: int\nSELECT 1;\n"}, "a.sql:1: `Q-1` is not a name"),
    "a name twice": ({"a.sql": GOOD, "b.sql": GOOD}, "b.sql:1: good: also defined at"),
    "SQL without a name": ({"a.sql": "\nSELECT 1;\n"}, "a.sql:2: SQL before the first"),
    "a name without SQL": ({"a.sql": "-- name: q\n-- returns: int\n"}, "a.sql:1: q: no SQL"),
    "two statements": ({"a.sql": "-- name: q\nDELETE FROM a;\nDELETE FROM b;\n"}, "q: only one statement a name"),
    "two statements, the second short": ({"a.sql": "-- name: q\nDELETE FROM a; 1\n"}, "a.sql:2: q: only one statement a name"),
    "no returns for a SELECT": ({"a.sql": "-- name: q\nSELECT 1;\n"}, "a.sql:1: q: gives rows, but has no"),
    "no returns for RETURNING": ({"a.sql": "-- name: q\nDELETE FROM a RETURNING id;\n"}, "a.sql:1: q: gives rows, but has no"),
    "returns without rows": ({"a.sql": "-- name: q\n-- returns: int\nDELETE FROM a WHERE b IN (SELECT 1);\n"}, "a.sql:1: q: has `-- returns:`, but gives no rows"),
    "a cast that SQLite does not know": ({"a.sql": "-- name: q\n-- returns: int\nSELECT 1::bigint;\n"}, "a.sql:3: q: SQLite knows no `::`"),
    "a bare parameter": ({"a.sql": "-- name: q\n-- returns: int\nSELECT $1;\n"}, "a.sql:3: q: write `:name`, not `$1`"),
    "a bare question mark": ({"a.sql": "-- name: q\n-- returns: int\nSELECT ?;\n"}, "a.sql:3: q: write `:name`, not `?`"),
    "an open literal": ({"a.sql": "-- name: q\n-- returns: text\nSELECT 'abc;\n"}, "a.sql:3: q: ' is never closed"),
    "an override with other parameters": ({"a.sql": GOOD, "a.postgres.sql": GOOD.replace("a text", "a int")}, "a.postgres.sql:1: good: param, rows and returns differ"),
    "an override with other results": ({"a.sql": GOOD, "a.sqlite.sql": GOOD.replace("returns: text", "returns: text?")}, "a.sqlite.sql:1: good: param, rows and returns differ"),
    "an override in one engine only": ({"a.postgres.sql": GOOD}, "a.postgres.sql:1: good: no text for sqlite"),
    "a common text that nobody uses": ({"a.sql": GOOD, "a.postgres.sql": GOOD, "a.sqlite.sql": GOOD}, "a.sql:1: good: both engines override it"),
    "a file of an unknown engine": ({"a.mysql.sql": GOOD}, "a.mysql.sql:1: the name must be"),
    "too many columns": ({"a.sql": "-- name: q\n-- rows: " + ", ".join("c%d int" % i for i in range(49)) + "\n-- returns: int\nSELECT r.c1 FROM @rows;\n"}, "a.sql:1: q: more than 48 in `rows`"),
}
MIGRATION_FAULTS = {
    "a missing engine": ({"0001_a.sqlite.sql": "x"}, "0001_a.sqlite.sql:1: no file for postgres"),
    "a gap": ({"0001_a.sqlite.sql": "x", "0001_a.postgres.sql": "x", "0003_b.sqlite.sql": "x", "0003_b.postgres.sql": "x"}, "version 3 follows 1: no gaps"),
    "two names": ({"0001_a.sqlite.sql": "x", "0001_b.postgres.sql": "x"}, "version 0001 has two names"),
    "a bad name": ({"1_a.sql": "x"}, "1_a.sql:1: the name must be NNNN_name"),
    "a transaction": ({"0001_a.sqlite.sql": "BEGIN;\nx;", "0001_a.postgres.sql": "x"}, "0001_a.sqlite.sql:1: a migration is one transaction"),
}


def run(files, kind):
    with tempfile.TemporaryDirectory() as top:
        source = os.path.join(top, "in")
        os.mkdir(source)
        for name, text in files.items():
            with open(os.path.join(source, name), "w", encoding="utf-8") as f:
                f.write(text)
        out = [os.path.join(top, n) for n in ("out.c", "out.h")]
        if kind == "queries":
            words = ["--queries", source, "--source", out[0], "--header", out[1]]
        else:
            words = ["--migrate", source, "--migrations", out[0]]
        done = subprocess.run([sys.executable, SQLGEN, *words, "--depfile", out[0] + ".d"],
                              stderr=subprocess.PIPE, text=True, check=False)
        written = ""
        for path in out:
            if os.path.exists(path):
                with open(path, encoding="utf-8") as f:
                    written += f.read()
        return done.returncode, done.stderr, written


class Sqlgen(unittest.TestCase):
    def literal(self, text, written):
        """The text, wherever the literals were cut."""
        joined = "".join(line.strip().strip(",").strip('"') for line in written.split("\n"))
        self.assertIn(text, joined.replace('= "', "="))

    def test_names_become_constants_and_parameters_numbers(self):
        code, err, written = run({"a.sql": GOOD}, "queries")
        self.assertEqual((code, err), (0, ""))
        self.assertIn('.sqlite = "SELECT ?1"', written)
        self.assertIn('.postgres = "SELECT $1"', written)
        self.assertIn("extern const struct query q_good;", written)
        self.assertIn("#define QUERY_COUNT 1", written)

    def test_a_batch_comes_after_the_parameters(self):
        text = "-- name: q\n-- param: a int, b text\n-- rows: id uuid, at time\n-- returns: uuid\n" \
               "SELECT r.id FROM @rows WHERE :b = :b AND :a = 1;\n"
        code, _, written = run({"a.sql": text}, "queries")
        self.assertEqual(code, 0)
        self.literal("unnest($3::uuid[], $4::timestamptz[]) AS r(id, at) WHERE $2 = $2 AND $1 = 1", written)
        self.literal("(SELECT c0 AS id, c1 AS at FROM recado_rows(?3)) AS r WHERE ?2 = ?2", written)

    def test_literals_and_comments_are_left_alone(self):
        text = "-- name: q\n-- returns: text\nSELECT ':a  @rows; $1' || \":b\" -- :c ;\n /* :d */ FROM t;\n-- :e of the next\n"
        code, err, written = run({"a.sql": text}, "queries")
        self.assertEqual((code, err), (0, ""))
        self.literal("SELECT ':a  @rows; $1' || \\\":b\\\" FROM t", written)

    def test_an_override_replaces_one_engine(self):
        code, _, written = run({"a.sql": GOOD, "a.postgres.sql": GOOD.replace(":a", ":a::text")}, "queries")
        self.assertEqual(code, 0)
        self.assertIn('"SELECT ?1"', written)
        self.assertIn('"SELECT $1::text"', written)

    def test_a_parameter_may_serve_one_engine_only(self):
        other = GOOD.replace(":a", "'x'")
        self.assertEqual(run({"a.sql": GOOD, "a.postgres.sql": other}, "queries")[0], 0)

    def test_writes_are_found(self):
        for sql, returns, writes in (
            ("INSERT INTO t VALUES (1)", "", True), ("UPDATE t SET a = 1", "", True), ("DELETE FROM t", "", True),
            ("SELECT a FROM t FOR UPDATE", "int", True), ("SELECT a FROM t FOR NO KEY UPDATE", "int", True),
            ("WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x", "int", True),
            ("SELECT replace(a, 'INSERT', 'b'), updated_at FROM t", "text, time", False),
            ("SELECT 'DELETE FROM t'", "text", False),
        ):
            head = "-- name: q\n" + ("-- returns: %s\n" % returns if returns else "")
            code, err, written = run({"a.sql": head + sql}, "queries")
            self.assertEqual((code, err), (0, ""), sql)
            self.assertIn(".writes = %s" % str(writes).lower(), written, sql)

    def test_nullable_columns_are_marked(self):
        text = "-- name: q\n-- returns: id uuid, int?, at time? (when it was)\nSELECT id, n, at FROM t\n"
        _, err, written = run({"a.sql": text}, "queries")
        self.assertEqual(err, "")
        self.assertIn('.returns = "uim"', written)
        self.assertIn(".nullable = UINT64_C(0x6)", written)

    def test_no_files_give_empty_tables(self):
        code, _, written = run({}, "queries")
        self.assertEqual(code, 0)
        self.assertIn("#define QUERY_COUNT 0", written)
        self.assertEqual(run({}, "migrations")[0], 0)

    def test_migrations_are_in_order_and_whole(self):
        files = {"0002_b.sqlite.sql": "b;", "0002_b.postgres.sql": 'B "x\\y";\nC;\n',
                 "0001_a.sqlite.sql": "a;", "0001_a.postgres.sql": "A;"}
        code, err, written = run(files, "migrations")
        self.assertEqual((code, err), (0, ""))
        self.assertLess(written.index('"a"'), written.index('"b"'))
        self.literal('B \\"x\\\\y\\";\\nC;\\n', written)

    def test_all_problems_are_told_at_once(self):
        _, err, _ = run({"a.sql": "-- name: q\nSELECT :a, :b;\n"}, "queries")
        self.assertEqual(len([line for line in err.splitlines() if "not declared" in line and ":a" in line]), 1, err)
        self.assertIn("`:b`", err)


def add_fault(name, kind, files, expected):
    def test(self):
        code, err, written = run(files, kind)
        self.assertEqual(code, 1, err)
        self.assertIn(expected, err)
        self.assertEqual(written, "")

    setattr(Sqlgen, "test_%s: %s is reported" % (kind, name), test)


for fault, (fault_files, report) in QUERY_FAULTS.items():
    add_fault(fault, "queries", fault_files, report)
for fault, (fault_files, report) in MIGRATION_FAULTS.items():
    add_fault(fault, "migrations", fault_files, report)

if __name__ == "__main__":
    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(Sqlgen))
    failed = len(result.failures) + len(result.errors)
    print("checks: %d passed, %d failed" % (result.testsRun - failed, failed))
    sys.exit(1 if failed or not result.testsRun else 0)
