/** What reads metrics and the details of readiness here. */
export const operationsToken = 'operations-of-the-sandbox'

/** Asks Keywarden for `/metrics` or `/readyz` as an operator's own program does. */
export const fetchOperations = (url: string): Promise<Response> =>
  fetch(url, { headers: { authorization: `Bearer ${operationsToken}` } })
