#!/usr/bin/env python3
"""Every gate must catch a planted fault: each test plants one in a small tree of
its own and wants the tool to refuse it, after having wanted a clean tree accepted."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / "tools"

CLEAN_C = """#include "base/v.h"

int
v_twice(int n)
{
	return 2 * n;
}
"""
MAIN_C = """int
main(void)
{
	return 0;
}
"""


class Tree:
    """A small tree that every gate accepts, thrown away at the end."""

    def __enter__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="recado-gates-"))
        for name in (".clang-format", ".clang-tidy", "LICENSE"):
            shutil.copy(ROOT / name, self.root / name)
        self.write("src/base/v.h", "int v_twice(int n);\n")
        self.write("src/base/v.c", CLEAN_C)
        self.write("src/core/w.c", CLEAN_C.replace("v_twice", "w_twice"))
        self.write("tools/hello", "#!/bin/sh\necho hello\n")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def compile(self):
        """Objects as a build directory has them."""
        for path in sorted((self.root / "src").rglob("*.c")):
            out = self.root / "build" / path.relative_to(self.root).with_suffix(".o")
            out.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["gcc", "-w", "-O1", "-I", self.root / "src", "-c", path, "-o", out], check=True)

    def database(self):
        """compile_commands.json for clang-tidy."""
        files = sorted(str(p) for p in (self.root / "src").rglob("*.c"))
        entries = ",".join(f'{{"directory":"{self.root}","file":"{f}","command":"clang -Isrc -c {f}"}}' for f in files)
        self.write("build-asan/compile_commands.json", f"[{entries}]")

    def run(self, tool, *words):
        done = subprocess.run([TOOLS / tool, *map(str, words)], capture_output=True, text=True, cwd=self.root,
                              env={"PATH": "/usr/local/bin:/usr/bin:/bin", "RECADO_ROOT": str(self.root)})
        return done.returncode, done.stdout + done.stderr

    def layers(self):
        self.compile()
        return self.run("layers.py", "--root", self.root, "--build", self.root / "build")

    def tree(self, *words):
        return self.run("check-tree", "--root", self.root, *words)

    def lint(self, check):
        self.database()
        return self.run("lint", check)


def clean(result):
    code, said = result
    assert code == 0, said


def caught(result, word):
    code, said = result
    assert code == 1 and word in said, f"exit status {code}, wanted 1 with '{word}':\n{said}"


def layers_accepts_a_clean_tree(t):
    clean(t.layers())


def layers_refuses_an_include_of_a_higher_layer(t):
    t.write("src/net/n.h", "")
    t.write("src/core/w.c", '#include "net/n.h"\n' + CLEAN_C)
    caught(t.layers(), "core may not include net")


def layers_refuses_an_include_that_is_not_written_from_src(t):
    t.write("src/base/w.c", '#include "v.h"\n')
    caught(t.layers(), "not written from src/")


def layers_refuses_a_folder_that_is_no_layer(t):
    t.write("src/misc/m.c", "int m;\n")
    caught(t.layers(), "not a layer")


def layers_refuses_a_clock_in_core(t):
    t.write("src/core/w.c", "#include <time.h>\nlong w_now(void) { return time(0); }\n")
    caught(t.layers(), "w.o needs time")


def layers_refuses_malloc_in_core(t):
    t.write("src/core/w.c", "#include <stdlib.h>\nvoid *w_new(void) { return malloc(8); }\n")
    caught(t.layers(), "w.o needs malloc")


def layers_refuses_a_hidden_malloc_in_core(t):
    t.write("src/core/w.c", "#include <string.h>\nchar *w_copy(char *s) { return strdup(s); }\n")
    caught(t.layers(), "strdup")


def layers_refuses_a_global_in_core(t):
    t.write("src/core/w.c", "static int calls;\nint w_count(void) { return ++calls; }\n")
    caught(t.layers(), "writable data")


def layers_allows_what_base_defines_and_constant_tables(t):
    t.write("src/core/w.c", "#include <string.h>\n#include \"base/v.h\"\nstatic const char *const names[] = { \"a\", \"b\" };\n"
            "int w_len(int n) { return v_twice((int)strlen(names[n])); }\n")
    clean(t.layers())


def layers_allows_of_utf8proc_what_allocates_nothing(t):
    t.write("src/core/w.c", "int utf8proc_category(int c);\nint w_kind(int c) { return utf8proc_category(c); }\n")
    clean(t.layers())
    t.write("src/core/w.c", "char *utf8proc_NFC(char *s);\nchar *w_form(char *s) { return utf8proc_NFC(s); }\n")
    caught(t.layers(), "utf8proc_NFC")


def layers_refuses_a_file_in_base(t):
    t.write("src/base/v.c", "#include <stdio.h>\nint v_open(char *p) { return fopen(p, p) != 0; }\n")
    caught(t.layers(), "base does I/O")


def layers_fails_when_it_sees_no_file(t):
    shutil.rmtree(t.root / "src")
    (t.root / "build").mkdir()
    caught(t.run("layers.py", "--root", t.root, "--build", t.root / "build"), "no source file")


def layers_fails_when_it_sees_no_object(t):
    (t.root / "build").mkdir()
    caught(t.run("layers.py", "--root", t.root, "--build", t.root / "build"), "no object of core")


def limits_accepts_a_clean_tree(t):
    clean(t.lint("limits"))


def limits_refuses_a_long_function(t):
    t.write("src/base/v.c", "int\nv_long(int n)\n{\n" + "\tn++;\n" * 59 + "}\n")
    caught(t.lint("limits"), "v_long has 61 lines")


def limits_refuses_a_long_file(t):
    t.write("src/base/v.c", "int v_x;\n" * 601)
    caught(t.lint("limits"), "601 lines")


def limits_refuses_a_wide_line(t):
    t.write("src/base/v.c", "/* " + "x" * 100 + " */\n")
    caught(t.lint("limits"), "columns")


def limits_allows_a_wide_table_where_formatting_is_off_and_nothing_after_it(t):
    table = "/* clang-format off */\n/* " + "x" * 100 + " */\n/* clang-format on */\n"
    t.write("src/base/v.c", table)
    clean(t.lint("limits"))
    t.write("src/base/v.c", table + "/* " + "y" * 100 + " */\n")
    caught(t.lint("limits"), "v.c:4:")


def limits_fails_when_it_sees_no_file(t):
    shutil.rmtree(t.root / "src")
    caught(t.lint("limits"), "no source file")


def format_accepts_a_clean_tree(t):
    clean(t.lint("format"))


def format_refuses_an_unformatted_file(t):
    t.write("src/base/v.c", CLEAN_C.replace("\treturn", "  return"))
    caught(t.lint("format"), "clang-format-violations")


def format_fails_when_it_sees_no_file(t):
    shutil.rmtree(t.root / "src")
    caught(t.lint("format"), "no file was seen")


def tidy_accepts_a_clean_tree(t):
    clean(t.lint("tidy"))


def tidy_refuses_a_null_dereference(t):
    t.write("src/base/v.c", "int v_bad(void);\nint\nv_bad(void)\n{\n\tint *p = 0;\n\treturn *p;\n}\n")
    caught(t.lint("tidy"), "NullDereference")


def cppcheck_accepts_a_clean_tree(t):
    clean(t.lint("cppcheck"))


def cppcheck_refuses_an_array_overrun(t):
    t.write("src/base/v.c", "int\nv_bad(void)\n{\n\tint a[2] = { 1, 2 };\n\treturn a[2];\n}\n")
    caught(t.lint("cppcheck"), "arrayIndexOutOfBounds")


def shell_accepts_a_clean_tree(t):
    clean(t.lint("shell"))


def shell_refuses_an_unquoted_variable(t):
    t.write("tools/hello", "#!/bin/sh\nrm $1\n")
    caught(t.lint("shell"), "SC2086")


def shell_fails_when_it_sees_no_file(t):
    shutil.rmtree(t.root / "tools")
    caught(t.lint("shell"), "no file was seen")


def tree_accepts_a_clean_tree(t):
    clean(t.tree())


def tree_refuses_a_registry_in_a_lock_file(t):
    t.write("web/package-lock.json", '{"x":{"resolved": "https://packages.example/x.tgz"}}\n')
    caught(t.tree(), "registry host")


def tree_refuses_a_path_from_a_home_folder(t):
    t.write("docs/x.md", "see /" + "home/someone/x\n")
    caught(t.tree(), "outside the tree")


def tree_refuses_a_path_of_a_workplace(t):
    t.write("tests/x.c", '"/' + 'work/x"\n')
    caught(t.tree(), "outside the tree")


def tree_refuses_a_path_that_leaves_the_tree(t):
    t.write("docs/x.md", "see ../" + "../elsewhere/x\n")
    caught(t.tree(), "leaves the tree")


def tree_allows_paths_of_its_own(t):
    t.write("docs/x.md", "see ../README.md, src/" + "work/apply.c and /tmp\n")
    clean(t.tree())


def tree_refuses_another_licence(t):
    t.write("LICENSE", "All rights reserved.\n")
    caught(t.tree(), "MIT")


def tree_refuses_a_test_that_nothing_builds(t):
    t.write("tests/unit/meson.build", "unit_tests = { 'v': [base] }\n")
    t.write("tests/unit/test_v.c", MAIN_C)
    t.write("tests/unit/test_forgotten.c", MAIN_C)
    caught(t.tree(), "test_forgotten.c: not named")


def tree_refuses_a_fuzz_target_that_nothing_builds(t):
    t.write("fuzz/fuzz_forgotten.c", MAIN_C)
    caught(t.tree(), "fuzz_forgotten.c: not named")


def tree_refuses_a_variable_whose_mark_is_wrong(t):
    table = 'const struct config_row config_rows[] = {\n\t{ "HOST", KIND_HOST, %s(host),\n\t  .example = "x" },\n};\n'
    t.write("src/cmd/serve.c", "static int f(const struct config *c) { return c->host.n > 0; }\n")
    t.write("src/sys/config_table.c", table % "AT")
    clean(t.tree())
    t.write("src/sys/config_table.c", table % "LATER")
    caught(t.tree(), "HOST is read, but marked LATER")
    t.write("src/cmd/serve.c", "static int f(void) { return 0; }\n")
    clean(t.tree())
    t.write("src/sys/config_table.c", table % "AT")
    caught(t.tree(), "HOST is not read, but marked AT")
    t.write("src/cmd/serve.c", "static int f(const struct config *c)\n{\n\treturn c->port > 0;\n}\n\n"
            "static int g(const struct listener *c)\n{\n\treturn c->host.n > 0;\n}\n")
    caught(t.tree(), "HOST is not read, but marked AT")
    t.write("src/cmd/serve.c", "static int f(const struct server *s)\n{\n\treturn s->config.host.n > 0;\n}\n")
    clean(t.tree())
    t.write("src/sys/config_table.c", "int none;\n")
    caught(t.tree(), "no row was seen")


def tree_refuses_a_build_path_in_the_binary(t):
    binary = t.write("build/recado", f"#!/bin/sh\n# {t.root}/src/base/v.c\necho HOST=127.0.0.1\n")
    binary.chmod(0o755)
    t.write(".env.example", "HOST=127.0.0.1\n")
    caught(t.tree("--binary", binary), "build path")


def tree_refuses_an_example_that_has_aged(t):
    binary = t.write("build/recado", "#!/bin/sh\necho HOST=127.0.0.1\n")
    binary.chmod(0o755)
    t.write(".env.example", "HOST=127.0.0.1\n")
    clean(t.tree("--binary", binary))
    t.write(".env.example", "HOST=0.0.0.0\n")
    caught(t.tree("--binary", binary), ".env.example")


def tree_fails_when_it_sees_no_file(t):
    shutil.rmtree(t.root / "src")
    caught(t.tree(), "no source file")


def results(line, status="OK"):
    return '{"name":"recado / test_x","result":"%s","stdout":"%s"}\n' % (status, line)


def counted(t, text):
    return t.run("run-tests", "--log", t.write("testlog.json", text))


def run_tests_sums_what_the_tests_print(t):
    code, said = counted(t, results("checks: 2 passed, 0 failed\\n") + results("checks: 3 passed, 0 failed\\n"))
    assert code == 0 and said.endswith("\n5 passed, 0 failed\n"), said


def run_tests_fails_on_a_failed_check(t):
    caught(counted(t, results("checks: 2 passed, 1 failed\\n", "FAIL")), "2 passed, 1 failed")


def run_tests_fails_on_a_crash_that_printed_no_count(t):
    caught(counted(t, results("checks: 2 passed, 0 failed\\n") + results("", "FAIL")), "2 passed, 1 failed")


def run_tests_fails_on_a_crash_after_the_count(t):
    caught(counted(t, results("checks: 2 passed, 0 failed\\n", "FAIL")), "2 passed, 1 failed")


def run_tests_fails_on_a_test_that_counts_nothing(t):
    caught(counted(t, results("checks: 2 passed, 0 failed\\n") + results("fine\\n")), "2 passed, 1 failed")


def run_tests_fails_when_nothing_ran(t):
    caught(counted(t, ""), "0 passed, 0 failed")


def deps(t, user, installed):
    """install-deps with a dpkg, an apt-get and an id of ours; apt-get writes down how it was called."""
    status = "installed" if installed else "not-installed"
    for name, body in (("dpkg-query", f"echo {status}"), ("apt-get", f'echo "$@" >>{t.root}/called'), ("id", f"echo {user}")):
        t.write(f"bin/{name}", f"#!/bin/sh\n{body}\n").chmod(0o755)
    done = subprocess.run([TOOLS / "install-deps"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={"PATH": f"{t.root}/bin:/usr/bin:/bin"})
    called = t.root / "called"
    return done.returncode, done.stdout + done.stderr, called.read_text() if called.is_file() else ""


def deps_says_nothing_when_nothing_is_missing(t):
    assert deps(t, 1000, True) == (0, "", "")


def deps_installs_silently_as_root(t):
    code, said, called = deps(t, 0, False)
    assert (code, said) == (0, "") and "update" in called and "libmicrohttpd-dev" in called, (code, said, called)


def deps_prints_the_command_when_there_is_nobody_to_ask(t):
    code, said, called = deps(t, 1000, False)
    assert code == 1 and "sudo apt-get install" in said and called == "", (code, said, called)


PREFIXES = ("layers_", "limits_", "format_", "tidy_", "cppcheck_", "shell_", "tree_", "run_tests_", "deps_")


def main():
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith(PREFIXES):
            continue
        try:
            with Tree() as tree:
                test(tree)
            passed += 1
        except AssertionError as error:
            failed += 1
            print(f"{name}: {error}")
    print(f"checks: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
