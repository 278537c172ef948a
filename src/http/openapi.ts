import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { parse } from 'yaml'
import { packageRoot } from '../foundation/package-root.ts'

/** Serves docs/openapi.yml as JSON at `/openapi.json`. */
export function addDescription(server: FastifyInstance): void {
  const description = parse(readFileSync(new URL('docs/openapi.yml', packageRoot()), 'utf8'))
  server.get('/openapi.json', async () => description)
}
