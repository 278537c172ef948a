#!/bin/sh
# Removes what a running Keywarden never reads from its packages and its own release: slim.sh NODE_MODULES DIST
set -eu
modules=$1
release=$2

# Charts are drawn by one file, which contains zrender; types are for the compiler.
find "$modules/echarts" -type f ! -path "*/dist/echarts.min.js" ! -name package.json \
  ! -name 'LICENSE*' ! -name 'NOTICE*' -delete
rm -rf "$modules/zrender" "$modules/@types" "$release/client"
find "$modules/@fontsource/lato" -type f ! -name package.json ! -name 'LICENSE*' ! -name 'lato-latin-[47]00-normal.woff2' -delete

# Source maps, declarations, sources, pages and tests of packages. Licences stay.
find "$modules" -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) \
  ! -iname '*licen[cs]e*' ! -iname 'notice*' -delete
# The forms of OpenTelemetry that only bundlers take.
find "$modules/@opentelemetry" -type d \( -path '*/build/esm' -o -path '*/build/esnext' \) -prune -exec rm -rf {} +
rm -rf "$modules"/bintrees/test "$modules"/bintrees/examples "$modules"/fastify/test "$modules"/fastify/docs
find "$release" -type f -name '*.d.ts' -delete
find "$modules" "$release" -type d -empty -delete
