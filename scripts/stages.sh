# shellcheck shell=bash
# The stages of scripts that test: their time, and what passed, failed and was skipped. Sourced after common.sh.

install_options=()  # may have --no-install
passed=0 failed=0 skipped=0 timings=() reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

# stage NAME COMMAND...: runs it and notes its time. A stage that is no test counts only when it fails.
stage() {
  local name=$1 begin=$SECONDS status=0
  shift
  say "$name"
  "$@" || status=$?
  timings+=("$(printf '%5d s  %s' $((SECONDS - begin)) "$name")")
  return "$status"
}

# run NAME COMMAND...: runs a stage; if it fails as a whole, it counts as one failure.
run() { stage "$@" || failed=$((failed + 1)); }

# install PACKAGES: installs a set of scripts/install_dependencies. Nothing else can run without it.
install() {
  stage "install" scripts/install_dependencies "${install_options[@]}" "$1" || { failed=1; close; exit 1; }
}

build() { configure "$@" && cmake --build --preset "$1" --parallel "$(jobs)" -- -k 0; }

# tests PRESET NAME CTEST_OPTION...: runs a part of the tests and adds up what CTest reports.
# A test counts as skipped only if it said why (exit status 77); one whose program is missing has failed.
tests() {
  local preset=$1 report=$reports/$2.xml status=0
  shift 2
  ctest --preset "$preset" --parallel "$(jobs)" --no-tests=error --output-junit "$report" "$@" || status=$?
  [[ -s $report ]] || return 1
  local all good why
  all=$(grep -c '<testcase ' "$report") || true
  why=$(grep -c '<skipped message="SKIP_RETURN_CODE=77"' "$report") || true
  good=$(grep -c '<testcase .* status="run"' "$report") || true
  passed=$((passed + good)) skipped=$((skipped + why)) failed=$((failed + all - good - why))
  [[ $status == 0 || $all != $((good + why)) ]]  # a failed test is counted already
}

# arm_libraries: downloads the ARM libraries to link into build/, from the sources of this Debian's packages. The system
# and its architectures are not changed.
arm_libraries() {
  local root=$PWD/build/arm-debian package
  local options=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root
    -o Dir::State::Lists="$root/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$root/cache" -o Acquire::Retries=3)
  [[ -e $root/complete ]] && return
  rm -rf "$root"
  mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
  apt-get "${options[@]}" update &&
    (cd "$root" && apt-get "${options[@]}" download libutf8proc-dev) || return
  for package in "$root"/*.deb; do dpkg-deb --extract "$package" "$root" || return; done
  rm -rf "$root"/*.deb "$root/lists" "$root/cache"
  touch "$root/complete"
}

# arm_stages: the library on 64-bit ARM.
arm_stages() {
  run "libraries of 64-bit ARM" arm_libraries
  run "build, 64-bit ARM" build arm -DTEMPA_WARNINGS_AS_ERRORS=ON
  run "tests, 64-bit ARM emulated" tests arm arm
}

left_out=()  # what was skipped without a test that says so

# skip TEXT: reports what is left out and why, and counts it.
skip() {
  say "$1"
  left_out+=("$1")
  skipped=$((skipped + 1))
}

# skipped_tests: each skipped test, and why.
skipped_tests() {
  awk '
    /<testcase / { name = $0; sub(/^.*<testcase name="/, "", name); sub(/" classname=.*/, "", name); skipped = 0 }
    /<skipped message="SKIP_RETURN_CODE=77"/ { skipped = 1 }
    skipped && match($0, /skipped: /) { print name ": " substr($0, RSTART); skipped = 0 }
  ' "$reports"/*.xml
  if [[ ${#left_out[@]} -gt 0 ]]; then printf '%s\n' "${left_out[@]}"; fi
}

close() {
  if [[ $skipped -gt 0 ]]; then say "skipped"; skipped_tests; fi
  printf '\n== time\n'
  printf '%s\n' "${timings[@]}" "$(printf '%5d s  in all' "$SECONDS")"
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [[ $failed == 0 ]]
}
