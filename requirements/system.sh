# System packages, with apt: what is missing is installed where nobody need be asked for a password,
# else named. Read by requirements/install, which has `say` and `fail`.

HAS_APT=""
command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1 && HAS_APT=yes

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q '^install ok installed'; }

# The version that apt would install; nothing where there is none, or where it only fetches a snap.
candidate() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v -e '(none)' -e snap; }

may_install() {
    if [ "$(id -u)" = 0 ]; then SUDO=""; return; fi
    SUDO="sudo -n"
    command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null
}

# A fresh machine may be updating itself: its lock is waited for. sudo passes no variables on.
apt_get() { $SUDO env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" </dev/null; }

# Whether apt has it; new lists are fetched once before that is denied.
known() {
    [ -n "$HAS_APT" ] || return 1
    [ -z "$(candidate "$1")" ] || return 0
    if [ -z "${REFRESHED:-}" ] && may_install; then apt_get update >/dev/null 2>&1 || true; fi
    REFRESHED=yes
    [ -n "$(candidate "$1")" ]
}

# Installs what is missing of its arguments.
need() {
    MISSING=""
    for package in "$@"; do installed "$package" || MISSING="$MISSING $package"; done
    [ -n "$MISSING" ] || return 0
    may_install || fail "These system packages are missing. Install them and run this again: sudo apt-get install$MISSING"
    say "Installing system packages:$MISSING"
    # shellcheck disable=SC2086
    apt_get install --no-install-recommends $MISSING >/dev/null 2>&1 \
        || { apt_get update && apt_get install --no-install-recommends $MISSING >/dev/null; } \
        || fail "apt could not install:$MISSING. Install them by hand and run this again."
}

# A browser that a test can use: a snap sees neither our temporary folders nor the files to upload.
browser() {
    if [ -n "${CHROMIUM:-}" ]; then
        command -v "$CHROMIUM" >/dev/null 2>&1 || fail "There is no program $CHROMIUM (named by CHROMIUM)."
        return
    fi
    found="$(command -v chromium || command -v chromium-browser)" || return 1
    case "$(readlink -f "$found")" in */snap) return 1 ;; esac
    ! head -c 4000 "$found" | grep -q /snap/
}
