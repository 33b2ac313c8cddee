#!/usr/bin/env node
// The page's files as C: each compressed with Brotli and gzip, once, at build.
//
//   embed.mjs DIST OUTPUT.c
//
// DIST is what `npm run build` made (web/dist); without it the table is empty, and the
// server says that the page was not built. Files below assets/ carry a digest in their
// names, so they never change. OUTPUT is written only when it would be another.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
}
const PACKED = new Set(['.woff2', '.png']) // compressed already

function files(dir) {
  return readdirSync(dir)
    .sort()
    .flatMap((name) => {
      const path = join(dir, name)
      return statSync(path).isDirectory() ? files(path) : [path]
    })
}

function bytes(name, data) {
  const rows = []
  for (let i = 0; i < data.length; i += 24) rows.push('\t' + [...data.subarray(i, i + 24)].join(',') + ',')
  return `static const unsigned char ${name}[] = {\n${rows.join('\n')}\n};\n`
}

function main([dist, output]) {
  const arrays = []
  const rows = []
  for (const path of existsSync(dist) ? files(dist) : []) {
    const name = '/' + relative(dist, path).split(sep).join('/')
    const ending = name.slice(name.lastIndexOf('.'))
    if (!(ending in TYPES)) throw new Error(`${name}: no content type is known for ${ending}`)
    const plain = readFileSync(path)
    const forms = { plain }
    if (!PACKED.has(ending)) {
      forms.br = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
      forms.gzip = gzipSync(plain, { level: 9 })
    }
    const cells = ['br', 'gzip', 'plain'].map((form) => {
      if (!(form in forms)) return '{ NULL, 0 }'
      const array = `file_${rows.length}_${form}`
      arrays.push(bytes(array, forms[form]))
      return `{ (const char *)${array}, sizeof(${array}) }`
    })
    const etag = createHash('sha256').update(plain).digest('hex').slice(0, 32)
    const fixed = name.startsWith('/assets/')
    rows.push(`\t{ "${name}", "${TYPES[ending]}", "\\"${etag}\\"", ${fixed}, { ${cells.join(', ')} } },\n`)
  }
  const text =
    '/* Made by tools/embed.mjs. */\n#include "api/page.h"\n\n' +
    arrays.join('') +
    `\nconst struct page_file page_files[] = {\n${rows.join('')}\t{ NULL, NULL, NULL, false, { { NULL, 0 } } },\n};\n`
  if (!existsSync(output) || readFileSync(output, 'utf8') !== text) writeFileSync(output, text)
}

main(process.argv.slice(2))
