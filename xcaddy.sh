#!/usr/bin/env bash
# Builds Caddy with the SCIM handler, and runs it for a try. See usage below.
set -euo pipefail

readonly module=github.com/qualytics/scim-sidecar
readonly caddy_module=github.com/caddyserver/caddy/v2

usage() {
  cat <<'END'
Usage:
  ./xcaddy.sh [--with MODULE[@VERSION][=PATH]]...
      Build ./caddy: Caddy, its standard modules, the SCIM handler, and each
      further MODULE; PATH is a local copy to take MODULE from. Uses xcaddy if
      it is installed, else go build, with the Caddy version of go.mod.

  ./xcaddy.sh demo
      Build ./caddy if it is missing or older than its sources, and run it with
      the Caddyfile and mappings.yaml here in front of a sandbox Qualytics API.
      Prints the base URL, the token and curl commands to try. Ctrl-C ends it
      and leaves nothing behind.

  ./xcaddy.sh help
      Print this.

Environment, for a build:
  XCADDY_GO_BUILD_FLAGS  flags of go build (-ldflags '-w -s' if unset)
  CGO_ENABLED, GOOS, GOARCH and the like, as with go build

Environment, for the demo:
  SCIM_SITE        host and port of the SCIM endpoint (localhost:8443)
  SCIM_TOKEN       its bearer token (random)
  QUALYTICS_URL    where the sandbox API listens (http://127.0.0.1:9000)
  QUALYTICS_TOKEN  the sandbox API's token (random)
END
}

say() { printf 'xcaddy.sh: %s\n' "$*" >&2; }

die() {
  say "$@"
  exit 1
}

misuse() {
  say "$@"
  usage >&2
  exit 2
}

# What a run leaves to clean up.
work=
pids=()

cleanup() {
  local status=$? pid tries
  trap '' HUP INT TERM
  for pid in ${pids[@]+"${pids[@]}"}; do
    kill "$pid" 2>/dev/null || continue
    tries=0
    while kill -0 "$pid" 2>/dev/null; do
      tries=$((tries + 1))
      if [ "$tries" -gt 50 ]; then
        kill -KILL "$pid" 2>/dev/null || true
      fi
      sleep 0.1
    done
  done
  if [ -n "$work" ]; then
    rm -rf "$work"
  fi
  exit "$status"
}

make_work() {
  if [ -z "$work" ]; then
    work=$(mktemp -d "${TMPDIR:-/tmp}/scim-sidecar.XXXXXX")
  fi
}

# run COMMAND... waits for COMMAND such that a signal ends the wait at once.
run() {
  "$@" &
  local pid=$! status=0
  pids+=("$pid")
  wait "$pid" || status=$?
  pids=()
  return "$status"
}

find_go() {
  local dir
  for dir in "" /usr/local/go/bin "${HOME:-}/go/bin"; do
    if [ -n "$dir" ] && [ -x "$dir/go" ]; then
      PATH=$PATH:$dir
    fi
    if command -v go >/dev/null; then
      return
    fi
  done
  die "needs Go: no go command in PATH"
}

# absolute PATH prints PATH as seen from where the script was started.
absolute() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$origin/$1" ;;
  esac
}

# build [MODULE[@VERSION][=PATH]]... makes ./caddy.
build() {
  find_go
  local flags=${XCADDY_GO_BUILD_FLAGS:-"-ldflags '-w -s'"}
  if command -v xcaddy >/dev/null; then
    if build_with_xcaddy "$flags" "$@"; then
      say "built ./caddy with xcaddy"
      return
    fi
    say "xcaddy failed, see above; going on with go build"
  fi
  build_with_go "$flags" "$@"
  say "built ./caddy with go build"
}

build_with_xcaddy() {
  local flags=$1 version spec args=()
  shift
  version=$(go list -m -f '{{.Version}}' "$caddy_module") || return 1
  for spec in "$@"; do
    args+=(--with "$spec")
  done
  XCADDY_GO_BUILD_FLAGS=$flags run xcaddy build "$version" \
    --output "$PWD/caddy" \
    --with "$module/caddymodule" \
    --replace "$module=$PWD" \
    ${args[@]+"${args[@]}"}
}

build_with_go() {
  local flag version spec package path args=()
  # xargs takes the flags apart, quotes and all, as xcaddy does.
  while read -r flag; do
    args+=("$flag")
  done < <(printf "%s" "$1" | xargs printf "%s\n")
  shift
  if [ $# -gt 0 ]; then
    make_work
    cp go.mod go.sum "$work"
    args+=(-modfile="$work/go.mod" -overlay="$work/overlay.json")
    version=$(go list -m -f '{{.Version}}' "$caddy_module")
    printf 'package main\n' >"$work/with.go"
    for spec in "$@"; do
      path=
      case $spec in
        *=*) path=${spec#*=} ;;
      esac
      spec=${spec%%=*}
      package=${spec%%@*}
      printf '\nimport _ "%s"\n' "$package" >>"$work/with.go"
      if [ -n "$path" ]; then
        case $spec in
          *@*) ;;
          */v[2-9] | */v[1-9][0-9]) spec=$spec@${spec##*/}.0.0-00010101000000-000000000000 ;;
          *) spec=$spec@v0.0.0-00010101000000-000000000000 ;;
        esac
        go mod edit -replace="$package=$path" "$work/go.mod"
      fi
      # Caddy's version is named too, lest the module raises it.
      run go get -modfile="$work/go.mod" "$spec" "$caddy_module@$version" ||
        die "cannot add $spec"
    done
    printf '{"Replace": {"%s": "%s"}}\n' \
      "$PWD/caddymodule/caddy/with.go" "$work/with.go" >"$work/overlay.json"
  fi
  run go build -o caddy "${args[@]}" ./caddymodule/caddy ||
    die "go build failed, see above"
}

# stale says whether ./caddy is missing or older than its sources.
stale() {
  [ ! -x caddy ] || [ -n "$(find . \
    \( -path './.?*' -o -path ./tests -o -name '*_test.go' \) -prune -o \
    \( -name '*.go' -o -name go.mod -o -name go.sum -o -name '*.json' \) \
    -newer caddy -print 2>/dev/null | head -n 1)" ]
}

random_token() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# listening HOST PORT says whether somebody listens there.
listening() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# url_encode TEXT prints TEXT fit for a URL's query; ASCII only.
url_encode() {
  local text=$1 i c
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    case $c in
      [a-zA-Z0-9._~-]) printf '%s' "$c" ;;
      *) printf '%%%02X' "'$c" ;;
    esac
  done
}

# start NAME COMMAND... runs COMMAND with its output in NAME.log.
start() {
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 </dev/null &
  # Ended in the reverse order.
  pids=("$!" ${pids[@]+"${pids[@]}"})
}

alive() {
  local pid
  for pid in "${pids[@]}"; do
    kill -0 "$pid" 2>/dev/null || return 1
  done
}

# nap waits a moment; a signal ends it at once.
nap() {
  sleep "$1" >/dev/null 2>&1 &
  wait $!
}

logs() {
  local log
  for log in "$work"/*.log; do
    printf -- '--- the last of %s:\n' "${log##*/}"
    tail -n 20 "$log"
  done >&2
}

# await WHAT COMMAND... returns once COMMAND succeeds.
await() {
  local what=$1 tries=0
  shift
  until "$@"; do
    tries=$((tries + 1))
    if ! alive; then
      logs
      die "$what ended before it answered; its log is above"
    fi
    if [ "$tries" -gt 300 ]; then
      logs
      die "$what did not answer in time; its log is above"
    fi
    nap 0.1
  done
}

# ask PATH prints the SCIM endpoint's answer to GET PATH.
ask() {
  curl --noproxy '*' --silent --fail --max-time 10 --cacert "$root_ca" \
    --header "Authorization: Bearer $SCIM_TOKEN" "$base$1"
}

sidecar_answers() {
  [ -s "$root_ca" ] && listening "$host" "$port" || return 1
  if command -v curl >/dev/null; then
    ask /ServiceProviderConfig >/dev/null
  fi
}

demo() {
  find_go
  make_work

  local site=${SCIM_SITE:-localhost:8443}
  site=${site#https://}
  site=${site%/}
  host=${site%:*}
  port=443
  case $site in
    *:*) port=${site##*:} ;;
  esac
  case $site in
    *[!a-zA-Z0-9.:-]* | :* | *:*:*) die "cannot use SCIM_SITE=$site: set it to HOST:PORT" ;;
  esac

  local api=${QUALYTICS_URL:-http://127.0.0.1:9000} api_host api_port
  api=${api%/}
  case $api in
    http://127.0.0.1:* | http://localhost:*) ;;
    *) die "the demo runs an API of its own: set QUALYTICS_URL to http://127.0.0.1:PORT or unset it" ;;
  esac
  api_port=${api##*:}
  api_host=${api#http://}
  api_host=${api_host%:*}
  case $port$api_port in
    *[!0-9]*) die "SCIM_SITE or QUALYTICS_URL has no valid port" ;;
  esac

  base=https://$site/api/scim/v2
  export SCIM_SITE=$site QUALYTICS_URL=$api
  export SCIM_TOKEN=${SCIM_TOKEN:-$(random_token)}
  export QUALYTICS_TOKEN=${QUALYTICS_TOKEN:-$(random_token)}
  # All that Caddy keeps, its certificate authority too, stays in here.
  export XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
  export CADDY_ADMIN=${CADDY_ADMIN:-unix//$work/admin.sock}
  root_ca=$XDG_DATA_HOME/caddy/pki/authorities/local/root.crt

  if listening "$host" "$port"; then
    die "port $port of $host is taken: set SCIM_SITE=localhost:PORT"
  fi
  if listening "$api_host" "$api_port"; then
    die "port $api_port of $api_host is taken: set QUALYTICS_URL=http://127.0.0.1:PORT"
  fi

  if stale; then
    say "building ./caddy; this takes minutes the first time"
    build
  fi
  run go build -o "$work/sandbox" ./tests/sandbox || die "cannot build the sandbox API"

  start sandbox "$work/sandbox" -listen "$api_host:$api_port" -users 12 -teams 4
  await "the sandbox API" listening "$api_host" "$api_port"
  start caddy ./caddy run --config Caddyfile --adapter caddyfile
  await "the sidecar" sidecar_answers
  greet

  while alive; do
    nap 0.5
  done
  logs
  die "a process ended by itself; its log is above"
}

# greet prints what to try.
greet() {
  # The sandbox always seeds the same people.
  local name="bruno.silva" id=4 curl filter
  filter=$(url_encode "userName eq \"$name\"")
  printf -v curl "curl -isS -w '\\\\n' --cacert %q -H 'Authorization: Bearer %s'" "$root_ca" "$SCIM_TOKEN"
  cat <<END
The SCIM sidecar runs, in front of a sandbox Qualytics API with made-up people.

  Base URL  $base
  Token     $SCIM_TOKEN
  Logs      $work/caddy.log
            $work/sandbox.log

Paste into another terminal, one after the other:

# Look up a person by user name.
$curl '$base/Users?filter=$filter'

# Create a person.
$curl -H 'Content-Type: application/scim+json' -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada.lovelace","name":{"givenName":"Ada","familyName":"Lovelace","formatted":"Ada Lovelace"},"emails":[{"value":"ada.lovelace@corp.test","primary":true}],"active":true}' '$base/Users'

# Deactivate the person looked up first.
$curl -X PATCH -H 'Content-Type: application/scim+json' -d '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}' '$base/Users/$id'

Ctrl-C ends it.
END
}

origin=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

with=()
case ${1:-} in
  help | -h | --help)
    usage
    exit
    ;;
  demo)
    [ $# -eq 1 ] || misuse "demo takes no arguments"
    demo # never returns
    ;;
esac
while [ $# -gt 0 ]; do
  case $1 in
    --with)
      [ $# -ge 2 ] || misuse "--with needs a module"
      spec=$2
      shift 2
      ;;
    --with=*)
      spec=${1#--with=}
      shift
      ;;
    *) misuse "unknown argument: $1" ;;
  esac
  [[ $spec =~ ^[A-Za-z0-9][A-Za-z0-9._~/-]*(@[A-Za-z0-9._~+/-]+)?(=.+)?$ ]] ||
    misuse "not a module: $spec"
  case $spec in
    *=*) spec=${spec%%=*}=$(absolute "${spec#*=}") ;;
  esac
  with+=("$spec")
done
build ${with[@]+"${with[@]}"}
