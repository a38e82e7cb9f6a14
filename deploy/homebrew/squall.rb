# For Homebrew: brew install --HEAD ./deploy/homebrew/squall.rb, from a checkout. Not tried yet
# (docs/operations.md, macOS).
class Squall < Formula
  desc "Load tester for HTTP APIs that runs on many machines at once"
  license "MIT"
  head "file://#{File.expand_path("../..", __dir__)}", using: :git, branch: "main"

  depends_on "cli11" => :build
  depends_on "cmake" => :build
  depends_on "ninja" => :build
  depends_on "nlohmann-json" => :build
  depends_on "pkgconf" => :build
  depends_on "abseil"
  depends_on "curl"
  depends_on "fmt"
  depends_on "grpc"
  depends_on "http-parser"
  depends_on "libev"
  depends_on "luajit"
  depends_on "openssl@3"
  depends_on "protobuf"
  depends_on "re2"
  depends_on "spdlog"
  depends_on "zstd"

  uses_from_macos "zlib"

  def install
    # Homebrew's curl is not linked; macOS's own is made with another TLS library.
    system "cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DBUILD_TESTING=OFF",
           "-DCURL_ROOT=#{Formula["curl"].opt_prefix}",
           "-DOPENSSL_ROOT_DIR=#{Formula["openssl@3"].opt_prefix}", *std_cmake_args
    system "cmake", "--build", "build", "--target", "squall"
    bin.install "build/squall"
    doc.install Dir["docs/*.md"]
  end

  service do
    run [opt_bin/"squall", "agent", "--listen", "127.0.0.1:7400", "--state", var/"squall"]
    keep_alive true
    log_path var/"log/squall-agent.log"
    error_log_path var/"log/squall-agent.log"
  end

  test do
    port = free_port
    pid = spawn bin/"squall", "target", "--listen", "127.0.0.1:#{port}"
    sleep 2
    output = shell_output("#{bin}/squall run -n 100 -c 4 http://127.0.0.1:#{port}/")
    assert_match "100", output
  ensure
    Process.kill("TERM", pid)
    Process.wait(pid)
  end
end
