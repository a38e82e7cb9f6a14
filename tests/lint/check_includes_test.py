#!/usr/bin/env python3
"""Each rule of check_includes.py must be seen to fail."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("check_includes.py")

# name: (file, its text, part of the complaint or None)
CASES = {
    "common includes common": ("common/a.cc", '#include "common/b.h"\n', None),
    "agent includes common": ("agent/a.cc", '#include "common/b.h"\n', None),
    "main knows all parts": ("controller/main.cc", '#include "agent/a.h"\n#include "target/b.h"\n', None),
    "a test knows all parts": ("tests/unit/a_test.cc", '#include "agent/a.h"\n', None),
    "curl in its adapter": ("agent/curl_transport.cc", "#include <curl/curl.h>\n", None),
    "OpenSSL in its adapter": ("agent/tls_stream.cc", "#include <openssl/ssl.h>\n", None),
    "yaml-cpp at its edge": ("common/yaml_settings.cc", "#include <yaml-cpp/yaml.h>\n", None),
    "yaml-cpp elsewhere": ("agent/agent_config.cc", "#include <yaml-cpp/yaml.h>\n", "only by"),
    "gRPC in the fleet": ("controller/fleet_dialer.cc", "#include <grpcpp/grpcpp.h>\n", None),
    "a library by quotes": ("agent/a.cc", '#include "absl/status/status.h"\n', None),
    "epoll in a twin": ("agent/a_linux.cc", "#include <sys/epoll.h>\n", None),
    "a twin in a header that may": ("common/clock.h", "#pragma once\n#ifdef SQUALL_PORTABLE\n#endif\n", None),
    "a word in a comment": ("agent/a.cc", "// SQUALL_PORTABLE\n", None),
    "400 lines": ("common/a.cc", "\n" * 400, None),
    "common includes agent": ("common/a.cc", '#include "agent/b.h"\n', "may not include agent/b.h"),
    "agent includes controller": ("agent/a.cc", '#include "controller/b.h"\n', "may not include"),
    "controller includes agent": ("controller/a.cc", '#include "agent/b.h"\n', "may not include"),
    "target includes agent": ("target/a.h", '#pragma once\n#include <agent/b.h>\n', "may not include"),
    "another main": ("agent/main.cc", '#include "target/b.h"\n', "may not include"),
    "main includes tests": ("controller/main.cc", '#include "tests/a.h"\n', "may not include"),
    "curl elsewhere": ("agent/worker.cc", "#  include <curl/curl.h>\n", "only by agent/curl_*"),
    "OpenSSL elsewhere": ("agent/http1_a.cc", "#include <openssl/ssl.h>\n", "only by agent/tls_*"),
    "gRPC elsewhere": ("agent/session.cc", '#include "grpcpp/grpcpp.h"\n', "only by"),
    "epoll elsewhere": ("agent/a.cc", "#include <sys/epoll.h>\n", "only by *_linux.cc"),
    "a question elsewhere": ("agent/a.cc", "#ifdef __linux__\n", "NAME_linux.cc"),
    "a question of ours elsewhere": ("agent/a.h", "#pragma once\n#ifdef SQUALL_PORTABLE\n", "NAME_linux.cc"),
    "service elsewhere": ("common/a.cc", '#include "squall/v1/control.grpc.pb.h"\n', "only by"),
    "a neighbour by its bare name": ("agent/a.cc", '#include "b.h"\n', "from the root"),
    "401 lines": ("common/a.cc", "\n" * 401, "401 lines"),
    "no pragma once": ("common/a.h", "int a();\n", "without #pragma once"),
    "nothing to check": ("docs/a.h", "", "no sources"),
}


class CheckIncludesTest(unittest.TestCase):
    def test_cases(self):
        for case, (name, text, complaint) in CASES.items():
            with self.subTest(case), tempfile.TemporaryDirectory() as root:
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True)
                path.write_text(text, encoding="utf-8")
                run = subprocess.run(
                    [sys.executable, SCRIPT, root], capture_output=True, text=True, check=False
                )
                self.assertEqual(run.returncode, 0 if complaint is None else 1, run)
                self.assertIn(complaint or "", run.stdout + run.stderr)

    def test_a_file_includes_its_own_header_first(self):
        for includes, code in {"b.h a.h": 1, "a.h b.h": 0}.items():
            with self.subTest(includes), tempfile.TemporaryDirectory() as root:
                folder = pathlib.Path(root, "common")
                folder.mkdir()
                folder.joinpath("a.h").write_text("#pragma once\n", encoding="utf-8")
                text = "".join(f'#include "common/{header}"\n' for header in includes.split())
                folder.joinpath("a.cc").write_text(text, encoding="utf-8")
                run = subprocess.run(
                    [sys.executable, SCRIPT, root], capture_output=True, text=True, check=False
                )
                self.assertEqual(run.returncode, code, run)
                self.assertEqual("include common/a.h first" in run.stdout, code == 1, run)


if __name__ == "__main__":
    unittest.main()
