#!/usr/bin/env python3
"""The analyser's tests must find these faults, which are planted into their databases.

    analyser_planted.py PROGRAM…      the test programs, called by name below

Each fault is a trigger (SQLite), or one owner for all processes; a program that still
passes with it has not looked.
"""

import os
import pathlib
import subprocess
import sys

ROW = "UPDATE session_analyses SET {} WHERE \"id\" = NEW.\"id\";"
AFTER = "CREATE TRIGGER planted AFTER UPDATE ON session_analyses WHEN {} BEGIN " + ROW + " END"
HELD = "OLD.\"status\" = 'processing' AND NEW.\"status\" = "
FAULTS = [
    ("what is given back stays with who had it", "test_analyser_ends",
     f"CREATE TRIGGER planted BEFORE UPDATE ON session_analyses WHEN {HELD} 'pending' BEGIN SELECT RAISE(IGNORE); END"),
    ("interrupted calls are not counted", "test_analyser_ends",
     AFTER.format("NEW.\"interruptedCalls\" > OLD.\"interruptedCalls\"", "\"interruptedCalls\" = OLD.\"interruptedCalls\"")),
    ("a lease is over at once", "test_analyser_ends",
     AFTER.format("NEW.\"status\" = 'processing'", "\"leaseUntil\" = \"startedAt\"")),
    ("a lease never ends", "test_analyser_ends",
     AFTER.format("NEW.\"status\" = 'processing'", "\"leaseUntil\" = \"startedAt\" + 1000000000000")),
    ("who gives a row back spends an attempt", "test_analyser_ends",
     AFTER.format(f"{HELD} 'pending'", "\"retryCount\" = OLD.\"retryCount\" + 1")),
    ("whose a row is does not matter", "test_analyser_ends", None),
    ("a job is given back without its counts", "test_analyser_ends",
     "CREATE TRIGGER planted AFTER UPDATE ON jobs WHEN OLD.status = 'running' AND NEW.status = 'queued' BEGIN "
     "UPDATE jobs SET counts = NULL WHERE id = NEW.id; END"),
    ("what is done is done again", "test_analyser", AFTER.format(f"{HELD} 'done'", "\"status\" = 'pending'")),
    ("tokens of an answer are lost", "test_analyser",
     AFTER.format("NEW.\"inputTokens\" > OLD.\"inputTokens\"", "\"inputTokens\" = OLD.\"inputTokens\"")),
    ("a change while it is worked on is overlooked", "test_analyser",
     AFTER.format("NEW.\"stale\"", "\"stale\" = FALSE")),
    ("failed attempts are not counted", "test_analyser_answers",
     AFTER.format("NEW.\"retryCount\" > OLD.\"retryCount\"", "\"retryCount\" = OLD.\"retryCount\"")),
    ("lost calls are not counted", "test_analyser_answers",
     AFTER.format("NEW.\"lostCalls\" > 0", "\"lostCalls\" = 0")),
    ("the longer answer is not asked for", "test_analyser_answers",
     AFTER.format("NEW.\"longerOutput\"", "\"longerOutput\" = FALSE")),
    ("an answer is stored twice", "test_analyser_faults",
     AFTER.format("NEW.\"attempts\" > OLD.\"attempts\"", "\"attempts\" = NEW.\"attempts\" + 1")),
]


def found(program, sql):
    env = {**os.environ, "ENGINE": "sqlite", "CK_DEFAULT_TIMEOUT": "60"}
    if sql is None:
        env["PLANTED_OWNER"] = "yes"
    else:
        env["PLANTED_SQL"] = sql
    done = subprocess.run([program], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    # it ran and failed; a program that broke down has found nothing
    return done.returncode == 1 and "checks: " in done.stdout


def main():
    programs = {pathlib.Path(path).name: path for path in sys.argv[1:]}
    passed = failed = 0
    for what, program, sql in FAULTS:
        ok = found(programs[program], sql)
        print(f"planted: {what}: {'found' if ok else 'NOT FOUND'}")
        passed, failed = passed + ok, failed + (not ok)
    print(f"checks: {passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


sys.exit(main())
