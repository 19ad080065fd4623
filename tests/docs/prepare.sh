#!/bin/sh
# Gets what the tests of the site use beside Python, where it can be had: Chromium, which opens the
# site, and the compiler of MDX. Without them these tests are skipped, and this says so.
# Usage: tests/docs/prepare.sh FOLDER, which is the one that the compiler goes into.
set -u

has() { command -v "$1" >/dev/null 2>&1; }

chromium() {
    [ -n "${CHROMIUM:-}" ] || has chromium || has chromium-browser || has google-chrome ||
        has google-chrome-stable
}

if ! chromium && has apt-get && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium, in which the tests open the site …"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null
fi
chromium || echo "THERE IS NO CHROMIUM: the tests that open the site in a browser are skipped."

if has node && has npm; then
    [ -d "$1/node_modules" ] || npm install --silent --no-audit --no-fund --prefix "$1" \
        @mdx-js/mdx@3.1.1 remark-frontmatter@5.0.0 remark-gfm@4.0.1 >/dev/null
fi
[ -d "$1/node_modules" ] ||
    echo "THERE IS NO COMPILER OF MDX, which node and npm bring: one test is skipped."
exit 0
