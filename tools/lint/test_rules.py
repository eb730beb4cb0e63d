"""Each rule on a few lines of text: what it must find, and what it must leave alone."""

import unittest

import arrows
import banned
import core
import ratchet
import shape
import tables
from tree import SourceFile, Tree

CMAKE = {
    "src/base/CMakeLists.txt": "sluice_folder(base core USES fmt::fmt)",
    "src/wire/CMakeLists.txt": "sluice_folder(wire core LINKS sluice_base)",
    "src/store/CMakeLists.txt": "sluice_folder(store rim LINKS sluice_wire sluice_base\n  ONLY wire/record USES x)",
}


def found(rule, files: dict[str, str]) -> list[str]:
    """`path:line rule` of every finding."""
    return [f"{f.path}:{f.line} {f.rule}" for f in rule.check(Tree(files))]


class CppText(unittest.TestCase):
    def blanked(self, text: str) -> list[str]:
        return SourceFile("src/a/b.cc", text).code_lines

    def test_comments_are_blanked_and_columns_stay(self):
        self.assertEqual(self.blanked("a; // rand()\nb;"), ["a;          ", "b;"])

    def test_block_comments_keep_their_line_breaks(self):
        self.assertEqual(self.blanked("/* x\ny */ b;"), ["    ", "     b;"])

    def test_strings_are_blanked_also_raw_ones(self):
        self.assertNotIn("rand", "".join(self.blanked('f("rand()", R"(rand() ")" , R"x(rand)x");')))

    def test_digit_separators_open_no_character_literal(self):
        self.assertIn("rand()", self.blanked("int a = 300'000; rand(); char c = 'x';")[0])

    def test_an_escaped_quote_does_not_end_a_string(self):
        self.assertIn("rand()", self.blanked(r'f("\""); rand();')[0])


class Arrows(unittest.TestCase):
    def check(self, path: str, include: str) -> list[str]:
        return found(arrows, CMAKE | {path: f'#include "{include}"\n'})

    def test_a_linked_folder_may_be_included(self):
        self.assertEqual(self.check("src/wire/a.cc", "base/bytes.h"), [])

    def test_a_folder_that_is_not_linked_is_refused(self):
        self.assertEqual(self.check("src/base/a.cc", "wire/a.h"), ["src/base/a.cc:1 arrow"])

    def test_only_narrows_a_link(self):
        self.assertEqual(self.check("src/store/a.cc", "wire/record/record.h"), [])
        self.assertEqual(self.check("src/store/a.cc", "wire/remoting/command.h"), ["src/store/a.cc:1 arrow"])
        self.assertEqual(self.check("src/store/a.cc", "base/bytes.h"), [])

    def test_a_path_that_does_not_start_at_src_is_refused(self):
        self.assertEqual(self.check("src/store/a.cc", "disk.h"), ["src/store/a.cc:1 arrow"])

    def test_a_commented_include_does_not_count(self):
        self.assertEqual(found(arrows, CMAKE | {"src/base/a.cc": '// #include "wire/a.h"\n'}), [])

    def test_a_cycle_is_found(self):
        ring = {"src/a/CMakeLists.txt": "sluice_folder(a core LINKS sluice_b)", "src/b/CMakeLists.txt": "sluice_folder(b core LINKS sluice_a)"}
        self.assertEqual(len(found(arrows, ring)), 1)

    def test_a_folder_without_a_target_is_found(self):
        self.assertEqual(found(arrows, {"src/lost/a.cc": ""}), ["src/lost/CMakeLists.txt:0 arrow"])


class Core(unittest.TestCase):
    def check(self, path: str, text: str) -> list[str]:
        return found(core, CMAKE | {path: text})

    def test_threads_files_sockets_and_clocks_are_refused(self):
        for line in ("#include <thread>", "#include <sys/socket.h>", "#include <fstream>", "#include <boost/asio/ip/tcp.hpp>",
                     "auto t = std::chrono::steady_clock::now();", "std::this_thread::sleep_for(x);"):
            self.assertEqual(self.check("src/wire/a.cc", line), ["src/wire/a.cc:1 core"], line)

    def test_mutexes_and_atomics_are_allowed(self):
        self.assertEqual(self.check("src/wire/a.cc", "#include <mutex>\n#include <atomic>\nstd::mutex m;"), [])

    def test_rim_folders_tests_and_base_os_are_left_alone(self):
        for path in ("src/store/a.cc", "src/wire/a_test.cc", "src/base/os/clock.cc"):
            self.assertEqual(self.check(path, "#include <thread>"), [])

    def test_a_line_may_be_allowed_with_a_reason(self):
        self.assertEqual(self.check("src/wire/a.cc", "// lint: allow(core): because\n#include <thread>"), [])


class Banned(unittest.TestCase):
    def check(self, text: str, path: str = "src/wire/a.cc") -> int:
        return len(found(banned, {path: text}))

    def test_unsafe_calls_are_found(self):
        for line in ("sprintf(b, x);", "std::strcpy(a, b);", "::rand();", "system(x);", "gmtime(&t);", "throw Error();",
                     "std::cout << 1;", "thread.detach();", "std::stoi(s);"):
            self.assertEqual(self.check(line), 1, line)

    def test_names_that_only_contain_them_are_not(self):
        for line in ("fmt::sprintf_like(x);", "io.system();", "operand();", "expected.throw_it();", "snprintf(b, 1, x);", "my_rand();"):
            self.assertEqual(self.check(line), 0, line)

    def test_tests_may_throw_but_not_sleep(self):
        self.assertEqual(self.check("throw 1;", "src/wire/a_test.cc"), 0)
        self.assertEqual(self.check("std::this_thread::sleep_for(ms);", "src/wire/a_test.cc"), 1)

    def test_the_program_may_print(self):
        self.assertEqual(self.check("std::cout << 1;", "src/app/a.cc"), 0)


class Shape(unittest.TestCase):
    def check(self, path: str, text: str) -> list[str]:
        return [line.split()[1] for line in found(shape, {path: text})]

    def test_a_good_header_passes(self):
        self.assertEqual(self.check("docs/a.h", "#pragma once\n\n#include <x>\n\nnamespace a {\nclass B;\n/// For this.\nclass A {};\n}"), [])

    def test_a_header_needs_pragma_once_and_a_doc_comment(self):
        self.assertEqual(self.check("docs/a.h", "#include <x>\nclass A {};"), ["pragma-once", "doc-comment"])

    def test_unfinished_work_is_found(self):
        self.assertEqual(self.check("docs/a.md", "TODO write"), ["unfinished"])
        self.assertEqual(self.check("docs/a.cc", "f();  // for now"), ["unfinished"])
        self.assertEqual(self.check("docs/a.cc", 'g("waits for nowhere");'), [])

    def test_long_files_are_found(self):
        self.assertEqual(self.check("docs/a.cc", "x\n" * 351), ["length"])
        self.assertEqual(self.check("docs/a.cc", "x\n" * 350), [])

    def test_a_folder_needs_a_readme_and_a_place_in_the_picture(self):
        self.assertEqual(self.check("src/a/b.cc", ""), ["readme", "readme"])
        self.assertEqual(found(shape, {"src/a/b.cc": "", "src/a/README.md": "", "docs/ARCHITECTURE.md": " a/  core"}), [])


class Tables(unittest.TestCase):
    ENUM = "enum class Errc : int {\n  busy,\n  closed,\n};"

    def check(self, rows: str) -> int:
        return len(found(tables, {"src/base/errc.h": self.ENUM, "src/base/errc.cc": rows}))

    def test_complete_rows_pass(self):
        self.assertEqual(self.check('ErrcRow{busy, "busy", "is busy", 1},\nErrcRow{closed, "closed", "is closed", 2},'), 0)

    def test_a_missing_row_an_empty_text_and_another_name_are_found(self):
        self.assertEqual(self.check('ErrcRow{busy, "busy", "is busy", 1},'), 1)
        self.assertEqual(self.check('ErrcRow{busy, "busy", "is busy", 1},\nErrcRow{closed, "closed", "", 2},'), 1)
        self.assertEqual(self.check('ErrcRow{busy, "busy", "is busy", 1},\nErrcRow{closed, "shut", "is", 2},'), 1)


class Ratchet(unittest.TestCase):
    def check(self, lines: int, record: str = "{}") -> int:
        return len(found(ratchet, {"src/a/b.cc": "x\n" * lines, ratchet.RECORD: record}))

    def test_short_files_need_no_record(self):
        self.assertEqual(self.check(ratchet.FREE), 0)

    def test_growing_past_the_record_is_found(self):
        self.assertEqual(self.check(ratchet.FREE + 1), 1)
        self.assertEqual(self.check(300, '{"src/a": 300}'), 0)
        self.assertEqual(self.check(301, '{"src/a": 300}'), 1)

    def test_no_record_is_taken_above_the_limit(self):
        text, refused = ratchet.record(Tree({"src/a/b.cc": "x\n" * 400, "src/c/d.cc": "x\n" * 300}))
        self.assertEqual(refused, ["src/a/b.cc"])
        self.assertIn('"src/c": 300', text)


if __name__ == "__main__":
    unittest.main()
