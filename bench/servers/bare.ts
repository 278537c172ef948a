/** node:http that reads the same request and answers a constant of the same size: what nothing can be faster than. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const body = process.argv[2]!
const extra = process.argv.slice(3)
const server = createServer((request, response) => {
  const answer = () => {
    response.writeHead(200, [
      ...(body ? ['content-type', 'application/json; charset=utf-8'] : []),
      ...['cache-control', 'no-store', 'content-length', String(body.length)],
      ...extra,
    ])
    response.end(body)
  }
  // Headers are parsed when they are first read.
  if (request.method === 'GET') return request.headers.authorization ? answer() : response.destroy()
  let received: Buffer | undefined
  request.on('data', (chunk: Buffer) => {
    received = received ? Buffer.concat([received, chunk]) : chunk
  })
  request.on('end', answer)
})
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
