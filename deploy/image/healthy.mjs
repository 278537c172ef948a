// Ends with 0 when the process of this container answers well at /healthz, or at the path that is given.
const [path = '/healthz'] = process.argv.slice(2)
const url = `http://127.0.0.1:${process.env.KEYWARDEN_HTTP_PORT || 8080}${path}`
const response = await fetch(url, { signal: AbortSignal.timeout(4_000) }).catch((error) => {
  console.error(`${url}: ${error.cause?.message ?? error.message}`)
})
if (response) console.log(`${response.status} ${await response.text()}`)
process.exitCode = response?.ok ? 0 : 1
