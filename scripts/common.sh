# shellcheck shell=bash
# Shared by the other scripts. Sourced in the repository's root.

# say TEXT: prints a line that stands out from the output of compilers.
say() { printf '\n== %s\n' "$1"; }

# jobs: how many compilers may run at a time: one for each processor, and 3 GB of memory for each.
jobs() {
  local processors memory_gb
  processors=$(nproc)
  memory_gb=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
  local by_memory=$((memory_gb / 3 > 0 ? memory_gb / 3 : 1))
  echo $((processors < by_memory ? processors : by_memory))
}

# clang_links SANITIZERS: whether clang++ is installed with the runtimes for -fsanitize=SANITIZERS.
clang_links() {
  command -v clang++ >/dev/null &&
    echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; } __attribute__((weak)) int main() {}' |
    clang++ -fsanitize="$1" -x c++ - -o /dev/null 2>/dev/null
}

# configure PRESET OPTION...: with ccache where it is installed.
configure() {
  local preset=$1 launcher=
  shift
  if command -v ccache >/dev/null; then
    launcher=ccache
  fi
  cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" "$@"
}
